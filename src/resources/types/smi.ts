/**
 * specs.smi-spec.io, access.smi-spec.io and split.smi-spec.io: one hub form a kind, into which every published version
 * is converted when it is read.
 */
import type { Resource } from './resource.ts';

/**
 * Conditions that are all to hold. An empty list or text stands for no condition. Expressions compile as RE2, alone and in
 * a group, and are bounded.
 */
export interface HttpMatchSpec {
  readonly name: string;
  /** Anchored at the start of the path. */
  readonly pathRegex: string;
  /** In upper case; empty for every method. */
  readonly methods: readonly string[];
  /** Names in lower case, each once; `host` is the authority. The whole value has to match. */
  readonly headers: readonly { readonly name: string; readonly regex: string }[];
}

/** Names of matches are unique. Without matches, no request is of the group. */
export type HTTPRouteGroup = Resource<'HTTPRouteGroup', { readonly matches: readonly HttpMatchSpec[] }>;

/** Ports of the destination's workload; empty for all. */
export type TCPRoute = Resource<'TCPRoute', { readonly ports: readonly number[] }>;

/** Ports of the destination's workload; empty for all. */
export type UDPRoute = Resource<'UDPRoute', { readonly ports: readonly number[] }>;

export interface IdentityReference {
  readonly kind: 'ServiceAccount' | 'IdentityBinding';
  readonly namespace: string;
  readonly name: string;
}

export interface TrafficTargetRule {
  readonly kind: 'HTTPRouteGroup' | 'TCPRoute' | 'UDPRoute';
  readonly name: string;
  /** Of an HTTPRouteGroup: names of its matches; absent for all of them, empty for none. */
  readonly matches?: readonly string[];
}

/** Its namespace is that of the destination. Without rules, or without sources, it permits nothing. */
export type TrafficTarget = Resource<
  'TrafficTarget',
  {
    readonly destination: IdentityReference;
    /** Of the destination's workload, where the destination names one: it narrows every rule to this port. */
    readonly port?: number;
    readonly rules: readonly TrafficTargetRule[];
    readonly sources: readonly IdentityReference[];
  }
>;

/** The identities of its own namespace that one of the three gives. */
export type IdentityBinding = Resource<
  'IdentityBinding',
  {
    /** At least one label; absent where none is asked for. */
    readonly podLabels?: Readonly<Record<string, string>>;
    /** Whole ids, with `spiffe://`. */
    readonly spiffeIdentities: readonly string[];
    readonly serviceAccount?: string;
  }
>;

export type TrafficSplit = Resource<
  'TrafficSplit',
  {
    /** A name, or a host of the split's own namespace, in lower case and without a dot at the end. */
    readonly service: string;
    /**
     * Each once. Weights are whole numbers, relative to each other, 32 bits in all; 0 for none. All of them 0, or no
     * backends: nothing gets through.
     */
    readonly backends: readonly { readonly service: string; readonly weight: number }[];
    /** HTTPRouteGroups of the split's own namespace; empty for every request. */
    readonly matches: readonly string[];
  }
>;
