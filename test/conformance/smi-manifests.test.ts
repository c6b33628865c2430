import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadOffline } from '../../src/main/offline.ts';

const folder = path.join(import.meta.dirname, 'smi');
/** Access is enforced in it. */
const mesh = path.join(import.meta.dirname, 'smi-mesh.yaml');

test('a folder with all kinds and versions of SMI has nothing wrong', async () => {
  const loaded = await loadOffline([folder, mesh]);
  expect(await loaded.findings()).toEqual([]);
  // Four versions with three services and four of SMI's objects each; v1alpha4 has three more; and the MeshConfig.
  expect(loaded.resourceCount).toBe(4 * (3 + 4) + 3 + 1);
});

test.each(readdirSync(folder))('so has %s by itself', async (file) => {
  const loaded = await loadOffline([path.join(folder, file), mesh]);
  expect(await loaded.findings()).toEqual([]);
});
