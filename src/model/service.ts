/** A mesh service: one host, its ports, and who may see it. Endpoints are groups of their own: see endpoint.ts. */
import type { ObjectRef } from './finding.ts';

export type ServiceKey = `${string}/${string}`;

export type Resolution = 'static' | 'dns' | 'dns-round-robin' | 'dynamic-dns' | 'none';
export type Location = 'mesh-internal' | 'mesh-external';

/** Native protocols that an Envoy filter speaks; MetaProtocol names an ApplicationProtocol; the rest is plain transport. */
export type NativeProtocol = 'dubbo' | 'thrift' | 'redis' | 'kafka' | 'zookeeper' | 'mongo' | 'mysql';
export type PlainProtocol = 'tcp' | 'udp' | 'http' | 'http2' | 'grpc' | 'tls';
export type PortProtocol =
  | { readonly kind: 'metaprotocol'; readonly application: string }
  | { readonly kind: 'native'; readonly protocol: NativeProtocol }
  | { readonly kind: 'plain'; readonly protocol: PlainProtocol };

/** Whether requests can be told apart on a port by HTTP alone. */
export function isHttp(protocol: PortProtocol): boolean {
  return protocol.kind === 'plain' && ['http', 'http2', 'grpc'].includes(protocol.protocol);
}

/** As people write it: `thrift`, `http`, or the name of an application protocol. */
export function protocolName(protocol: PortProtocol): string {
  return protocol.kind === 'metaprotocol' ? protocol.application : protocol.protocol;
}

export interface ServicePort {
  readonly number: number;
  readonly name: string;
  readonly protocol: PortProtocol;
  /** The port that endpoints listen on unless they say otherwise; equal to `number` when nothing else is written. */
  readonly targetPort: number;
}

/** Namespaces that may see an object: everybody, or a sorted list (the object's own namespace stands in it by name). */
export type Visibility =
  | { readonly kind: 'public' }
  | { readonly kind: 'namespaces'; readonly namespaces: readonly string[] };

/** Where a service comes from. Precedence: kubernetes, then service-entry, then registry, then egress. */
export interface Provenance {
  readonly source: 'kubernetes' | 'service-entry' | 'registry' | 'egress';
  readonly object: ObjectRef;
  readonly registry?: string;
  readonly revision?: string;
}

export interface Service {
  readonly key: ServiceKey;
  readonly namespace: string;
  readonly host: string;
  /** In order of number. */
  readonly ports: readonly ServicePort[];
  readonly resolution: Resolution;
  readonly location: Location;
  /** Addresses that the user wrote: IPs or CIDRs, in the order written. */
  readonly addresses: readonly string[];
  /** True for a headless service: callers reach endpoints by their own addresses, and no VIP is allocated. */
  readonly headless: boolean;
  readonly visibility: Visibility;
  readonly subjectAltNames: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly provenance: Provenance;
}

export function serviceKey(namespace: string, host: string): ServiceKey {
  return `${namespace}/${host}`;
}
