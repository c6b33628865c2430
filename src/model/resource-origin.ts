/**
 * The value of the mesh model that a translated resource is made of, by its key. It travels with the resource: who hears
 * that a proxy refused the resource finds what is written there now, without reading names.
 */
import type { ServiceKey } from './service.ts';

export type ResourceOrigin =
  /** How a port of a service is called. */
  | {
      readonly kind: 'port';
      readonly service: ServiceKey;
      readonly port: number;
      /** Other services whose routes lead here; all: proxies themselves call it. Absent where there is nothing of that. */
      readonly reachedBy?: readonly ServiceKey[] | 'all';
    }
  /** The same, of services that share an address. */
  | { readonly kind: 'shared'; readonly services: readonly ServiceKey[]; readonly port: number }
  /** What may be sent to a workload: the key of its inbound port. */
  | { readonly kind: 'inbound'; readonly key: string }
  /** The settings of the whole mesh. */
  | { readonly kind: 'settings' };
