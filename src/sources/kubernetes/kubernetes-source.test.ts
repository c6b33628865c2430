/** Faults that a real API server does not show when asked to; the rest is tested with one, in test/interop/kubernetes. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import { collectionPath } from '../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { TestClock } from '../../model/test-clock.ts';
import { kinds } from '../../resources/kind-table.ts';
import { createResourceReader } from '../../resources/reader.ts';
import { createSourceTables } from '../resource-tables.ts';
import { KubernetesSource } from './kubernetes-source.ts';
import type { OutageNews } from './server-outage.ts';

interface Stream {
  say(...lines: readonly object[]): void;
  fail(failure: ApiFailure): void;
}

/** Serves every kind that is read; what streams say, the test says. */
class ScriptedCluster implements ApiServer {
  readonly streams = new Map<string, Stream>();
  readonly absent = new Set<string>();
  /** lost: a gateway answers that it knows of nothing; starting: no groups but the server's own are named. */
  face: 'whole' | 'lost' | 'starting' = 'whole';

  async get(path: string): Promise<unknown> {
    if (this.face === 'lost') throw new ApiFailure('default backend - 404', { status: 404 });
    if (this.face === 'starting' && path === '/apis')
      return { groups: [{ versions: [{ groupVersion: 'apiregistration.k8s.io/v1' }] }] };
    const groups = [...new Set(kinds.map(({ group }) => group))];
    if (path === '/apis')
      return {
        groups: groups.map((group) => ({
          versions: kinds
            .filter((kind) => kind.group === group)
            .flatMap(({ versions }) => versions.map((version) => ({ groupVersion: `${group}/${version}` }))),
        })),
      };
    const group = path.startsWith('/apis/') ? (path.split('/')[2] ?? '') : '';
    const served = kinds.filter((kind) => kind.group === group && !this.absent.has(kind.plural));
    return { resources: served.map(({ plural }) => ({ name: plural })) };
  }

  async *stream(path: string, _idleMs: number, signal: AbortSignal): AsyncIterableIterator<readonly unknown[]> {
    const { pathname } = new URL(path, 'http://api');
    let wake = Promise.withResolvers<void>();
    const pending: (readonly object[] | ApiFailure)[] = [];
    const put = (one: readonly object[] | ApiFailure): void => {
      pending.push(one);
      wake.resolve();
    };
    signal.addEventListener('abort', () => put(new ApiFailure('aborted')));
    this.streams.set(pathname, { say: (...lines) => put(lines), fail: put });
    for (;;) {
      while (pending.length === 0) await wake.promise;
      wake = Promise.withResolvers<void>();
      for (const one of pending.splice(0)) {
        if (one instanceof ApiFailure) throw one;
        yield one;
      }
    }
  }

  async send(): Promise<unknown> {
    throw new Error('nothing is changed by who follows');
  }

  close(): void {}

  /** The request that is open, by its path. */
  async of(path: string): Promise<Stream> {
    await vi.waitFor(() => expect(this.streams.has(path)).toBe(true));
    const stream = this.streams.get(path);
    if (stream === undefined) throw new Error(`nobody asks for ${path}`);
    this.streams.delete(path);
    return stream;
  }
}

const paths = kinds.map(({ group, plural, versions: [version = ''] }) => collectionPath({ group, version, plural }));
const [servicesPath, namespacesPath, routersPath] = [
  '/api/v1/services',
  '/api/v1/namespaces',
  '/apis/metaprotocol.aeraki.io/v1alpha1/metarouters',
];

const allSent = {
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: '5', annotations: { 'k8s.io/initial-events-end': 'true' } } },
};
const service = (name: string, port = 80) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop', resourceVersion: '5', generation: port },
  spec: { ports: [{ port }] },
});

/** All kinds are seen, and there are Services. */
async function followLive(...names: readonly string[]) {
  const { server, ...followed } = follow();
  const streams = new Map<string, Stream>();
  for (const path of paths) streams.set(path, await server.of(path));
  const added = names.map((name) => ({ type: 'ADDED', object: service(name) }));
  for (const [path, stream] of streams) stream.say(...(path === servicesPath ? added : []), allSent);
  await vi.waitFor(() => expect(followed.source.state).toBe('live'));
  return { server, watch: await server.of(servicesPath), ...followed };
}

function follow(withoutGroups?: ReadonlySet<string>, server = new ScriptedCluster()) {
  const clock = new TestClock();
  const engine = new Engine();
  const tables = createSourceTables(engine);
  const news: OutageNews[] = [];
  const source = new KubernetesSource({
    server,
    url: 'https://api',
    tables,
    batch: (change) => engine.batch(change),
    read: createResourceReader().read,
    revision: 'default',
    written: new Set(['ServiceEntry']),
    ...(withoutGroups === undefined ? {} : { withoutGroups }),
    clock,
    onOutage: (one) => news.push(one),
  });
  onTestFinished(async () => source.close());
  void source.start();
  const services = () => [...tables.resources.Service.values()].map(({ metadata }) => metadata.name);
  const codes = () => [...tables.findings.values()].map(({ code }) => code);
  return { server, clock, engine, tables, source, services, codes, news };
}

describe('a cluster', () => {
  it('shows nothing of itself before all kinds were seen, and then everything in one batch', async () => {
    const { server, tables, engine, source, services } = follow();
    const batches: number[] = [];
    engine.sink(tables.resources.Service, (diff) => batches.push(diff.length));
    const streams = new Map<string, Stream>();
    for (const path of paths) streams.set(path, await server.of(path));
    const late = streams.get(namespacesPath);
    streams.get(servicesPath)?.say({ type: 'ADDED', object: service('a') }, { type: 'ADDED', object: service('b') });
    for (const [path, stream] of streams) if (path !== namespacesPath) stream.say(allSent);
    const watch = await server.of(servicesPath);
    watch.say({ type: 'DELETED', object: service('b') }, { type: 'ADDED', object: service('c') });
    await vi.waitFor(() => expect(server.streams.size).toBe(kinds.length - 2));
    expect([source.state, services()]).toEqual(['syncing', []]);
    late?.say(allSent);
    await vi.waitFor(() => expect(source.state).toBe('live'));
    expect(services()).toEqual(['a', 'c']);
    expect(batches).toEqual([2]);
  });

  it('has nothing that went, and all that changed, before the list of it was complete', async () => {
    const { server, source, tables } = follow();
    const streams = new Map<string, Stream>();
    for (const path of paths) streams.set(path, await server.of(path));
    streams.get(servicesPath)?.say({ type: 'ADDED', object: service('a') }, { type: 'ADDED', object: service('b') });
    streams
      .get(servicesPath)
      ?.say({ type: 'DELETED', object: service('a') }, { type: 'MODIFIED', object: service('b', 81) });
    for (const stream of streams.values()) stream.say(allSent);
    await vi.waitFor(() => expect(source.state).toBe('live'));
    expect([...tables.resources.Service.values()].map(({ metadata }) => [metadata.name, metadata.generation])).toEqual([
      ['b', 81],
    ]);
  });

  it('removes nothing while one kind is not seen as it is now, be it another', async () => {
    const { server, watch, source, services, clock, codes } = await followLive('a', 'b');
    (await server.of(routersPath)).fail(new ApiFailure('connection refused'));
    await vi.waitFor(() => expect(source.state).toBe('stale'));
    expect(codes()).toEqual(['ISTH1511']);
    watch.say({ type: 'DELETED', object: service('a') }, { type: 'ADDED', object: service('c') });
    await vi.waitFor(() => expect(services()).toEqual(['a', 'b', 'c']));
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(2000);
    (await server.of(routersPath)).say({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '6' } } });
    await vi.waitFor(() => expect(services()).toEqual(['b', 'c']));
    expect(codes()).toEqual([]);
  });

  it('tells once that the server is away, and once that it is back, whatever is read of it, and nothing of a connection that breaks', async () => {
    const { server, source, clock, news } = follow();
    const begin = async (): Promise<void> => {
      for (const path of paths) (await server.of(path)).say(allSent);
    };
    const refuse = async (some: readonly string[]): Promise<void> => {
      for (const path of some) (await server.of(path)).fail(new ApiFailure('connect ECONNREFUSED'));
    };
    await begin();
    await vi.waitFor(() => expect(source.state).toBe('live'));
    const [first = '', ...others] = paths;
    await refuse([first]);
    await vi.waitFor(() => expect(source.state).toBe('stale'));
    expect(news).toEqual([]);
    await refuse(others);
    await vi.waitFor(() => expect(clock.pending).toBe(paths.length));
    expect(news).toEqual([{ state: 'away', reason: 'connect ECONNREFUSED' }]);
    clock.advance(2000);
    await refuse(paths);
    await vi.waitFor(() => expect(clock.pending).toBe(paths.length));
    clock.advance(85_000);
    const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '6' } } };
    for (const path of paths) (await server.of(path)).say(bookmark);
    await vi.waitFor(() => expect(source.state).toBe('live'));
    expect(news.slice(1)).toEqual([{ state: 'back', awayMs: 87_000 }]);
  });

  it('doubts for a minute that a kind is gone with its objects', async () => {
    const { server, watch, source, services, clock, codes } = await followLive('a');
    server.absent.add('services');
    watch.fail(new ApiFailure('there is no such kind', { status: 404 }));
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(2000);
    await vi.waitFor(() => expect(codes()).toEqual(['ISTH1512']));
    expect([source.state, services()]).toEqual(['stale', ['a']]);
    clock.advance(59_999);
    expect(services()).toEqual(['a']);
    clock.advance(1);
    await vi.waitFor(() => expect(services()).toEqual([]));
    expect([source.state, codes()]).toEqual(['live', []]);
  });

  it('keeps all that it has while a gateway before the server says that there is nothing at all', async () => {
    const { server, watch, source, services, clock, codes } = await followLive('a');
    server.face = 'lost';
    const notFound = new ApiFailure('default backend - 404', { status: 404 });
    watch.fail(notFound);
    for (const path of paths) if (path !== servicesPath) (await server.of(path)).fail(notFound);
    for (let minute = 0; minute < 10; minute++) {
      await vi.waitFor(() => expect(clock.pending).toBe(paths.length));
      clock.advance(60_000);
    }
    await vi.waitFor(() => expect(clock.pending).toBe(paths.length));
    expect([source.state, services()]).toEqual(['stale', ['a']]);
    expect(new Set(codes())).toEqual(new Set(['ISTH1511']));
    server.face = 'whole';
    clock.advance(60_000);
    const streams = new Map<string, Stream>();
    for (const path of paths) streams.set(path, await server.of(path));
    for (const [path, stream] of streams)
      stream.say(...(path === servicesPath ? [{ type: 'ADDED', object: service('a') }] : []), allSent);
    await vi.waitFor(() => expect([source.state, services(), codes()]).toEqual(['live', ['a'], []]));
  });

  it('is not taken for seen by what a server says that has just started, and does not know its groups yet', async () => {
    const server = new ScriptedCluster();
    server.face = 'starting';
    const { source, clock } = follow(undefined, server);
    const core = paths.filter((path) => path.startsWith('/api/'));
    for (const path of core) (await server.of(path)).say(allSent);
    await vi.waitFor(() => expect(clock.pending).toBe(paths.length - core.length));
    expect(source.state).toBe('syncing');
    server.face = 'whole';
    clock.advance(3000);
    for (const path of paths) if (!core.includes(path)) (await server.of(path)).say(allSent);
    await vi.waitFor(() => expect(source.state).toBe('live'));
  });

  it('keeps what it has of a kind that it may not read any more, and removes of all others what goes', async () => {
    const { server, watch, source, services, codes, tables } = await followLive('a');
    watch.fail(new ApiFailure('services is forbidden', { status: 403 }));
    await vi.waitFor(() => expect(codes()).toEqual(['ISTH1510']));
    expect([source.state, source.isComplete, services()]).toEqual(['live', false, ['a']]);
    expect([tables.resources.Service.state, tables.resources.Namespace.state]).toEqual(['stale', 'live']);
    const namespaces = await server.of(namespacesPath);
    const shop = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', resourceVersion: '6' } };
    namespaces.say({ type: 'ADDED', object: shop });
    await vi.waitFor(() => expect(tables.resources.Namespace.size).toBe(1));
    namespaces.say({ type: 'DELETED', object: shop });
    await vi.waitFor(() => expect(tables.resources.Namespace.size).toBe(0));
  });

  it('heeds what bears our labels and is of a kind that we do not write: they were copied', async () => {
    const { watch, services } = await followLive();
    const labels = { 'app.kubernetes.io/managed-by': 'isthmus', 'isthmus.dev/rev': 'default' };
    const copied = service('copied');
    watch.say({ type: 'ADDED', object: { ...copied, metadata: { ...copied.metadata, labels } } });
    await vi.waitFor(() => expect(services()).toEqual(['copied']));
  });

  it('tells nothing of an object with errors whose Namespace is left out since', async () => {
    const { server, watch, codes } = await followLive();
    const shop = (labels: object) => ({
      type: 'MODIFIED',
      object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', resourceVersion: '6', labels } },
    });
    watch.say({ type: 'ADDED', object: { ...service('bad'), spec: { ports: 'none' } } });
    await vi.waitFor(() => expect(codes()).toEqual(['ISTH0103']));
    const namespaces = await server.of(namespacesPath);
    namespaces.say(shop({ 'isthmus.dev/ignore': 'true' }));
    await vi.waitFor(() => expect(codes()).toEqual([]));
    namespaces.say(shop({}));
    await vi.waitFor(() => expect(codes()).toEqual(['ISTH0103']));
  });

  it('does not ask for kinds that are none of its mesh by choice, and is complete without them', async () => {
    const { server, source, codes, tables } = follow(new Set(['networking.istio.io', 'security.istio.io']));
    const asked = kinds.filter(({ group }) => !group.endsWith('.istio.io'));
    for (const {
      group,
      plural,
      versions: [version = ''],
    } of asked)
      (await server.of(collectionPath({ group, version, plural }))).say(allSent);
    await vi.waitFor(() => expect(source.state).toBe('live'));
    expect([source.isComplete, codes(), tables.resources.ServiceEntry.state]).toEqual([true, [], 'live']);
    expect([...server.streams.keys()].filter((path) => path.includes('istio.io'))).toEqual([]);
  });

  it.each(['PeerAuthentication', 'AuthorizationPolicy', 'RequestAuthorizationPolicy', 'MeshConfig'])(
    'is not live before %s was read once, which keeps callers out, and stays so when it may not be read any more',
    async (kind) => {
      const { server, source, codes, clock } = follow();
      const { group = '', plural = '', versions: [version = ''] = [] } = kinds.find((one) => one.kind === kind) ?? {};
      const path = collectionPath({ group, version, plural });
      const streams = new Map<string, Stream>();
      for (const one of paths) streams.set(one, await server.of(one));
      const forbidden = new ApiFailure('it is forbidden', { status: 403 });
      for (const [one, stream] of streams) one === path ? stream.fail(forbidden) : stream.say(allSent);
      await vi.waitFor(() => expect(codes()).toEqual(['ISTH1510']));
      await vi.waitFor(() => expect(server.streams.size).toBe(kinds.length - 1));
      expect(source.state).toBe('stale');
      clock.advance(5000);
      (await server.of(path)).say(allSent);
      await vi.waitFor(() => expect(source.state).toBe('live'));
      (await server.of(path)).fail(forbidden);
      await vi.waitFor(() => expect(codes()).toEqual(['ISTH1510']));
      expect(source.state).toBe('live');
    },
  );

  it('takes all of one piece as one batch, and an object that is none harms no other', async () => {
    const { watch, services, tables, engine } = await followLive();
    const batches: string[][] = [];
    engine.sink(tables.resources.Service, (diff) => batches.push(diff.map(({ key }) => key)));
    const bad = { ...service('bad'), spec: { ports: 'none' } };
    watch.say(
      { type: 'ADDED', object: service('a') },
      { type: 'ADDED', object: null },
      { type: 'ADDED', object: { metadata: {} } },
      { type: 'ADDED', object: bad },
      { type: 'ADDED', object: service('b') },
    );
    await vi.waitFor(() => expect(services()).toEqual(['a', 'b']));
    expect(batches).toEqual([['Service/shop/a', 'Service/shop/b']]);
  });
});
