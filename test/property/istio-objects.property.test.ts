/** What Istio is told, whatever the order in which manifests are read: the golden pairs' manifests, in any order. */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { loadOffline } from '../../src/main/offline.ts';
import type { EnvoyFilter } from '../../src/translate/istio/envoy-filters.ts';
import { type IstioObject, istioObjectKey } from '../../src/translate/istio/istio-objects.ts';

const goldens = path.resolve(import.meta.dirname, '../golden');
const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-istio-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** By golden; those that need files beside them are left out. */
const manifests = globSync('*/in.yaml', { cwd: goldens })
  .sort()
  .map((file) => [path.dirname(file), readFileSync(path.join(goldens, file), 'utf8').split(/^---$/m)] as const)
  .filter(([, documents]) => !documents.some((document) => document.includes('kind: ServiceRegistry')));

async function told(documents: readonly string[]): Promise<readonly IstioObject[]> {
  const file = path.join(folder, 'in.yaml');
  writeFileSync(file, documents.join('\n---\n'));
  return (await loadOffline([file])).istio();
}

function isEnvoyFilter(object: IstioObject): object is EnvoyFilter {
  return object.kind === 'EnvoyFilter';
}

describe('what Istio is told', () => {
  it('is something', () => {
    expect(manifests.length).toBeGreaterThan(10);
  });

  it.each(manifests)('is the same bytes in whatever order %s is read', async (_, documents) => {
    const expected = JSON.stringify(await told(documents));
    const anyOrder = fc.shuffledSubarray([...documents], { minLength: documents.length });
    await fc.assert(
      fc.asyncProperty(anyOrder, async (shuffled) => {
        expect(JSON.stringify(await told(shuffled))).toBe(expected);
      }),
      { numRuns: 4 },
    );
  });

  it.each(manifests)('has names that Kubernetes takes, and no empty patch, of %s', async (_, documents) => {
    const objects = await told(documents);
    expect(new Set(objects.map(istioObjectKey)).size).toBe(objects.length);
    for (const { metadata } of objects) {
      expect(metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
      expect(metadata.name.length).toBeLessThanOrEqual(253);
      expect(metadata.annotations['isthmus.dev/source']).toMatch(/^\w+ \S+$/);
    }
    for (const { spec } of objects.filter(isEnvoyFilter)) {
      expect(spec.configPatches.length).toBeGreaterThan(0);
      expect(Object.keys(spec.workloadSelector?.labels ?? { all: '' }).length).toBeGreaterThan(0);
      for (const { patch } of spec.configPatches) {
        if (patch.operation !== 'REMOVE') expect(Object.keys(patch.value ?? {}).length).toBeGreaterThan(0);
      }
    }
  });
});
