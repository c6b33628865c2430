import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { registerCodecModules } from './codec-modules.ts';
import { findCodec } from './registry.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-codec-modules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function moduleOf(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return pathToFileURL(file).href;
}

const codecText = (name: string): string => `{
  name: '${name}', capabilities: {}, properties: {},
  decoder() {}, reader() {}, list() {}, rewriteId() {}, mutate() {}, errorReply() {}, heartbeatReply() {},
}`;

test('a codec of a module is found by its name afterwards', async () => {
  const url = moduleOf('own.mjs', `export const other = 7; export const own = ${codecText('own')};`);
  expect(findCodec('own')).toBeUndefined();
  expect((await registerCodecModules([url])).map(({ name }) => name)).toEqual(['own']);
  expect(findCodec('own')).toMatchObject({ codec: { name: 'own' } });
});

test('a module without a codec, and one that does not load, are named', async () => {
  const empty = moduleOf('empty.mjs', 'export const codec = {};');
  await expect(registerCodecModules([empty])).rejects.toThrow(`${empty} exports no codec`);
  const broken = moduleOf('broken.mjs', 'throw new Error("broken")');
  await expect(registerCodecModules([broken])).rejects.toThrow('cannot be loaded: broken');
});

test('a built-in codec is never replaced', async () => {
  const url = moduleOf('thief.mjs', `export const thief = ${codecText('aeraki.meta_protocol.codec.thrift')};`);
  await expect(registerCodecModules([url])).rejects.toThrow('is built in');
});
