/** How callers use a host's connections: what a DestinationRule says, for the host as a whole and for each subset. */
export type LoadBalancing =
  | { readonly kind: 'round-robin' }
  | { readonly kind: 'least-request' }
  | { readonly kind: 'random' }
  | { readonly kind: 'passthrough' }
  | {
      readonly kind: 'consistent-hash';
      readonly algorithm: 'ring-hash' | 'maglev';
      /** The property (httpHeaderName) whose value is hashed; undefined when the rule hashes something MetaProtocol has not. */
      readonly property?: string;
      readonly minimumRingSize?: number;
      readonly tableSize?: number;
    };

export interface TrafficPolicy {
  readonly loadBalancing: LoadBalancing;
  readonly connectTimeoutMs: number;
  readonly maxConnections?: number;
  readonly tcpKeepaliveSeconds?: number;
}

export interface Subset {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly policy: TrafficPolicy;
}

/** The rule in force for one service. Subsets inherit what they do not say from the host's policy. */
export interface HostPolicy {
  /** The service key. */
  readonly key: string;
  readonly policy: TrafficPolicy;
  /** Policies that hold for one port only, by port number. */
  readonly portPolicies: Readonly<Record<number, TrafficPolicy>>;
  /** Sorted by name. */
  readonly subsets: readonly Subset[];
}
