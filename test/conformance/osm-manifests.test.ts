import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadOffline } from '../../src/main/offline.ts';

const folder = path.join(import.meta.dirname, 'osm');

/** Of files, schemas and rules of the kinds: what else there is needs services and other objects, which are not here. */
const isOfReading = (code: string): boolean => /^ISTH0[0-2]/.test(code) && code !== 'ISTH0119';

test('of a folder with all kinds and versions of Open Service Mesh, each object is read', async () => {
  const mesh = await loadOffline([folder]);
  // Seven policies, and three objects of configuration in each of two versions.
  expect(mesh.resourceCount).toBe(7 + 2 * 3);
});

test.each(readdirSync(folder))('%s has nothing wrong by itself', async (file) => {
  const findings = await (await loadOffline([path.join(folder, file)])).findings();
  expect(findings.filter(({ code }) => isOfReading(code))).toEqual([]);
});
