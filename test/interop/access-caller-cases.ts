/** Questions about callers, and about what is empty. */

import type { AccessRule } from '../../src/model/access.ts';
import type { Outcome } from './access-callers.ts';
import { type AccessCase, BUYER, http, rule, spiffe, tcp, when } from './access-case.ts';
import type { Subject } from './access-certificates.ts';

interface Identity extends Subject {
  /** Signed by an authority that the mesh does not trust. */
  readonly isForeign?: true;
}

/** By whom requests are sent. Absent: without a certificate. */
export const identities: Readonly<Record<string, Identity | undefined>> = {
  buyer: { alternatives: [`URI:${BUYER}`] },
  'buyer with a DNS name': { alternatives: ['DNS:buyer.shop.svc', `URI:${BUYER}`], commonName: 'buyer' },
  'buyer of another namespace': { alternatives: [`URI:${spiffe('ns/far/sa/buyer')}`] },
  'buyer of another trust domain': { alternatives: [`URI:${spiffe('ns/shop/sa/buyer', 'evil.local')}`] },
  buyer2: { alternatives: [`URI:${spiffe('ns/shop/sa/buyer2')}`] },
  Buyer: { alternatives: [`URI:${spiffe('ns/shop/sa/Buyer')}`] },
  'a common name that reads like the buyer': { commonName: BUYER, alternatives: ['DNS:x.shop.svc'] },
  'a common name alone': { commonName: BUYER },
  'a DNS name that reads like the buyer': { alternatives: [`DNS:${BUYER}`] },
  'the buyer by a foreign authority': { alternatives: [`URI:${BUYER}`], isForeign: true },
  'no certificate': undefined,
};

/** What a verified certificate proves. */
export function sourceOf(identity: Identity | undefined): string | undefined {
  if (identity === undefined || identity.isForeign === true) return undefined;
  return identity.alternatives?.find((name) => name.startsWith('URI:'))?.slice('URI:'.length);
}

const answers: Readonly<Record<string, Outcome>> = {
  buyer: 'answered',
  'buyer with a DNS name': 'answered',
  'buyer of another namespace': 'denied',
  'buyer of another trust domain': 'denied',
  buyer2: 'denied',
  Buyer: 'denied',
  'a common name that reads like the buyer': 'denied',
  'a common name alone': 'denied',
  'a DNS name that reads like the buyer': 'denied',
  'the buyer by a foreign authority': 'stranger',
  'no certificate': 'stranger',
};

const everybody = (identity: string): Outcome => {
  if (identity.includes('name that') || identity.includes('name alone')) return 'denied';
  return answers[identity] === 'stranger' ? 'stranger' : 'answered';
};

const callers: readonly AccessCase[] = Object.entries(answers).flatMap(([as, expected]) => [
  http(`${as}, HTTP`, [rule()], {}, expected, { as }),
  tcp(`${as}, TCP`, [rule()], expected, { as }),
  http(`${as}, where everybody may, HTTP`, [rule({ sources: 'any' })], {}, everybody(as), { as }),
  tcp(`${as}, where everybody may, TCP`, [rule({ sources: 'any' })], everybody(as), { as }),
]);

const empty: readonly AccessCase[] = [
  http('no rules', [], {}, 'denied'),
  tcp('no rules, TCP', [], 'denied'),
  http('no sources', [rule({ sources: [] })], {}, 'denied'),
  tcp('no sources, TCP', [rule({ sources: [] })], 'denied'),
  http('no ports', [rule({ ports: [] })], {}, 'denied'),
  tcp('no ports, TCP', [rule({ ports: [] })], 'denied'),
  http('no requests', [when()], {}, 'denied'),
  tcp('no requests, TCP', [when()], 'denied'),
  http('a condition of nothing holds for each request', [when({})], {}, 'answered'),
  tcp('a condition of nothing is for HTTP all the same', [when({})], 'denied'),
  tcp('a rule for HTTP opens no TCP port', [when({ pathRegex: '/.*' })], 'denied'),
];

const ports: readonly AccessCase[] = [
  http('the port of the rule', [rule({ ports: [80, 443] })], {}, 'answered'),
  http('another port', [rule({ ports: [443] })], {}, 'denied'),
  http('a port that begins alike', [rule({ ports: [8080] })], {}, 'denied'),
  tcp('the port of the rule, TCP', [rule({ ports: [80] })], 'answered'),
  tcp('another port, TCP', [rule({ ports: [443] })], 'denied'),
  tcp(
    'the one rule for the port, the other for the caller',
    [rule({ ports: [80], sources: ['spiffe://x/y'] }), rule({ ports: [81] })],
    'denied',
  ),
];

/** Refused in the handshake already: later than that the server has spoken. */
const silent = (name: string, rules: readonly AccessRule[], expected: Outcome, as = 'buyer'): AccessCase =>
  tcp(`a server that speaks first: ${name}`, rules, expected, { as, isServerFirst: true });

const serverFirst: readonly AccessCase[] = [
  silent('the buyer', [rule()], 'answered'),
  silent('another', [rule()], 'stranger', 'buyer2'),
  silent('a common name', [rule()], 'stranger', 'a common name alone'),
  silent('anybody', [rule({ sources: 'any' })], 'answered', 'buyer2'),
  silent('no rules', [], 'stranger'),
  silent('no sources', [rule({ sources: [] })], 'stranger'),
  silent('another port', [rule({ ports: [443] })], 'stranger'),
  silent('a rule for HTTP', [when({})], 'stranger'),
];

export const callerCases: readonly AccessCase[] = [...callers, ...empty, ...ports, ...serverFirst];
