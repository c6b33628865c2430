/** For tests: a mesh over tables, and small builders of resources. */
import type { Collection, Table } from '../collections/collection.ts';
import { Engine, type EngineOptions } from '../collections/engine.ts';
import type { InboundPort } from '../model/mesh-service.ts';
import type { RegisteredService } from '../model/registry.ts';
import type { VirtualIpLease } from '../model/virtual-ip.ts';
import { kinds } from '../resources/kind-table.ts';
import type {
  AnyResource,
  ApplicationProtocol,
  DestinationRule,
  EndpointSlice,
  Kind,
  KubernetesService,
  MeshConfig,
  Metadata,
  MetaRouter,
  MigrationPlan,
  Pod,
  ProtocolCodec,
  ServiceEntry,
  Sidecar,
  WorkloadEntry,
  WorkloadGroup,
} from '../resources/kinds.ts';
import { resourceKey } from '../resources/kinds.ts';
import type { ResourceCollections } from './inputs.ts';
import { buildMesh, type Mesh } from './mesh.ts';
import type { InspectCodec } from './routing/codec-abilities.ts';

export interface TestMesh {
  readonly engine: Engine;
  readonly mesh: Mesh;
  readonly leases: Table<VirtualIpLease>;
  readonly registered: Table<RegisteredService>;
  /** Keys of MigrationPlans. */
  readonly quiet: Table<string>;
  /** Adds or replaces, in one batch. */
  set(...resources: readonly AnyResource[]): void;
  remove(...resources: readonly AnyResource[]): void;
  /** `code Kind/name path` of all findings, sorted. */
  findings(): readonly string[];
}

export function testMesh(options: EngineOptions = { validate: true }, inspectCodec?: InspectCodec): TestMesh {
  const engine = new Engine(options);
  const byKey = { key: (value: { readonly key: string }) => value.key };
  const resources = engine.table<AnyResource>('resources', byKey);
  const leases = engine.table<VirtualIpLease>('leases', byKey);
  const registered = engine.table<RegisteredService>('registered', byKey);
  const quiet = engine.table<string>('quiet', { key: (key) => key });
  for (const table of [resources, leases, registered, quiet]) table.setState('live');
  return {
    engine,
    mesh: buildMesh(engine, {
      resources: collectionsOf(engine, resources),
      leases,
      registered,
      quietMigrations: quiet,
      ...(inspectCodec === undefined ? {} : { inspectCodec }),
    }),
    leases,
    registered,
    quiet,
    set: (...changed) =>
      engine.batch(() => {
        for (const resource of changed) resources.set(resource);
      }),
    remove: (...removed) =>
      engine.batch(() => {
        for (const { key } of removed) resources.delete(key);
      }),
    findings: () =>
      [...engine.findings.values()]
        .map(({ code, object, path }) => `${code} ${object.kind}/${object.name} ${path}`.trim())
        .toSorted(),
  };
}

/** What the proxy at `<address>|<target port>` listens for, of the only workload that is named there. */
export function inboundAt({ inboundPorts }: Pick<Mesh, 'inboundPorts'>, place: string): InboundPort | undefined {
  const [key, ...others] = [...inboundPorts.keys()].filter((one) => one === place || one.startsWith(`${place}|`));
  return key === undefined || others.length > 0 ? undefined : inboundPorts.get(key);
}

/** One collection a kind, of resources of all kinds. */
export function collectionsOf(engine: Engine, all: Collection<AnyResource>): ResourceCollections {
  const only = (kind: Kind) =>
    engine.map(`resources/${kind}`, all, (resource) => (resource.kind === kind ? resource : undefined));
  const collections = Object.fromEntries(kinds.map(({ kind }) => [kind, only(kind)]));
  if (!isComplete(collections)) throw new Error('a kind has no collection');
  return collections;
}

function isComplete(
  collections: Readonly<Record<string, Collection<AnyResource>>>,
): collections is ResourceCollections {
  return kinds.every(({ kind }) => Object.hasOwn(collections, kind));
}

/** `namespace/name`, with what else its metadata hold. */
function base<K extends Kind>(kind: K, id: string, metadata: Partial<Metadata> = {}) {
  const [namespace = '', name = ''] = id.split('/');
  return {
    kind,
    apiVersion: 'v1',
    key: resourceKey(kind, namespace, name),
    metadata: { namespace, name, labels: {}, annotations: {}, ...metadata },
  };
}

type Spec<R extends { readonly spec: unknown }> = R['spec'];

export function serviceEntry(
  id: string,
  spec: Partial<Spec<ServiceEntry>>,
  metadata?: Partial<Metadata>,
): ServiceEntry {
  const [, name = ''] = id.split('/');
  return {
    ...base('ServiceEntry', id, metadata),
    spec: {
      hosts: [`${name}.example`],
      ports: [{ number: 9000, name: 'tcp-metaprotocol-thrift' }],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ...spec,
    },
  };
}

export function workloadEntry(id: string, spec: Spec<WorkloadEntry>, metadata?: Partial<Metadata>): WorkloadEntry {
  return { ...base('WorkloadEntry', id, metadata), spec };
}

export function metaRouter(id: string, spec: Spec<MetaRouter>, metadata?: Partial<Metadata>): MetaRouter {
  return { ...base('MetaRouter', id, metadata), spec };
}

export function destinationRule(
  id: string,
  spec: Spec<DestinationRule>,
  metadata?: Partial<Metadata>,
): DestinationRule {
  return { ...base('DestinationRule', id, metadata), spec };
}

export function applicationProtocol(
  id: string,
  protocol: string,
  codec: string,
  metadata?: Partial<Metadata>,
): ApplicationProtocol {
  return { ...base('ApplicationProtocol', id, metadata), spec: { protocol, codec } };
}

export function protocolCodec(id: string, spec: Spec<ProtocolCodec> = {}): ProtocolCodec {
  return { ...base('ProtocolCodec', id), spec };
}

export function kubernetesService(
  id: string,
  spec: Partial<Spec<KubernetesService>> = {},
  metadata?: Partial<Metadata>,
): KubernetesService {
  return {
    ...base('Service', id, metadata),
    spec: {
      type: 'ClusterIP',
      clusterIPs: ['10.0.0.1'],
      ports: [{ name: 'tcp-metaprotocol-thrift', port: 9000, protocol: 'TCP' }],
      publishNotReadyAddresses: false,
      ...spec,
    },
  };
}

export function endpointSlice(id: string, spec: Partial<Spec<EndpointSlice>>): EndpointSlice {
  return {
    ...base('EndpointSlice', id),
    spec: { addressType: 'IPv4', serviceName: '', endpoints: [], ports: [], ...spec },
  };
}

export function pod(id: string, spec: Partial<Spec<Pod>>, labels: Metadata['labels'] = {}): Pod {
  return {
    ...base('Pod', id, { labels }),
    spec: { serviceAccount: 'default', hostNetwork: false, ips: [], phase: 'Running', ready: true, ...spec },
  };
}

export function workloadGroup(id: string): WorkloadGroup {
  return { ...base('WorkloadGroup', id), spec: { template: {} } };
}

export function migrationPlan(
  id: string,
  spec: Partial<Spec<MigrationPlan>> & Pick<Spec<MigrationPlan>, 'host' | 'to'>,
  metadata?: Partial<Metadata>,
): MigrationPlan {
  return {
    ...base('MigrationPlan', id, metadata),
    spec: { stage: 'Discover', steps: [1, 10, 25, 50, 75], quiet: 3_600_000, ...spec },
  };
}

export function sidecar(id: string, spec: Partial<Spec<Sidecar>> = {}, metadata?: Partial<Metadata>): Sidecar {
  return { ...base('Sidecar', id, metadata), spec: { egress: [], unread: [], ...spec } };
}

export function meshConfig(id: string, spec: Partial<Spec<MeshConfig>>, metadata?: Partial<Metadata>): MeshConfig {
  return {
    ...base('MeshConfig', id, metadata),
    spec: {
      trustDomain: 'cluster.local',
      clusterDomain: 'cluster.local',
      rootNamespace: 'isthmus-system',
      osmNamespace: 'osm-system',
      virtualIps: { ipv4: [], ipv6: [], quarantine: 0 },
      accessLog: { path: '', encoding: 'TEXT' },
      idleTimeout: 0,
      access: {},
      certificates: { settle: 60_000 },
      trustBundles: [],
      ...spec,
    },
  };
}
