import path from 'node:path';
import { expect, test } from 'vitest';
import { loadOffline } from '../../src/main/offline.ts';

const folder = path.join(import.meta.dirname, 'osm');

/** What is said of an object by itself, whatever it names. */
const isOfReading = (code: string): boolean => /^ISTH0[0-2]/.test(code);

test('of a folder with all kinds and versions of Open Service Mesh, each object is read as it is published', async () => {
  const mesh = await loadOffline([folder]);
  // Seven policies, and three objects of configuration in each of two versions.
  expect(mesh.resourceCount).toBe(7 + 2 * 3);
  const findings = await mesh.findings();
  expect(findings.filter(({ code }) => isOfReading(code))).toEqual([]);
});

test('what a policy names that is not there is told, and nothing is opened for it', async () => {
  const mesh = await loadOffline([path.join(folder, 'policies.yaml')]);
  const found = (await mesh.findings()).map(({ code, object }) => `${code} ${object.kind}`);
  for (const due of ['ISTH1304 Egress', 'ISTH1410 IngressBackend', 'ISTH1414 IngressBackend', 'ISTH1420 Telemetry'])
    expect(found).toContain(due);
  expect(mesh.serviceCount).toBe(0);
});
