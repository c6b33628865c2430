/**
 * What one resource says about one host that it names. Several declarations of one service are made one in services.ts.
 * Endpoints are left out, so that they can change without touching this.
 */
import type { Service } from '../../model/service.ts';
import { byAge, compareText, type Described } from '../resource-order.ts';

export interface ServiceDeclaration {
  /** `<resource key>|<host>`. */
  readonly key: string;
  readonly service: Service;
  readonly resource: Described;
  /** Addresses that somebody else gave to it, at which it is not served here. */
  readonly allocated?: readonly string[];
  /** Another bridge wrote it, from a registry that may be one of ours by now. */
  readonly isBridged?: true;
}

const precedence = { kubernetes: 0, 'service-entry': 1, registry: 2, bridged: 3, egress: 4 } as const;

/**
 * Kubernetes before hand-written before registries of ours before what other bridges wrote; then the oldest; then the smallest
 * key.
 */
export function byPrecedence(a: ServiceDeclaration, b: ServiceDeclaration): number {
  const ranks = rankOf(a) - rankOf(b);
  return ranks || byAge(a.resource, b.resource) || compareText(a.key, b.key);
}

function rankOf({ service, isBridged }: ServiceDeclaration): number {
  return precedence[isBridged === true ? 'bridged' : service.provenance.source];
}

/** Sorts services of one host: by source, then by key. */
export function byService(a: Service, b: Service): number {
  return precedence[a.provenance.source] - precedence[b.provenance.source] || compareText(a.key, b.key);
}
