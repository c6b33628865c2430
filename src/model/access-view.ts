/** What decides who may call one service, all of it: whoever has it can decide by himself, and needs no control plane. */
import type { AccessPolicy, AccessRule } from './access.ts';
import type { Endpoint } from './endpoint.ts';
import type { Place } from './finding.ts';
import type { PortIngress } from './ingress.ts';
import type { AccessMode } from './mesh-service.ts';
import type { RequestPolicy } from './request-policy.ts';
import type { CallerRetry } from './retry.ts';
import type { Location, ServiceKey, ServicePort, Visibility } from './service.ts';
import type { PortSplit } from './traffic-split.ts';

export interface AccessView {
  readonly access: AccessMode;
  readonly trustDomain: string;
  readonly service: GuardedService;
  /** Where its splits lead, itself left out; in order of keys. */
  readonly backends: readonly GuardedService[];
  /** Of the identities behind these services that have any; in order of keys. */
  readonly policies: readonly AccessPolicy[];
  /** Of their namespaces: what narrows that further, as far as it is for them. */
  readonly requestPolicies: readonly RequestPolicy[];
  /** Of the objects that the policies are from, by their names as findings print them. */
  readonly places: Readonly<Record<string, Place>>;
  /** Services of the same host in other namespaces. */
  readonly others: readonly ServiceKey[];
}

export interface GuardedService {
  readonly key: ServiceKey;
  readonly host: string;
  readonly namespace: string;
  /** IP addresses that callers dial; may be empty. */
  readonly addresses: readonly string[];
  readonly location: Location;
  readonly visibility: Visibility;
  /** When callers try requests again, each by its own policy; absent where none has any. */
  readonly retries?: readonly CallerRetry[];
  /** Of a host outside the mesh that Egress policies name: who may reach it, by port. They are enforced in every mode of access. */
  readonly egress?: readonly { readonly number: number; readonly rules: readonly AccessRule[] }[];
  /** What its workloads take from outside the mesh, by their own port; absent where nothing is taken. */
  readonly ingresses?: readonly { readonly port: number; readonly ingress: PortIngress }[];
  /** In order of number. */
  readonly ports: readonly GuardedPort[];
}

export interface GuardedPort extends Pick<ServicePort, 'number' | 'name' | 'protocol'> {
  readonly split?: PortSplit;
  /** By which its requests are read, where they are a private protocol's. */
  readonly codec?: string;
  /** In the order of their groups. */
  readonly endpoints: readonly GuardedEndpoint[];
}

export type GuardedEndpoint = Pick<Endpoint, 'address' | 'port' | 'health' | 'identity' | 'workload'>;
