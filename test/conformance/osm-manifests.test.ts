import path from 'node:path';
import { expect, test } from 'vitest';
import { loadOffline } from '../../src/main/offline.ts';

const folder = path.join(import.meta.dirname, 'osm');
const surroundings = path.join(import.meta.dirname, 'osm-surroundings.yaml');

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

test('where what it names is there, nothing is wrong with a policy as it is published, and what is not in force is told', async () => {
  const mesh = await loadOffline([path.join(folder, 'policies.yaml'), surroundings]);
  expect(mesh.resourceCount).toBe(7 + 9);
  const found = (await mesh.findings()).map(({ severity, code, object }) => `${severity} ${code} ${object.name}`);
  // The one has addresses and no host; the other speaks of its workloads' requests alone.
  expect(found.toSorted()).toEqual(['info ISTH1422 access-log', 'warning ISTH1404 mysql']);
});

test.each([
  ['config-v1alpha1.yaml', []],
  // A token in a Secret, which is not there.
  ['config-v1alpha2.yaml', ['ISTH1211 spec.provider.vault.token']],
])('nothing else is wrong with %s as it is published', async (file, wrong) => {
  const findings = await (await loadOffline([path.join(folder, file)])).findings();
  const errors = findings.filter(({ severity }) => severity === 'error');
  expect(errors.map(({ code, path: at }) => `${code} ${at}`)).toEqual(wrong);
});
