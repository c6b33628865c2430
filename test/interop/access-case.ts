/** One question of access: who sends what where, under which rules, and what is to become of it. */
import type { AccessRule, RequestCondition } from '../../src/model/access.ts';
import type { Outcome } from './access-callers.ts';

export const spiffe = (rest: string, domain = 'cluster.local') => `spiffe://${domain}/${rest}`;
export const BUYER = spiffe('ns/shop/sa/buyer');

export interface CaseRequest {
  readonly method: string;
  readonly path: string;
  /** `name: value`. */
  readonly headers: readonly string[];
  readonly version: 1 | 2;
}

export interface AccessCase {
  readonly name: string;
  readonly as: string;
  readonly rules: readonly AccessRule[];
  readonly port: number;
  /** Absent: a connection of which nothing but its ends is known. */
  readonly request?: CaseRequest;
  /** Whether the server greets before the caller says a word. */
  readonly isServerFirst?: true;
  readonly expected: Outcome;
}

export const rule = (parts: Partial<AccessRule> = {}): AccessRule => ({
  object: { kind: 'TrafficTarget', namespace: 'shop', name: 'books' },
  sources: [BUYER],
  ports: 'any',
  requests: 'any',
  ...parts,
});

export const when = (...conditions: readonly Partial<RequestCondition>[]): AccessRule =>
  rule({ requests: conditions.map((parts) => ({ pathRegex: '', methods: [], headers: [], ...parts })) });

type Asked = Partial<Omit<CaseRequest, 'headers'>> & { readonly headers?: readonly string[] };

/** An HTTP request on port 80 by the buyer. */
export function http(
  name: string,
  rules: readonly AccessRule[],
  asked: Asked,
  expected: Outcome,
  more: Partial<AccessCase> = {},
): AccessCase {
  const request = {
    method: 'GET',
    path: '/',
    version: 1 as const,
    ...asked,
    headers: asked.headers ?? ['host: books'],
  };
  return { name, as: 'buyer', rules, port: 80, request, expected, ...more };
}

export function tcp(
  name: string,
  rules: readonly AccessRule[],
  expected: Outcome,
  more: Partial<AccessCase> = {},
): AccessCase {
  return { name, as: 'buyer', rules, port: 80, expected, ...more };
}
