/** What the codes of answers mean for a bridge. A code is an HTTP status times 1000, and what of that status it is. */
import { causeOfStatus, type Doubt } from '../doubt.ts';
import type { DiscoverRequest, DiscoverResponse } from './polaris-messages.ts';

/**
 * data       it says all there is
 * unchanged  there is nothing but what the revision of the request stands for
 * absent     there is no such service; nothing else says so
 * refused    it does not say, or may not: this, and perhaps nothing else
 * failed     it cannot say now
 * denied     our token is none
 * overloaded it asks to be left alone for a while
 * closed     it answers no client at all
 * confused   it is the answer to another request: the stream is out of step
 */
export type Verdict =
  | 'data'
  | 'unchanged'
  | 'absent'
  | 'refused'
  | 'failed'
  | 'denied'
  | 'overloaded'
  | 'closed'
  | 'confused';

const verdicts: Readonly<Record<number, Verdict>> = {
  200000: 'data',
  200001: 'unchanged',
  400202: 'absent',
  400401: 'closed',
  401001: 'denied',
  401002: 'denied',
  401003: 'denied',
  401004: 'denied',
  403003: 'overloaded',
  429001: 'overloaded',
  429002: 'overloaded',
};

export function verdictOf({ type, service }: DiscoverRequest, response: DiscoverResponse): Verdict {
  const code = response.code?.value ?? 0;
  const verdict = verdicts[code] ?? (code >= 500_000 && code < 600_000 ? 'failed' : 'refused');
  // Of refusals, the server does not fill in what they are about.
  if (verdict !== 'data') return verdict;
  const { name, namespace } = response.service ?? {};
  const isOurs =
    response.type === type &&
    (service.name === undefined || service.name.value === name?.value) &&
    (service.name === undefined || service.namespace?.value === namespace?.value);
  return isOurs ? 'data' : 'confused';
}

/** Why an answer that is no data may hide some. */
export function doubtOf(response: DiscoverResponse): Doubt {
  return { cause: causeOfStatus(Math.floor((response.code?.value ?? 0) / 1000)), text: reasonOf(response) };
}

export function reasonOf({ code, info }: DiscoverResponse): string {
  return `the server answers ${code?.value ?? 'nothing'}${info?.value ? `, ${info.value}` : ''}`;
}
