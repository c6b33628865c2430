/** The mesh model against random resources: the order in which they come, and what came before, make no difference. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  applicationProtocol,
  destinationRule,
  endpointSlice,
  kubernetesService,
  metaRouter,
  migrationPlan,
  protocolCodec,
  serviceEntry,
  type TestMesh,
  testMesh,
  workloadEntry,
} from '../../src/mesh/mesh-fixture.ts';
import { migrationStages } from '../../src/model/migration.ts';
import type { AnyResource, ServiceEntry } from '../../src/resources/kinds.ts';

const id = fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('x', 'y', 'z')).map((parts) => parts.join('/'));
const host = fc.constantFrom('x', 'y.b', 'x.a.svc.cluster.local', 'h.example', '*.example', 'g.example');
const created = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
const metadata = created.map((at) => (at === undefined ? {} : { created: at }));
const exportTo = fc.constantFrom(['*'], ['.'], ['~'], ['b'], ['a', 'b']);
const address = fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1', 'name.example', 'unix:///run/x', '');
const workload = fc.record({
  address,
  labels: fc.constantFrom({}, { app: 'x' }, { app: 'y', version: 'v1' }),
  weight: fc.nat(3),
  locality: fc.constantFrom('', 'r/z', 'r/z/s'),
});
const portName = fc.constantFrom(
  'tcp-metaprotocol-thrift',
  'tcp-metaprotocol-own',
  'tcp-metaprotocol',
  'http',
  'tcp-redis',
);
const ports = fc.uniqueArray(fc.record({ number: fc.constantFrom(80, 81, 82), name: portName }), {
  minLength: 1,
  maxLength: 2,
  selector: (port) => port.number,
});
const resolution = fc.constantFrom<ServiceEntry['spec']['resolution']>('STATIC', 'DNS', 'NONE');
const members = fc.oneof(
  fc.record({ endpoints: fc.array(workload, { maxLength: 3 }) }),
  fc.constant({ workloadSelector: { labels: { app: 'x' } } }),
);
const addresses = fc.constantFrom([], ['10.9.0.1'], ['10.9.0.0/16', '10.9.0.1']);

const entry = fc
  .tuple(
    id,
    fc.record({ hosts: fc.array(host, { minLength: 1, maxLength: 2 }), ports, resolution, exportTo, addresses }),
    members,
    metadata,
  )
  .map(([name, spec, more, meta]) => serviceEntry(name, { ...spec, ...more }, meta));
const kubernetes = fc
  .tuple(id, fc.constantFrom(['10.9.0.1'], ['None']), metadata)
  .map(([name, clusterIPs, meta]) => kubernetesService(name, { clusterIPs, selector: { app: 'x' } }, meta));
const slice = fc.tuple(id, fc.constantFrom('x', 'y', ''), address).map(([name, serviceName, ip]) =>
  endpointSlice(name, {
    serviceName,
    ports: [{ name: 'tcp-metaprotocol-thrift', port: 9000, protocol: 'TCP' }],
    endpoints: [{ addresses: [ip], conditions: { ready: true, serving: true, terminating: false } }],
  }),
);
const destination = fc.record({ host, subset: fc.constantFrom('', 'v1', 'v9') });
const route = fc.array(fc.record({ destination, weight: fc.nat(2) }), { maxLength: 2 });
const router = fc
  .tuple(id, host, fc.array(fc.record({ route }), { maxLength: 2 }), exportTo, metadata)
  .map(([name, of, routes, to, meta]) => metaRouter(name, { hosts: [of], routes, exportTo: to }, meta));
const rule = fc
  .tuple(id, host, exportTo, metadata)
  .map(([name, of, to, meta]) => destinationRule(name, { host: of, subsets: [{ name: 'v1' }], exportTo: to }, meta));
const protocol = fc
  .tuple(id, fc.constantFrom('own', 'thrift'), fc.constantFrom('x', 'nothing'), metadata)
  .map(([name, of, codec, meta]) => applicationProtocol(name, of, codec, meta));
const codec = id.map((name) => protocolCodec(name, { from: name }));
const plan = fc
  .tuple(id, host, host, fc.constantFrom(...migrationStages), fc.constantFrom('alias.example', 'h.example'), metadata)
  .map(([name, from, to, stage, alias, meta]) =>
    migrationPlan(name, { host: from, to: { host: to, ports: [] }, stage, alias }, meta),
  );
const selected = fc.tuple(id, workload).map(([name, spec]) => workloadEntry(name, spec));

const resource: fc.Arbitrary<AnyResource> = fc.oneof(
  { weight: 4, arbitrary: entry },
  { weight: 2, arbitrary: kubernetes },
  slice,
  { weight: 2, arbitrary: router },
  rule,
  protocol,
  codec,
  { weight: 2, arbitrary: plan },
  { weight: 2, arbitrary: selected },
);

function contents({ mesh, engine }: TestMesh): unknown {
  const collections = Object.values(mesh).filter((part) => 'entries' in part);
  return [...collections, engine.findings].map((collection) => [
    collection.name,
    [...collection.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}

it('the same resources give the same mesh, whatever their order and whatever was there before', () => {
  const resources = fc.uniqueArray(resource, { maxLength: 14, selector: ({ key }) => key });
  fc.assert(
    fc.property(
      resources,
      fc.array(resource, { maxLength: 6 }),
      fc.infiniteStream(fc.nat()),
      (all, earlier, random) => {
        const atOnce = testMesh();
        atOnce.set(...all);
        const expected = contents(atOnce);

        const shuffled = testMesh();
        const order = new Map(all.map(({ key }) => [key, random.next().value]));
        shuffled.set(...all.toSorted((a, b) => Number(order.get(a.key)) - Number(order.get(b.key))));
        expect(contents(shuffled)).toEqual(expected);

        const oneByOne = testMesh();
        for (const old of earlier) oneByOne.set(old);
        for (const one of all.toReversed()) oneByOne.set(one);
        oneByOne.remove(...earlier.filter(({ key }) => !order.has(key)));
        expect(contents(oneByOne)).toEqual(expected);
      },
    ),
    { numRuns: 150 },
  );
});

it('no resources make a derivation fail', () => {
  fc.assert(
    fc.property(fc.array(resource, { maxLength: 14 }), (resources) => {
      const { set, findings } = testMesh();
      set(...resources);
      expect(findings().filter((found) => found.startsWith('ISTH09'))).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
