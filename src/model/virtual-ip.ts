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

/** A lease as users are shown it. */
export interface ShownLease extends VirtualIpLease {
  /** It was given out of other ranges than those of today, and stays as long as its host: finding ISTH0403. */
  readonly outsideRanges?: true;
}

/** What became of a lease; without one, it is forgotten. */
export interface LeaseChange {
  readonly key: ServiceKey;
  readonly lease: VirtualIpLease | undefined;
}

/** What the mesh asks of virtual IPs, as far as it changed. */
export interface LeaseDemand {
  /** Hosts that want an address (true), or want one no more. */
  readonly claims: ReadonlyMap<ServiceKey, boolean>;
  /** Addresses and CIDRs that users wrote, with the hosts they wrote them for; none for what is written no more. */
  readonly written: ReadonlyMap<string, readonly ServiceKey[]>;
}
