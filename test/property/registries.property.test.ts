/** Services of a registry: the order in which it says things changes no byte of what comes of them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { loadOffline } from '../../src/main/offline.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-registries-'));
afterAll(() => rmSync(folder, { recursive: true }));

const text = fc.constantFrom('a', 'A', 'a_b', 'a-b', 'ä', 'grpc', '');
const instance = fc.record({
  id: fc.constantFrom('1', '2', '3', '4'),
  address: fc.constantFrom('10.0.0.1', '10.0.0.2', '127.0.0.1', 'name.example'),
  ports: fc.array(fc.record({ number: fc.constantFrom(80, 81), protocol: text }), { minLength: 1, maxLength: 2 }),
  weight: fc.constantFrom(0, 0.5, 1, 100),
  health: fc.constantFrom('up', 'down', 'draining'),
  isolated: fc.boolean(),
  locality: fc.record({ region: text, zone: text }),
  metadata: fc.dictionary(fc.constantFrom('version', 'protocol', 'x y'), text, { maxKeys: 2 }),
});
const service = fc.record({
  namespace: fc.constantFrom('', 'prod'),
  name: fc.constantFrom('orders', 'Orders', 'or.ders', 'stock', '???'),
  instances: fc.uniqueArray(instance, { maxLength: 4, selector: ({ id }) => id }),
});
const services = fc.uniqueArray(service, {
  maxLength: 5,
  selector: ({ namespace, name }) => `${namespace}/${name}`,
});

const manifest = `apiVersion: isthmus.dev/v1alpha1
kind: ServiceRegistry
metadata: { name: some }
spec: { type: Snapshot, addresses: [some.json] }
`;

async function translated(content: unknown): Promise<string> {
  writeFileSync(path.join(folder, 'registry.yaml'), manifest);
  writeFileSync(path.join(folder, 'some.json'), JSON.stringify(content));
  const mesh = await loadOffline([path.join(folder, 'registry.yaml')]);
  const xds = mesh.xds({ id: 'sidecar~192.0.2.1~client.default~cluster.local', kind: 'metaproxy', serviceAccount: '' });
  const findings = (await mesh.findings()).map(({ code, message }) => `${code} ${message}`).toSorted();
  return JSON.stringify([mesh.istio(), xds, findings]);
}

it('a snapshot in another order is the same mesh, to the byte', async () => {
  await fc.assert(
    fc.asyncProperty(services, fc.infiniteStream(fc.nat()), async (all, random) => {
      const shuffled = <T>(list: readonly T[]): readonly T[] =>
        list
          .map((one) => [Number(random.next().value), one] as const)
          .toSorted(([a], [b]) => a - b)
          .map(([, one]) => one);
      const other = shuffled(all).map((one) => ({ ...one, instances: shuffled(one.instances) }));
      expect(await translated({ services: other })).toBe(await translated({ services: all }));
    }),
    { numRuns: 60 },
  );
});
