/** The rules of Consul's blocking queries, and how far an answer to one can be trusted. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Doubt, DoubtCause } from '../doubt.ts';
import type { Trust } from '../registry-client.ts';

/**
 * The index to wait for next; 0 asks without waiting. One that went back belongs to another store, which knows nothing of
 * the old one; one of 0 never waits.
 */
export function indexAfter(before: number, headers: IncomingHttpHeaders): number {
  const header = headers['x-consul-index'];
  const index = typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
  if (index === undefined || index < before) return 0;
  return Math.max(index, 1);
}

/** A server adds up to a sixteenth of the wait; what comes later than that is lost. */
export function deadlineOf(waitMs: number): number {
  return Math.ceil((waitMs * 17) / 16) + answerMs;
}

/** Within which an answer comes that is not waited for. */
export const answerMs = 5_000;

/** So that queries that began together do not end together. */
export function jittered(waitMs: number): number {
  return Math.round(waitMs * (0.75 + Math.random() / 4));
}

/**
 * Whether the agent answered from what was streamed to it. Such an answer says nothing of what ACLs filtered, and that it
 * knows no leader, whatever there is: no more than a reason to ask.
 */
export function isStreamed(headers: IncomingHttpHeaders): boolean {
  return headers['x-consul-query-backend'] === 'streaming';
}

export interface Trusted {
  readonly trust: Trust;
  /** Why it is partial. */
  readonly doubts?: readonly Doubt[];
}

/** Beyond that a server is cut off from its leader. */
const maxContactMs = 10_000;

/** `isFilteredComplete`: what the token may not read is not there. */
export function trustOf(headers: IncomingHttpHeaders, isFilteredComplete: boolean): Trusted {
  if (headers['x-consul-results-filtered-by-acls'] === 'true' && !isFilteredComplete)
    return partly('withheld', 'the token may not read all of it');
  if (headers['x-consul-knownleader'] === 'false') return partly('unsettled', 'the server knows no leader');
  const contact = Number(headers['x-consul-lastcontact'] ?? 0);
  if (contact > maxContactMs) return partly('unsettled', `the server heard nothing of its leader for ${contact} ms`);
  return { trust: 'complete' };
}

export function partly(cause: DoubtCause, text: string): Trusted {
  return { trust: 'partial', doubts: [{ cause, text }] };
}
