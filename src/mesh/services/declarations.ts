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
}

const precedence = { kubernetes: 0, 'service-entry': 1, registry: 2, egress: 3 } as const;

/** Kubernetes before hand-written before registries; then the oldest; then the smallest key. */
export function byPrecedence(a: ServiceDeclaration, b: ServiceDeclaration): number {
  const ranks = precedence[a.service.provenance.source] - precedence[b.service.provenance.source];
  return ranks || byAge(a.resource, b.resource) || compareText(a.key, b.key);
}

/** Sorts services of one host: by source, then by key. */
export function byService(a: Service, b: Service): number {
  return precedence[a.provenance.source] - precedence[b.provenance.source] || compareText(a.key, b.key);
}
