import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkRegistry } from './registry-check.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isthmus-check-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const registry = (name: string, spec: string): string =>
  `apiVersion: isthmus.dev/v1alpha1\nkind: ServiceRegistry\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
const usable = (name: string): string => registry(name, '{ type: Snapshot, addresses: [registry.json] }');

async function check(name: string | undefined, ...manifests: readonly string[]) {
  await writeFile(path.join(folder, 'in.yaml'), manifests.join('---\n'));
  await writeFile(path.join(folder, 'registry.json'), '{"services":[]}');
  return checkRegistry([path.join(folder, 'in.yaml')], name, 5_000, () => {});
}

describe('a check', () => {
  it('is of the registry that is named, or of the only one', async () => {
    expect((await check('b', usable('a'), usable('b'))).status.registry).toBe('b');
    expect((await check(undefined, usable('a'))).status.registry).toBe('a');
  });

  it('asks which, where there are several, and says nothing of what else is wrong', async () => {
    const odd = '{ "services": [] }\n';
    await expect(check(undefined, usable('a'), usable('b'), odd)).rejects.toMatchObject({
      code: 'USAGE',
      message: 'Say which registry, before -f: a, b.',
    });
  });

  it('of a registry that is not there names those that are', async () => {
    await expect(check('c', usable('a'), usable('b'))).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: 'There is no usable ServiceRegistry "c" in what was given. There are: a, b.',
    });
  });

  it('of a registry that is not valid says what is wrong with it, and where', async () => {
    const wrong = registry('c', '{ type: Etcd, addresses: [] }');
    await expect(check('c', '{ "services": [] }\n', usable('a'), wrong)).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringMatching(
        /ServiceRegistry "c" .*in\.yaml:\d+: ServiceRegistry c spec\.addresses: .*at least 1/,
      ),
    });
  });
});
