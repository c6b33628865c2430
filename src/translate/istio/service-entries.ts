/** A mesh service as Istio reads it: a ServiceEntry with its virtual addresses and endpoints. */
import { hash } from 'node:crypto';
import type { Endpoint, EndpointGroup, Locality } from '../../model/endpoint.ts';
import type { MeshService } from '../../model/mesh-service.ts';
import type { Location, PortProtocol, Resolution, Service, ServicePort, Visibility } from '../../model/service.ts';

type Labels = Readonly<Record<string, string>>;

export interface IstioServiceEntry {
  readonly apiVersion: 'networking.istio.io/v1';
  readonly kind: 'ServiceEntry';
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Labels };
  readonly spec: {
    readonly hosts: readonly string[];
    readonly addresses?: readonly string[];
    readonly ports: readonly {
      readonly number: number;
      readonly name: string;
      readonly protocol: string;
      readonly targetPort?: number;
    }[];
    readonly location: string;
    readonly resolution: string;
    readonly endpoints?: readonly IstioEndpoint[];
    readonly exportTo?: readonly string[];
    readonly subjectAltNames?: readonly string[];
  };
}

interface IstioEndpoint {
  readonly address: string;
  readonly ports?: Readonly<Record<string, number>>;
  readonly labels?: Labels;
  readonly network?: string;
  readonly locality?: string;
  readonly weight?: number;
  readonly serviceAccount?: string;
}

const RESOLUTION: Readonly<Record<Resolution, string>> = {
  static: 'STATIC',
  dns: 'DNS',
  'dns-round-robin': 'DNS_ROUND_ROBIN',
  'dynamic-dns': 'DYNAMIC_DNS',
  none: 'NONE',
};
const LOCATION: Readonly<Record<Location, string>> = {
  'mesh-internal': 'MESH_INTERNAL',
  'mesh-external': 'MESH_EXTERNAL',
};

/** `groups` are those of the service. Endpoints that may get no new requests are left out: Istio has no word for them. */
export function translateServiceEntry(
  { service, addresses }: MeshService,
  groups: readonly EndpointGroup[],
): IstioServiceEntry {
  const endpoints = istioEndpoints(service, groups);
  const exportTo = exportToOf(service.visibility, service.namespace);
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: {
      name: objectName(service.host),
      namespace: service.namespace,
      labels: { 'app.kubernetes.io/managed-by': 'isthmus' },
    },
    spec: {
      hosts: [service.host],
      ...(addresses.length === 0 ? {} : { addresses }),
      ports: service.ports.map((port) => ({
        number: port.number,
        name: port.name,
        protocol: protocolName(port.protocol),
        ...(port.targetPort === port.number ? {} : { targetPort: port.targetPort }),
      })),
      location: LOCATION[service.location],
      resolution: RESOLUTION[service.resolution],
      ...(endpoints.length === 0 ? {} : { endpoints }),
      ...(exportTo === undefined ? {} : { exportTo }),
      ...(service.subjectAltNames.length === 0 ? {} : { subjectAltNames: service.subjectAltNames }),
    },
  };
}

/** The host, where it is a name that Kubernetes takes; else what is left of it, made unique by a hash. */
function objectName(host: string): string {
  if (host.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(host)) return host;
  const readable = host
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 200);
  return `${readable === '' ? 'host' : readable.replace(/-$/, '')}-${hash('sha256', host, 'hex').slice(0, 10)}`;
}

function protocolName(protocol: PortProtocol): string {
  return protocol.kind === 'plain' ? protocol.protocol.toUpperCase() : 'TCP';
}

function exportToOf(visibility: Visibility, namespace: string): readonly string[] | undefined {
  if (visibility.kind === 'public') return undefined;
  if (visibility.namespaces.length === 0) return ['~'];
  return visibility.namespaces.map((visible) => (visible === namespace ? '.' : visible));
}

/** The model has an endpoint a port, Istio one a workload: those that agree on all but the port become one. */
function istioEndpoints(service: Service, groups: readonly EndpointGroup[]): readonly IstioEndpoint[] {
  const merged = new Map<string, { endpoint: Endpoint; locality: Locality; ports: [string, number][] }>();
  for (const group of groups.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    const port = service.ports.find(({ number }) => number === group.port);
    for (const endpoint of group.endpoints) {
      if (port === undefined || endpoint.health !== 'healthy') continue;
      const { address, labels, network, weight, identity } = endpoint;
      const key = JSON.stringify([address, group.locality, Object.entries(labels).sort(), network, weight, identity]);
      const known = merged.get(key) ?? { endpoint, locality: group.locality, ports: [] };
      known.ports.push(...ownPort(port, endpoint));
      merged.set(key, known);
    }
  }
  return [...merged.values()].map(({ endpoint, locality, ports }) => istioEndpoint(endpoint, locality, ports));
}

/** Said only where it is not the target port anyway. */
function ownPort(port: ServicePort, endpoint: Endpoint): readonly [string, number][] {
  return endpoint.port === port.targetPort || endpoint.address.startsWith('unix://')
    ? []
    : [[port.name, endpoint.port]];
}

function istioEndpoint(
  { address, labels, network, weight, identity }: Endpoint,
  { region, zone, subzone }: Locality,
  ports: readonly (readonly [string, number])[],
): IstioEndpoint {
  const locality = [region, zone, subzone].join('/').replace(/\/+$/, '');
  const serviceAccount = identity?.split('/sa/').at(1);
  return {
    address,
    ...(ports.length === 0 ? {} : { ports: Object.fromEntries(ports) }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(network === '' ? {} : { network }),
    ...(locality === '' ? {} : { locality }),
    ...(weight === 1 ? {} : { weight }),
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
  };
}
