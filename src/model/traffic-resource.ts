/** Something of the mesh whose traffic can be asked for, in the terms of the Service Mesh Interface. */
import type { Traffic } from './traffic.ts';

/** Kinds of resources by the names that they have in paths. */
export const trafficKinds = {
  namespaces: { kind: 'Namespace', namespaced: false },
  pods: { kind: 'Pod', namespaced: true },
  services: { kind: 'Service', namespaced: true },
} as const;

export type TrafficKind = keyof typeof trafficKinds;

export interface ResourceName {
  readonly kind: 'Namespace' | 'Pod' | 'Service' | 'ServiceAccount';
  /** Absent for a namespace. */
  readonly namespace?: string;
  readonly name: string;
}

export interface TrafficEdge {
  /** To: requests that the resource made; from: requests that it got. */
  readonly direction: 'to' | 'from';
  /** Who counted them. */
  readonly side: 'client' | 'server';
  readonly peer: ResourceName;
  readonly traffic: Traffic;
}

export interface TrafficResource {
  readonly name: ResourceName;
  readonly labels: Readonly<Record<string, string>>;
  /** What it got, as its own proxies counted it. */
  readonly traffic: Traffic;
  /** Those with any traffic, in order of direction and peer. */
  readonly edges: () => readonly TrafficEdge[];
}
