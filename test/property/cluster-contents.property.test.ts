import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Engine } from '../../src/collections/engine.ts';
import { parseLabelSelector } from '../../src/model/label-selector.ts';
import type { Kind } from '../../src/resources/kinds.ts';
import { createResourceReader } from '../../src/resources/reader.ts';
import { BatchSink } from '../../src/sources/batch-sink.ts';
import { ClusterContents } from '../../src/sources/kubernetes/cluster-contents.ts';
import { NamespaceScope } from '../../src/sources/kubernetes/namespace-scope.ts';
import { type KnownObject, readObject } from '../../src/sources/kubernetes/object-reading.ts';
import { OwnedFindings } from '../../src/sources/owned-findings.ts';
import { createSourceTables, setStates } from '../../src/sources/resource-tables.ts';

const { read } = createResourceReader();

type Labels = Readonly<Record<string, string>>;

interface Cluster {
  readonly namespaces: Map<string, Labels>;
  /** By `namespace/name`. */
  readonly services: Map<string, { readonly labels: Labels; readonly port: number }>;
}

function namespaceObject(name: string, labels: Labels): KnownObject {
  return known('Namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
}

function serviceObject(id: string, { labels, port }: { readonly labels: Labels; readonly port: number }): KnownObject {
  const [namespace = '', name = ''] = id.split('/');
  const spec = { ports: [{ port }] };
  return known('Service', { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name, labels }, spec });
}

function known(kind: Kind, value: object): KnownObject {
  const object = readObject(kind, value, read);
  if (object === undefined) throw new Error('no object');
  return object;
}

function follow(selector: string) {
  const engine = new Engine({ validate: true });
  const tables = createSourceTables(engine);
  const select = parseLabelSelector(selector);
  if (select === undefined) throw new Error('no selector');
  const scope = new NamespaceScope({ revision: 'default', selector: select, written: new Set(['Service']) });
  const contents = new ClusterContents(tables, new OwnedFindings(tables.findings), scope);
  engine.batch(() => {
    tables.findings.setState('live');
    setStates(tables, 'live');
  });
  const change = (what: (sink: BatchSink) => void) => engine.batch(() => what(new BatchSink(tables)));
  const held = (): readonly string[] =>
    [
      ...tables.resources.Namespace.keys(),
      ...[...tables.resources.Service.entries()].map(([key, { spec }]) => `${key} ${spec.ports[0]?.port}`),
    ].toSorted();
  return { contents, change, held };
}

/** What a person expects who reads the labels as they are now. */
function heededOf({ namespaces, services }: Cluster, selector: string): readonly string[] {
  const isHeeded = (labels: Labels, namespace: string): boolean => {
    const around = namespaces.get(namespace) ?? {};
    const { 'isthmus.dev/rev': own } = labels;
    const { 'isthmus.dev/ignore': ignore, 'isthmus.dev/rev': shared = 'default' } = around;
    if (ignore === 'true' || (namespace === 'kube-system' && ignore !== 'false')) return false;
    if (selector === 'team=shop' && around.team !== 'shop') return false;
    return (own ?? shared) === 'default';
  };
  const isWritten = (labels: Labels): boolean => labels['app.kubernetes.io/managed-by'] === 'isthmus';
  return [
    ...[...namespaces].filter(([name, labels]) => isHeeded(labels, name)).map(([name]) => `Namespace//${name}`),
    ...[...services]
      .filter(([id, { labels }]) => !isWritten(labels) && isHeeded(labels, id.split('/')[0] ?? ''))
      .map(([id, { port }]) => `Service/${id} ${port}`),
  ].toSorted();
}

const revision = fc.constantFrom<Labels>(
  {},
  {},
  { 'isthmus.dev/rev': 'default' },
  { 'isthmus.dev/rev': 'other' },
  { 'isthmus.dev/rev': 'default', 'app.kubernetes.io/managed-by': 'isthmus' },
);
const ofNamespace = fc.constantFrom<Labels>(
  {},
  { team: 'shop' },
  { team: 'shop', 'isthmus.dev/ignore': 'true' },
  { 'isthmus.dev/ignore': 'false' },
  { team: 'shop', 'isthmus.dev/rev': 'other' },
  { 'isthmus.dev/rev': 'default' },
);
const name = fc.constantFrom('a', 'kube-system');
const id = fc.tuple(name, fc.constantFrom('x', 'y')).map((parts) => parts.join('/'));
const step = fc.oneof(
  fc.record({ what: fc.constant('service' as const), id, labels: revision, port: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ what: fc.constant('no service' as const), id }),
  fc.record({ what: fc.constant('namespace' as const), name, labels: ofNamespace }),
  fc.record({ what: fc.constant('no namespace' as const), name }),
  fc.record({ what: fc.constant('services anew' as const), gone: fc.array(id, { maxLength: 2 }) }),
);

test('whatever comes in whatever order, what is heeded is what the labels say as they are now', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.constantFrom('', 'team=shop'), (steps, selector) => {
      const { contents, change, held } = follow(selector);
      const cluster: Cluster = { namespaces: new Map(), services: new Map() };
      for (const one of steps)
        change((sink) => {
          if (one.what === 'service') {
            cluster.services.set(one.id, one);
            contents.put('Service', serviceObject(one.id, one), sink);
          } else if (one.what === 'no service') {
            cluster.services.delete(one.id);
            contents.lose('Service', `Service/${one.id}`, sink);
          } else if (one.what === 'namespace') {
            cluster.namespaces.set(one.name, one.labels);
            contents.put('Namespace', namespaceObject(one.name, one.labels), sink);
          } else if (one.what === 'no namespace') {
            cluster.namespaces.delete(one.name);
            contents.lose('Namespace', `Namespace//${one.name}`, sink);
          } else {
            for (const gone of one.gone) cluster.services.delete(gone);
            const all = [...cluster.services].map(([at, service]) => serviceObject(at, service));
            contents.replace('Service', all, sink);
          }
        });
      expect(held()).toEqual(heededOf(cluster, selector));
    }),
    { numRuns: 300 },
  );
});
