/**
 * specs.smi-spec.io, access.smi-spec.io and split.smi-spec.io: one hub form a kind, into which every published version
 * is converted when it is read.
 */
import type { Resource } from './resource.ts';

/** Conditions that are all to hold. An empty list or text stands for no condition. */
export interface HttpMatchSpec {
  readonly name: string;
  /** Anchored at the start of the path. */
  readonly pathRegex: string;
  /** In upper case; empty for every method. */
  readonly methods: readonly string[];
  /** Names in lower case, each once. The whole value has to match. */
  readonly headers: readonly { readonly name: string; readonly regex: string }[];
}

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
  /** Names of matches of the group; absent for all of them. */
  readonly matches?: readonly string[];
}

export type TrafficTarget = Resource<
  'TrafficTarget',
  {
    readonly destination: IdentityReference;
    /** Of the destination's workload, from v1alpha1, which had it in the destination. */
    readonly port?: number;
    readonly rules: readonly TrafficTargetRule[];
    readonly sources: readonly IdentityReference[];
  }
>;

/** The identities of its own namespace that one of the three gives. */
export type IdentityBinding = Resource<
  'IdentityBinding',
  {
    /** Absent where none is asked for: an empty selector selects all. */
    readonly podLabels?: Readonly<Record<string, string>>;
    readonly spiffeIdentities: readonly string[];
    readonly serviceAccount?: string;
  }
>;

export type TrafficSplit = Resource<
  'TrafficSplit',
  {
    /** As it is written: a name, or a host of the split's own namespace. */
    readonly service: string;
    /** Weights are whole numbers, relative to each other; 0 for none. */
    readonly backends: readonly { readonly service: string; readonly weight: number }[];
    /** HTTPRouteGroups of the split's own namespace; empty for every request. */
    readonly matches: readonly string[];
  }
>;
