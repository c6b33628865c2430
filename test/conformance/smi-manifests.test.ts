import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadOffline } from '../../src/main/offline.ts';

const folder = path.join(import.meta.dirname, 'smi');

test('a folder with all kinds and versions of SMI has nothing wrong', async () => {
  const mesh = await loadOffline([folder]);
  expect(await mesh.findings()).toEqual([]);
  // Four versions with three services and four of SMI's objects each; v1alpha4 has three more.
  expect(mesh.resourceCount).toBe(4 * (3 + 4) + 3);
});

test.each(readdirSync(folder))('so has %s by itself', async (file) => {
  const mesh = await loadOffline([path.join(folder, file)]);
  expect(await mesh.findings()).toEqual([]);
});
