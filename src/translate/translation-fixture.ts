/** For tests: values of the mesh model in short form, and translated resources as the JSON that people read. */
import type { Endpoint, EndpointGroup } from '../model/endpoint.ts';
import { endpointGroupKey } from '../model/endpoint.ts';
import type { InboundPort, MeshPort, MeshService, MeshSettings, PortCodec } from '../model/mesh-service.ts';
import type { Destination, Route, RouteTable } from '../model/route.ts';
import type { PortProtocol, Service, ServicePort } from '../model/service.ts';
import { serviceKey } from '../model/service.ts';
import type { HostPolicy, TrafficPolicy } from '../model/traffic-policy.ts';
import { decode, messageName } from '../xds-api/messages.ts';
import { type JsonValue, toJson } from '../xds-api/proto-json.ts';
import type { ScopedResource } from './scope.ts';

export const HOST = 'orders.shop.svc.cluster.local';
export const OUTBOUND = `outbound|9090||${HOST}`;

export const settings: MeshSettings = {
  trustDomain: 'cluster.local',
  clusterDomain: 'cluster.local',
  rootNamespace: 'isthmus-system',
  accessLog: { path: '', encoding: 'TEXT' },
  idleTimeoutMs: 0,
  access: 'Disabled',
};

export const thrift: PortCodec = {
  protocol: {
    name: 'thrift',
    codec: 'aeraki.meta_protocol.codec.thrift',
    multiplexing: false,
    object: { kind: 'ApplicationProtocol', name: 'thrift' },
  },
};

export const declared: PortCodec = {
  protocol: {
    name: 'awesomerpc',
    codec: 'awesomerpc',
    multiplexing: true,
    object: { kind: 'ApplicationProtocol', name: 'awesomerpc' },
  },
  description: { frame: { header: { size: 13 } }, multiplexing: true },
};

export const policy: TrafficPolicy = { loadBalancing: { kind: 'round-robin' }, connectTimeoutMs: 1500 };

export function destination(subset = '', host = HOST): Destination {
  return { host, port: 9090, subset };
}

export function route(rest: Partial<Route> = {}): Route {
  return {
    name: 'default',
    match: [],
    destinations: [{ destination: destination(), weight: 100 }],
    requestMutation: [],
    responseMutation: [],
    hashProperties: [],
    ...rest,
  };
}

export function routeTable(...routes: readonly Route[]): RouteTable {
  return { key: `shop/${HOST}|9090`, host: HOST, namespace: 'shop', port: 9090, routes };
}

export function servicePort(protocol: PortProtocol, rest: Partial<ServicePort> = {}): ServicePort {
  return { number: 9090, name: 'port', protocol, targetPort: 9090, ...rest };
}

export const plain = (protocol: 'tcp' | 'udp' | 'grpc' | 'http2'): PortProtocol => ({ kind: 'plain', protocol });

export function metaPort(rest: Partial<MeshPort> = {}): MeshPort {
  const port = servicePort({ kind: 'metaprotocol', application: 'thrift' }, { name: 'tcp-metaprotocol-thrift' });
  return { port, codec: thrift, routes: routeTable(route()), ...rest };
}

interface ServiceParts {
  readonly service?: Partial<Service>;
  readonly addresses?: readonly string[];
  readonly ports?: readonly MeshPort[];
  readonly policy?: Partial<HostPolicy>;
}

export function meshService(parts: ServiceParts = {}): MeshService {
  const ports = parts.ports ?? [metaPort()];
  const key = serviceKey('shop', HOST);
  return {
    service: {
      key,
      namespace: 'shop',
      host: HOST,
      ports: ports.map(({ port }) => port),
      resolution: 'static',
      location: 'mesh-internal',
      addresses: [],
      headless: false,
      visibility: { kind: 'public' },
      subjectAltNames: [],
      labels: {},
      provenance: {
        source: 'service-entry',
        object: { kind: 'ServiceEntry', namespace: 'shop', name: 'orders' },
      },
      ...parts.service,
    },
    addresses: parts.addresses ?? ['240.241.0.7'],
    ports,
    policy: { key, policy, portPolicies: {}, subsets: [], ...parts.policy },
  };
}

export function endpoint(address: string, rest: Partial<Endpoint> = {}): Endpoint {
  return {
    address,
    port: 9090,
    weight: 1,
    health: 'healthy',
    labels: {},
    network: '',
    tlsMode: 'disabled',
    ...rest,
  };
}

/** `place`: region/zone/subzone. */
export function group(place: string, ...endpoints: readonly Endpoint[]): EndpointGroup {
  const [region = '', zone = '', subzone = ''] = place.split('/');
  const service = serviceKey('shop', HOST);
  const locality = { region, zone, subzone };
  return { key: endpointGroupKey(service, 9090, locality), service, port: 9090, locality, endpoints };
}

export function inboundPort(rest: Partial<InboundPort> = {}): InboundPort {
  return {
    key: '10.0.0.5|8080',
    address: '10.0.0.5',
    targetPort: 8080,
    host: HOST,
    namespace: 'shop',
    declaredBy: { kind: 'ServiceEntry', namespace: 'shop', name: 'orders' },
    port: metaPort().port,
    codec: thrift,
    ...rest,
  };
}

/** Each resource as `<scope> <message> <name>` and its JSON, decoded from the very bytes that are served. */
export function shown(resources: readonly ScopedResource[]): Record<string, JsonValue> {
  return Object.fromEntries(
    resources.map(({ scope, resource }) => {
      const name = messageName(resource.typeUrl);
      if (name === undefined) throw new RangeError(resource.typeUrl);
      const short = name.startsWith('aeraki') ? `meta.${name.split('.').at(-1)}` : name.split('.').at(-1);
      return [`${scope} ${short} ${resource.name}`, toJson(name, decode(name, resource.body))];
    }),
  );
}
