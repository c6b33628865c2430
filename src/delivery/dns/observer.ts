/** What the DNS server tells those who count. Calls are synchronous and must be cheap. */

/**
 * What became of a query. `answered`, `no-data` and `no-such-name` come from the table of names, `forwarded` and `cached`
 * from an upstream; `refused` may not ask, or asks what is not served; `ignored` gets no answer at all.
 */
export const dnsOutcomes = [
  'answered',
  'no-data',
  'no-such-name',
  'forwarded',
  'cached',
  'refused',
  'malformed',
  'failed',
  'ignored',
] as const;
export type DnsOutcome = (typeof dnsOutcomes)[number];

export type ExchangeResult = 'answered' | 'refused' | 'no-answer';

export interface DnsObserver {
  /** `seconds` from the query's arrival to its answer. */
  handled(outcome: DnsOutcome, seconds: number): void;
  /** One attempt with one upstream. */
  exchanged(result: ExchangeResult, seconds: number): void;
  /** A query was not answered by a fault of this program; others are. */
  failed(error: unknown): void;
}

export const silentObserver: DnsObserver = {
  handled() {},
  exchanged() {},
  failed() {},
};
