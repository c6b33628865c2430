/** The pipeline without a server, for `validate` and `translate`: reads manifests once and looks at what comes out. */
import type { OfflineMesh, OfflineProxy } from '../cli/actions.ts';
import { requireReadable } from '../cli/named-files.ts';
import { Engine } from '../collections/engine.ts';
import { standardTypes } from '../delivery/xds/resources/resource-types.ts';
import { readNode } from '../delivery/xds/streams/node.ts';
import { readBounded } from '../model/bounded-input.ts';
import { systemClock } from '../model/clock.ts';
import type { Locality } from '../model/endpoint.ts';
import { IsthmusError } from '../model/errors.ts';
import { type Finding, finding } from '../model/finding.ts';
import type { ProxyNode } from '../model/proxy.ts';
import { documentLimits } from '../resources/document-limits.ts';
import type { ServiceRegistry } from '../resources/kinds.ts';
import { withExactPlaces } from '../sources/files/exact-places.ts';
import { loadOnce } from '../sources/files/load-once.ts';
import { RegistryBridges } from '../sources/registries/registry-bridges.ts';
import { encode } from '../xds-api/messages.ts';
import { addCallerPlace } from './caller-places.ts';
import { statedIdentity } from './certificates/proxy-authentication.ts';
import { allocateForOffline } from './keeping/lease-keeping.ts';
import { requireWrittenMode } from './keeping/settings-keeping.ts';
import { createManifestReader } from './manifests.ts';
import { buildPipeline, type Pipeline, trustDomainOf } from './pipeline.ts';
import { ownAddresses } from './registries/own-addresses.ts';
import { registryClients } from './registries/registry-clients.ts';
import { refusalFindings } from './registries/registry-refusals.ts';
import { allFindings, resourceAsJson, sortedValues } from './views/admin-views.ts';
import { requireIdentityView } from './views/identity-views.ts';
import { requireAccessView } from './views/policy-views.ts';
import { summarizeServices } from './views/service-summaries.ts';
import { createStoreFor } from './xds-delivery.ts';

/** Throws USAGE for a path that cannot be read: what is said of the others would look like the whole. */
export async function loadOffline(paths: readonly string[]): Promise<OfflineMesh> {
  await requireReadable(paths, '-f');
  const engine = new Engine();
  const pipeline = buildPipeline(engine, { everyAddress: true });
  await loadOnce({
    paths,
    ...(paths.includes('-')
      ? { standardInput: await readBounded(process.stdin, documentLimits.fileBytes, 'standard input') }
      : {}),
    tables: pipeline.sourced,
    batch: (change) => engine.batch(change),
    read: createManifestReader().readAll,
  });
  const registryFindings = await readSnapshots(pipeline);
  const addressFindings = allocateForOffline(pipeline);
  return {
    findings: () => withExactPlaces(allFindings(pipeline, [...addressFindings, ...registryFindings])),
    serviceCount: pipeline.mesh.meshServices.size,
    resourceCount: Object.values(pipeline.resources).reduce((sum, table) => sum + table.size, 0),
    model: () => modelOf(pipeline),
    services: () => summarizeServices(pipeline),
    access: (host, namespace) => {
      requireWrittenMode(pipeline);
      return requireAccessView(pipeline, host, namespace);
    },
    identity: (written) => {
      requireWrittenMode(pipeline);
      return requireIdentityView(pipeline, written);
    },
    istio: () => {
      pipeline.istioWriting.set({ revision: 'default', sharesObjects: false });
      return sortedValues(pipeline.istioObjects);
    },
    xds: (proxy) => xdsFor(pipeline, proxy),
  };
}

/** Registries that are files are read; no server is asked by a command that looks at manifests. */
async function readSnapshots(pipeline: Pipeline): Promise<readonly Finding[]> {
  const registries = sortedValues(pipeline.resources.ServiceRegistry);
  const bridges = new RegistryBridges({
    clients: registryClients,
    registered: pipeline.registered,
    batch: (change) => pipeline.engine.batch(change),
    clock: systemClock,
    recordsOf: () => [],
    note: () => {},
    own: () => ownAddresses(pipeline),
    onStatus: () => {},
  });
  const [snapshots, servers] = partition(registries, ({ spec }) => spec.type === 'Snapshot');
  bridges.follow(snapshots.map((registry) => ({ key: registry.key, before: undefined, after: registry })));
  try {
    await bridges.untilAnswered(snapshotTimeoutMs);
    return [...bridges.findings(), ...refusalFindings(servers), ...notAsked(servers)];
  } finally {
    await bridges.close();
  }
}

const snapshotTimeoutMs = 60_000;

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

/** One finding for all, at the first: it is how such a command works, and nothing that anybody did. */
function notAsked(servers: readonly ServiceRegistry[]): readonly Finding[] {
  const [first] = servers;
  if (first === undefined) return [];
  const { kind, metadata } = first;
  const { name, place } = metadata;
  const message = `${listNames(servers)} not asked for services by a command that only looks at manifests.`;
  return [finding('ISTH1011', { object: { kind, name }, message, ...(place === undefined ? {} : { place }) })];
}

const fewNames = 3;

function listNames(servers: readonly ServiceRegistry[]): string {
  const names = servers.slice(0, fewNames).map(({ metadata }) => metadata.name);
  if (servers.length === 1) return `${names.join('')} is`;
  const more = servers.length - names.length;
  return `${servers.length} registries (${names.join(', ')}${more === 0 ? '' : ` and ${more} more`}) are`;
}

function modelOf({ mesh }: Pipeline): unknown {
  return {
    settings: sortedValues(mesh.settings)[0],
    services: sortedValues(mesh.meshServices),
    endpointGroups: sortedValues(mesh.endpointGroups),
    inboundPorts: sortedValues(mesh.inboundPorts),
  };
}

/** By type URL, then by name. */
function xdsFor(pipeline: Pipeline, like: OfflineProxy): unknown {
  const proxy = offlineProxy(like, trustDomainOf(pipeline));
  pipeline.proxyKinds.set(proxy.kind);
  const { kind, interception, locality } = proxy;
  if (locality !== undefined) addCallerPlace(pipeline.engine, pipeline.callerPlaces, locality);
  if (interception !== undefined) pipeline.interceptedKinds.set({ kind, interception });
  const view = createStoreFor(pipeline).view(proxy);
  const ofType = (typeUrl: string) => view.list(typeUrl).map(({ body }) => resourceAsJson(typeUrl, body));
  return Object.fromEntries(
    standardTypes.map((typeUrl) => [typeUrl, ofType(typeUrl)] as const).filter(([, resources]) => resources.length > 0),
  );
}

function nodeLocality(locality: Locality | undefined) {
  if (locality === undefined) return {};
  const { region, zone, subzone } = locality;
  return { locality: { region, zone, subZone: subzone } };
}

function offlineProxy(like: OfflineProxy, trustDomain: string): ProxyNode {
  const { id, kind, serviceAccount, interception, locality } = like;
  const metadata = {
    fields: {
      ISTHMUS_PROXY_KIND: { stringValue: kind },
      SERVICE_ACCOUNT: { stringValue: serviceAccount },
      ...(interception === undefined ? {} : { INTERCEPTION_MODE: { stringValue: interception.toUpperCase() } }),
    },
  };
  const reading = readNode(encode('envoy.config.core.v3.Node', { id, metadata, ...nodeLocality(locality) }));
  if (reading.kind === 'accepted') {
    const identity = statedIdentity(reading.node, trustDomain);
    return identity === undefined ? reading.node : { ...reading.node, identity };
  }
  throw new IsthmusError('USAGE', `--proxy "${id}": ${reading.reason}`);
}
