/** A lease on a pair of virtual addresses. It belongs to a host of a namespace and outlives what asked for it. */
import type { ServiceKey } from './service.ts';

export interface VirtualIpLease {
  /** The service key: `namespace/host`. */
  readonly key: ServiceKey;
  readonly ipv4?: string;
  readonly ipv6?: string;
  /** Bound: in use. Tombstone: its host is gone; reused last, after the quarantine. */
  readonly state: 'bound' | 'tombstone';
  /** Milliseconds since the epoch at which the lease took this state. */
  readonly since: number;
}
