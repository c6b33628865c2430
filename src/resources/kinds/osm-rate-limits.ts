/** Rates and rate limit services of an UpstreamTrafficSetting. */
import { ipFamily } from '../addresses.ts';
import { checkDuration, millisecondsOf } from '../duration-rules.ts';
import { isHostName } from '../kubernetes-names.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import type { OsmHttpRate, OsmRateLimitService, OsmTokenRate } from '../types/osm.ts';

type Unit = 'second' | 'minute' | 'hour';

export interface TcpRateContent {
  readonly connections: number;
  readonly unit: Unit;
  readonly burst?: number;
}

export interface HttpRateContent {
  readonly requests: number;
  readonly unit: Unit;
  readonly burst?: number;
  readonly responseStatusCode?: number;
  readonly responseHeadersToAdd?: readonly { readonly name: string; readonly value: string }[];
}

export interface GlobalContent {
  readonly rateLimitService: { readonly host: string; readonly port: number };
  readonly domain: string;
  readonly timeout?: string;
  readonly failOpen?: boolean;
  readonly failureModeDeny?: boolean;
}

const perUnit: Readonly<Record<Unit, number>> = { second: 1000, minute: 60_000, hour: 3_600_000 };
const maxTokens = 4_294_967_295;
const defaultTimeout = 20;
const defaultStatus = 429;

/** The errors that Envoy can answer with: it refuses a whole configuration that names another. */
const statuses: ReadonlySet<number> = new Set([
  ...Array.from({ length: 18 }, (_, index) => 400 + index),
  ...[421, 422, 423, 424, 426, 428, 429, 431, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511],
]);

export function readRate(
  { count, unit, burst = 0 }: { readonly count: number; readonly unit: Unit; readonly burst?: number },
  path: Path,
  problems: Problems,
): OsmTokenRate {
  if (count + burst === 0) problems.add('ISTH0224', path, 'A rate of 0 without a burst lets nothing through.');
  if (count + burst > maxTokens) problems.add('ISTH0105', path, `Rate and burst together are more than ${maxTokens}.`);
  return { count, per: perUnit[unit], burst };
}

export function readHttpRate(content: HttpRateContent, path: Path, problems: Problems): OsmHttpRate {
  const headers = (content.responseHeadersToAdd ?? []).map(({ name, value }, index) => {
    const at = [...path, 'responseHeadersToAdd', index];
    if (hasControl(value)) {
      const message = `${quote(value)} is no value of a header.`;
      problems.add('ISTH0228', [...at, 'value'], message, 'Write it without control characters.');
    }
    const header = readHeaderName(name, [...at, 'name'], problems);
    if (header === 'host') {
      const message = 'Envoy adds no host, and refuses a configuration that asks for it.';
      problems.add('ISTH0228', [...at, 'name'], message, 'Remove it, or give it another name.');
    }
    return { name: header, value };
  });
  return {
    ...readRate({ ...content, count: content.requests }, path, problems),
    status: readStatus(content.responseStatusCode, [...path, 'responseStatusCode'], problems),
    headers,
  };
}

export function readStatus(written: number | undefined, path: Path, problems: Problems): number {
  const status = written ?? defaultStatus;
  if (!statuses.has(status)) {
    const message = `${status} is no status that Envoy answers with.`;
    problems.add('ISTH0105', path, message, `Use one of ${[...statuses].join(', ')}.`);
  }
  return status;
}

/** In lower case. */
export function readHeaderName(written: string, path: Path, problems: Problems): string {
  const name = written.toLowerCase();
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) {
    problems.add('ISTH0228', path, `${quote(written)} is no name of a header.`, 'Write letters, digits and hyphens.');
  }
  return name;
}

export function readService(content: GlobalContent, path: Path, problems: Problems): OsmRateLimitService {
  const { rateLimitService, domain, timeout, failOpen, failureModeDeny } = content;
  const { host, port } = rateLimitService;
  if (!isHostName(host) && ipFamily(host) === 0) {
    problems.add('ISTH0201', [...path, 'rateLimitService', 'host'], `${quote(host)} is no host name.`);
  }
  checkDuration(timeout, [...path, 'timeout'], problems, { ms: 1, text: '1ms' });
  if (failOpen !== undefined && failureModeDeny !== undefined) {
    problems.add('ISTH0206', [...path, 'failureModeDeny'], 'failOpen and failureModeDeny say the same thing twice.');
  }
  return {
    host: host.toLowerCase(),
    port,
    domain,
    timeout: timeout === undefined ? defaultTimeout : millisecondsOf(timeout),
    failOpen: failOpen ?? failureModeDeny !== true,
  };
}

/** Tabs apart, what HTTP allows in no value. */
function hasControl(text: string): boolean {
  return [...text].some((character) => character !== '\t' && (character < ' ' || character === '\u007f'));
}
