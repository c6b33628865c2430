/**
 * What workloads may reach outside the mesh under one host. Grants only add; who stands in none is told nothing of the
 * host, and gets no listener, route or cluster for it.
 */
import type { RequestCondition } from './access.ts';
import type { ObjectRef } from './finding.ts';
import type { RuleOrigin } from './route.ts';
import type { ServiceKey } from './service.ts';
import type { ConnectionBounds } from './traffic-limits.ts';

export interface EgressGrant {
  /** The policy that says so. */
  readonly object: ObjectRef;
  /** SPIFFE ids, sorted; never empty. */
  readonly callers: readonly string[];
  /** Requests that satisfy one of them; any: whatever is spoken. */
  readonly requests: readonly RequestCondition[] | 'any';
  /** Ranges that the address behind the host has to lie in, sorted; empty for all. */
  readonly ranges: readonly string[];
}

export interface EgressPort {
  readonly number: number;
  /** https and tcp pass as bytes, https by its server name. */
  readonly protocol: 'http' | 'https' | 'tcp';
  /** In order of their policies' names; never empty. */
  readonly grants: readonly EgressGrant[];
  /** Of what all callers together, each proxy for itself, keep open to it; absent where no policy says. */
  readonly bounds?: EgressBounds;
}

export interface EgressBounds {
  /** Who wrote them. */
  readonly origin: RuleOrigin;
  readonly connections: ConnectionBounds;
}

export interface EgressHost {
  readonly key: ServiceKey;
  readonly host: string;
  /** In order of number; never empty. */
  readonly ports: readonly EgressPort[];
}

/** The one address of a range, where it has no more. */
export function singleAddressOf(range: string): string | undefined {
  const [address = '', length] = range.split('/');
  return length === (address.includes(':') ? '128' : '32') ? address : undefined;
}
