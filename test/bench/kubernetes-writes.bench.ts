/**
 * What one change costs an API server, where there are many services: requests of each sort, counted at the API server's door.
 * A real API server; what is written are ServiceEntries of registry services, EnvoyFilters, and statuses of MetaRouters.
 * Prints JSON when run: `node test/bench/kubernetes-writes.bench.ts [services] [routers]`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { Engine } from '../../src/collections/engine.ts';
import { startApplying } from '../../src/main/kubernetes/applying.ts';
import { startStatusWriting } from '../../src/main/kubernetes/status-writing.ts';
import { createManifestReader } from '../../src/main/manifests.ts';
import { buildPipeline, type Pipeline } from '../../src/main/pipeline.ts';
import { instance, registered, registry } from '../../src/mesh/registries/registry-fixture.ts';
import { createLogger } from '../../src/operations/log.ts';
import { setStates, tableOf } from '../../src/sources/resource-tables.ts';
import { type CountedRequests, countRequests } from '../interop/kubernetes/counted-requests.ts';
import { istioDefinitions } from '../peers/kubernetes/istio-definitions.ts';
import { KubernetesServer } from '../peers/kubernetes/kubernetes-server.ts';

/** Requests at the API server. Watches that go on are none, nor is to look for a kind that the server does not say yet. */
interface Requests {
  readonly writes: number;
  readonly reads: number;
  readonly sorts: Readonly<Record<string, number>>;
}

export interface WriteFigures {
  readonly services: number;
  readonly routers: number;
  readonly objects: number;
  /** Until all that is wanted is there, at as many writes a second as the server takes. */
  readonly firstWrite: Requests & { readonly seconds: number };
  readonly routerChanged: Requests;
  readonly instanceChanged: Requests;
  /** A writer that starts anew and finds all as it is wanted. */
  readonly restarted: Requests;
}

const quietMs = 1_500;
const lookForKinds = /^\/apis?\/([^/]+\/)?v[^/]+$/;
/** As many as the server takes. */
const writeRate = 10_000;
const routers = '/apis/metaprotocol.aeraki.io/v1alpha1/namespaces/polaris/metarouters';

export async function benchWrites(options: {
  readonly services: number;
  readonly routers: number;
}): Promise<WriteFigures> {
  const server = await KubernetesServer.start();
  const api = countRequests(await server.access());
  try {
    await server.applyDefinitions('crds');
    await server.apply(istioDefinitions('ServiceEntry', 'WorkloadEntry', 'EnvoyFilter'));
    await server.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
    for (const name of ['polaris', 'istio-system']) await server.kubectl(['create', 'namespace', name]);
    const pipeline = await filledPipeline(api, options);
    const start = performance.now();
    const parts = [startApplying(surroundingsOf(pipeline, api)), startStatusWriting(surroundingsOf(pipeline, api))];
    const objects = pipeline.istioObjects.size;
    const counted = await untilQuiet(api, async () => countOwned(api, objects));
    const firstWrite = { ...counted, seconds: Math.round((performance.now() - start - quietMs) / 1000) };
    // The first status of a kind takes a list of it, once.
    await changeRouter(pipeline, api, 'second');
    await untilQuiet(api, async () => isObserved(api));
    await changeRouter(pipeline, api, 'third');
    const routerChanged = await untilQuiet(api);
    pipeline.engine.batch(() => pipeline.registered.set(serviceOf(0, '10.9.9.9')));
    const instanceChanged = await untilQuiet(api);
    for (const part of parts) await part.close();
    const again = startApplying(surroundingsOf(pipeline, api));
    const restarted = await untilQuiet(api);
    await again.close();
    return { ...options, objects, firstWrite, routerChanged, instanceChanged, restarted };
  } finally {
    api.close();
    await server.stop();
  }
}

const hostOf = (at: number): string => `service-${at}.mesh`;

function serviceOf(at: number, address = `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`) {
  return registered(
    `service-${at}`,
    [instance('one', address, { ports: [{ name: '', number: 9090, protocol: 'thrift' }] })],
    {
      firstPorts: { thrift: { number: 9090, protocol: 'thrift' } },
    },
  );
}

function routerOf(at: number, name: string): object {
  return {
    apiVersion: 'metaprotocol.aeraki.io/v1alpha1',
    kind: 'MetaRouter',
    metadata: { name: `router-${at}`, namespace: 'polaris' },
    spec: {
      hosts: [hostOf(at)],
      routes: [{ name, route: [{ destination: { host: hostOf(at) } }] }],
    },
  };
}

const thrift = {
  apiVersion: 'metaprotocol.aeraki.io/v1alpha1',
  kind: 'ApplicationProtocol',
  metadata: { name: 'thrift', namespace: 'polaris' },
  spec: { protocol: 'thrift', codec: 'aeraki.meta_protocol.codec.thrift' },
};

async function filledPipeline(
  api: CountedRequests,
  options: { readonly services: number; readonly routers: number },
): Promise<Pipeline> {
  const pipeline = buildPipeline(new Engine());
  const { engine, sourced, registered: services } = pipeline;
  const objects = await Promise.all(
    Array.from({ length: options.routers }, async (_, at) =>
      api.send({ method: 'POST', path: routers, body: routerOf(at, 'first') }),
    ),
  );
  engine.batch(() => {
    sourced.resources.ServiceRegistry.set(
      registry('polaris', { host: '{service}.mesh', protocols: { thrift: 'metaprotocol-thrift' } }),
    );
    for (let at = 0; at < options.services; at++) {
      services.set(serviceOf(at));
      const ipv4 = `240.241.${at >> 8}.${at & 255}`;
      pipeline.leases.set({ key: `polaris/${hostOf(at)}`, ipv4, state: 'bound', since: 0 });
    }
    for (const object of [thrift, ...objects]) setResource(pipeline, object);
    setStates(sourced, 'live');
  });
  return pipeline;
}

/** As a source of Kubernetes does. */
function setResource({ sourced }: Pipeline, object: unknown): void {
  const { resource } = createManifestReader().read(object);
  if (resource !== undefined) tableOf(sourced, resource.key)?.set(resource);
}

async function changeRouter(pipeline: Pipeline, api: CountedRequests, name: string): Promise<void> {
  const body = { spec: { routes: [{ name, route: [{ destination: { host: hostOf(0) } }] }] } };
  const changed = await api.send({
    method: 'PATCH',
    path: `${routers}/router-0`,
    body,
    contentType: 'application/merge-patch+json',
  });
  api.changes();
  pipeline.engine.batch(() => setResource(pipeline, changed));
}

function surroundingsOf(pipeline: Pipeline, server: CountedRequests) {
  return {
    pipeline,
    server,
    writership: { isWriter: true, onChange: () => () => {} },
    revision: 'bench',
    precedence: { isFirst: true, onChange: () => () => {} },
    replicas: { say: () => {}, heard: () => new Map() },
    events: { record: () => {} },
    systemNamespace: 'isthmus-system',
    state: { read: async () => undefined, replace: async () => {} },
    isKnown: () => true,
    isComplete: () => true,
    isWithoutIstio: false,
    writeRate,
    xds: { streams: () => [], hasProxies: false, refusals: () => [], laggards: () => [] },
    registries: () => [],
    partFindings: () => [],
    onSeen: () => () => {},
    metrics: new Registry(),
    log: createLogger({ level: 'error', format: 'json' }),
  };
}

/** Whether the status of the router that changed is of its present generation. */
async function isObserved(api: CountedRequests): Promise<boolean> {
  const { metadata, status } = Object(await api.get(`${routers}/router-0`));
  const conditions: readonly { readonly observedGeneration: number }[] = status?.conditions ?? [];
  return conditions.some(({ observedGeneration }) => observedGeneration === metadata.generation);
}

async function countOwned(api: CountedRequests, objects: number): Promise<boolean> {
  const counts = await Promise.all(
    ['v1/serviceentries', 'v1alpha3/envoyfilters'].map(async (kind) => {
      const path = `/apis/networking.istio.io/${kind}?limit=1`;
      const { items, metadata } = Object(await api.get(path));
      return items.length + (metadata.remainingItemCount ?? 0);
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0) >= objects;
}

/** Until something is so, and then nobody has asked anything for a while. */
async function untilQuiet(api: CountedRequests, isDone: () => Promise<boolean> = async () => true): Promise<Requests> {
  const writes: string[] = [];
  const reads: string[] = [];
  while (!(await isDone())) {
    await sleep(250);
    api.reads();
  }
  for (;;) {
    await sleep(quietMs);
    const [changed, read] = [api.changes(), api.reads().filter((path) => !lookForKinds.test(path))];
    writes.push(...changed);
    reads.push(...read);
    if (changed.length + read.length === 0 || writes.length + reads.length > 1_000_000) break;
  }
  const sorts = Map.groupBy([...writes, ...reads.map((path) => `GET ${path}`)], sortOf);
  const counts = [...sorts].map(([sort, all]) => [sort, all.length] as const);
  return { writes: writes.length, reads: reads.length, sorts: Object.fromEntries(counts.sort()) };
}

/** Without the names of objects. */
function sortOf(request: string): string {
  return request.replace(/[?].*/, '').replace(/namespaces\/[^/]+\/([a-z]+)\/[^/]+/, 'namespaces/*/$1/*');
}

if (import.meta.main) {
  const [services = 10_000, routerCount = 1_000] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await benchWrites({ services, routers: routerCount })));
}
