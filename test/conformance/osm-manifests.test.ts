import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadOffline } from '../../src/main/offline.ts';

const folder = path.join(import.meta.dirname, 'osm');

test('of a folder with all kinds and versions of Open Service Mesh, each object is read, and said to be not in force yet', async () => {
  const mesh = await loadOffline([folder]);
  const findings = await mesh.findings();
  const codes = new Set(findings.map(({ code }) => code));
  expect([...codes]).toEqual(['ISTH0119']);
  const objects = findings.map(({ object }) => `${object.kind}/${object.namespace}/${object.name}`);
  // Seven policies, and three objects of configuration in each of two versions.
  expect(mesh.resourceCount).toBe(7 + 2 * 3);
  expect(new Set(objects).size).toBe(mesh.resourceCount);
  expect(objects).toHaveLength(mesh.resourceCount);
});

test.each(readdirSync(folder))('%s has nothing else wrong by itself', async (file) => {
  const findings = await (await loadOffline([path.join(folder, file)])).findings();
  expect(findings.filter(({ code }) => code !== 'ISTH0119')).toEqual([]);
});
