import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import { createResourceReader } from '../../resources/reader.ts';
import { createSourceTables } from '../resource-tables.ts';
import { loadOnce } from './load-once.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-load-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function load(paths: readonly string[], input = '') {
  const engine = new Engine({ validate: true });
  const tables = createSourceTables(engine);
  await loadOnce({
    paths,
    standardInput: Buffer.from(input),
    tables,
    batch: (change) => engine.batch(change),
    read: createResourceReader().readAll,
  });
  const findings = [...tables.findings.values()].map(({ code, place }) => [code, place?.file, place?.line]);
  return { names: [...tables.resources.Namespace.keys()], findings, state: tables.resources.Namespace.state };
}

const namespace = (name: string) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`;

describe('loading once', () => {
  it('reads files, folders and standard input, each file once', async () => {
    await writeFile(join(folder, 'a.yaml'), `${namespace('a')}---\n${namespace('b')}`);
    await writeFile(join(folder, 'c.txt'), namespace('c'));
    const { names, findings, state } = await load(
      [folder, join(folder, 'a.yaml'), join(folder, 'c.txt'), '-'],
      namespace('d'),
    );
    expect(names.sort()).toEqual(['a', 'b', 'c', 'd'].map((name) => `Namespace//${name}`));
    expect(findings).toEqual([]);
    expect(state).toBe('live');
  });

  it('says what cannot be read, and where, and reads the rest', async () => {
    await writeFile(
      join(folder, 'a.yaml'),
      `${namespace('a')}---\n# c\na: [\n---\n${namespace('b').replace('b', 'B')}`,
    );
    const missing = join(folder, 'missing.yaml');
    const { names, findings } = await load([missing, join(folder, 'a.yaml')]);
    expect(names).toEqual(['Namespace//a']);
    expect(findings).toEqual(
      expect.arrayContaining([
        ['ISTH0001', undefined, undefined],
        ['ISTH0002', join(folder, 'a.yaml'), 7],
        ['ISTH0116', join(folder, 'a.yaml'), 10],
      ]),
    );
  });

  it('reads the items of a List, and says where in it a mistake stands', async () => {
    const text = `apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Namespace\n    metadata:\n      name: a\n  - apiVersion: v1\n    kind: Namespace\n    metadata:\n      name: B\n`;
    const { names, findings } = await load(['-'], text);
    expect(names).toEqual(['Namespace//a']);
    expect(findings).toEqual([['ISTH0116', '-', 11]]);
  });
});
