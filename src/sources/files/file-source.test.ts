import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import { TestClock } from '../../model/test-clock.ts';
import { createResourceReader } from '../../resources/reader.ts';
import { createSourceTables } from '../resource-tables.ts';
import { FileSource } from './file-source.ts';
import { type FileSystem, nodeFileSystem } from './file-system.ts';

const entry = (name: string, address = '10.0.0.1') => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, namespace: ns}
spec:
  hosts: [${name}.example.com]
  ports: [{number: 80, name: tcp}]
  resolution: STATIC
  endpoints:
    - address: ${address}
`;
const entries = (...names: string[]) => names.map((name) => entry(name)).join('---\n');

let folder: string;
let source: FileSource | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-files-'));
});
afterEach(async () => {
  await source?.close();
  source = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** A running source, and what its tables show, to be awaited. */
async function open(options: { readonly fileSystem?: FileSystem; readonly root?: string } = {}) {
  const engine = new Engine({ validate: true });
  const tables = createSourceTables(engine);
  const clock = new TestClock(Date.now() + 60_000);
  source = new FileSource({
    roots: [options.root ?? folder],
    tables,
    batch: (change) => engine.batch(change),
    read: createResourceReader().readAll,
    clock,
    ...(options.fileSystem === undefined ? {} : { fileSystem: options.fileSystem }),
  });
  await source.start();
  const shown = () =>
    Object.fromEntries(
      [...tables.resources.ServiceEntry.values()].map((one) => [one.metadata.name, one.spec.endpoints?.[0]?.address]),
    );
  const codes = () => [...new Set([...tables.findings.values()].map((one) => one.code))].sort();
  const until = (check: () => void) => untilHolds(engine, tables, check);
  // A read that met a write in progress is doubted too, and read again: not yet what the test wrote.
  const doubted = () =>
    until(() => {
      expect(codes()).toEqual(['ISTH0011']);
      expect([...tables.findings.values()].filter(({ message }) => message.includes('changes while'))).toEqual([]);
    });
  return { engine, tables, clock, shown, codes, until, doubted };
}

/** Waits for batches until the check passes; the test's own timeout is the bound. */
async function untilHolds(
  engine: Engine,
  tables: ReturnType<typeof createSourceTables>,
  check: () => void,
): Promise<void> {
  const passes = (): boolean => {
    try {
      check();
      return true;
    } catch {
      return false;
    }
  };
  if (passes()) return;
  await new Promise<void>((done) => {
    const collections = [tables.findings, tables.resources.ServiceEntry];
    const stops = collections.map((collection) =>
      engine.sink<unknown>(collection, () => {
        if (!passes()) return;
        for (const stop of stops) stop();
        done();
      }),
    );
  });
}

const write = (name: string, text: string | Buffer) => writeFile(join(folder, name), text);

/** A save under another name, renamed into place later than it was written, by more than a tick of the system's clock. */
async function writeFinished(name: string, text: string): Promise<void> {
  const other = join(folder, `${name}.new`);
  await writeFile(other, text);
  await utimes(other, 1_000_000_000, 1_000_000_000);
  await rename(other, join(folder, name));
}

describe('a watched folder', () => {
  it('is read whole before the source is live', async () => {
    await mkdir(join(folder, 'sub'));
    await write('a.yaml', entries('a', 'b'));
    await write('sub/c.yml', entry('c'));
    await write('d.json', JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'd' } }));
    await write('.hidden.yaml', entry('hidden'));
    await write('a.yaml~', entry('backup'));
    await write('notes.txt', 'no yaml: [');
    const { shown, codes, tables } = await open();
    expect(source?.state).toBe('live');
    expect(Object.keys(shown()).sort()).toEqual(['a', 'b', 'c']);
    expect([...tables.resources.Namespace.keys()]).toEqual(['Namespace//d']);
    expect(codes()).toEqual([]);
  });

  it('shows a change, a new file and a new folder at once', async () => {
    await write('a.yaml', entries('a', 'b'));
    const { shown, until } = await open();
    await write('a.yaml', `${entry('a', '10.0.0.99')}---\n${entry('b')}`);
    await until(() => expect(shown()).toEqual({ a: '10.0.0.99', b: '10.0.0.1' }));
    await write('c.yaml', entry('c'));
    await until(() => expect(shown()).toHaveProperty('c'));
    await mkdir(join(folder, 'deep/er'), { recursive: true });
    await write('deep/er/d.yaml', entry('d'));
    await until(() => expect(shown()).toHaveProperty('d'));
  });

  it('shows a file that an editor saved under another name and renamed', async () => {
    await write('a.yaml', entry('a'));
    const { shown, until } = await open();
    await write('.a.yaml.swp', entry('a', '10.0.0.2'));
    await rename(join(folder, '.a.yaml.swp'), join(folder, 'a.yaml'));
    await until(() => expect(shown()).toEqual({ a: '10.0.0.2' }));
  });

  it('takes a save that was renamed into place at its word, though it looks half-written', async () => {
    const long = entry('a').replace('spec:', 'spec:\n  exportTo: ["*"]');
    await write('a.yaml', long);
    const { shown, until } = await open();
    const block = entry('a', '10.0.0.3');
    const saves = [
      entry('a', '10.0.0.2'),
      `${block}${'#'.repeat(4095 - Buffer.byteLength(block))}\n`,
      entry('a', '10.0.0.4').trimEnd(),
    ];
    for (const [at, text] of saves.entries()) {
      await writeFinished('a.yaml', text);
      await until(() => expect(shown()).toEqual({ a: `10.0.0.${at + 2}` }));
    }
  });

  it('waits for what looks half-written and was not renamed into place', async () => {
    await write('a.yaml', entry('a').replace('spec:', 'spec:\n  exportTo: ["*"]'));
    const { shown, clock, until, doubted } = await open();
    await write('a.yaml', entry('a', '10.0.0.2'));
    await doubted();
    expect(shown()).toEqual({ a: '10.0.0.1' });
    clock.advance(2000);
    await until(() => expect(shown()).toEqual({ a: '10.0.0.2' }));
  });

  it('waits for a save that lost an object or cannot be read, even if it was renamed into place', async () => {
    await write('a.yaml', entries('a', 'b'));
    const { shown, clock, until, doubted } = await open();
    await writeFinished('a.yaml', entry('a', '10.0.0.2'));
    await doubted();
    expect(shown()).toEqual({ a: '10.0.0.1', b: '10.0.0.1' });
    clock.advance(2000);
    await until(() => expect(shown()).toEqual({ a: '10.0.0.2' }));
    await writeFinished('a.yaml', `${entry('a', '10.0.0.3')}---\n{`);
    await doubted();
    expect(shown()).toEqual({ a: '10.0.0.2' });
  });

  it('is not listed again for the files that editors leave beside a manifest', async () => {
    await write('a.yaml', entry('a'));
    let lists = 0;
    const list = (path: string) => {
      lists++;
      return nodeFileSystem.list(path);
    };
    const { shown, until } = await open({ fileSystem: { ...nodeFileSystem, list } });
    const before = lists;
    for (const address of ['10.0.0.2', '10.0.0.3', '10.0.0.4']) {
      await write('notes.txt', 'not a manifest');
      await write('a.yaml.new', entry('a', address));
      await rename(join(folder, 'a.yaml.new'), join(folder, 'a.yaml'));
      await until(() => expect(shown()).toEqual({ a: address }));
    }
    expect(lists).toBe(before);
  });

  it('notices that a folder in it was moved away, and removes its objects after the settle time', async () => {
    await mkdir(join(folder, 'sub'));
    await write('a.yaml', entry('a'));
    await write('sub/b.yaml', entry('b'));
    const { shown, clock, until, doubted } = await open();
    await rename(join(folder, 'sub'), join(folder, '.gone'));
    await doubted();
    expect(shown()).toEqual({ a: '10.0.0.1', b: '10.0.0.1' });
    clock.advance(2000);
    await until(() => expect(shown()).toEqual({ a: '10.0.0.1' }));
  });

  it('removes nothing while a file is truncated and written again', async () => {
    await write('a.yaml', entries('a', 'b'));
    const { shown, codes, until, clock, doubted } = await open();
    await write('a.yaml', '');
    await until(() => expect(codes()).toEqual(['ISTH0014']));
    await write('a.yaml', entry('a').slice(0, 60));
    await doubted();
    clock.advance(1999);
    expect(shown()).toEqual({ a: '10.0.0.1', b: '10.0.0.1' });
    await write('a.yaml', entries('a', 'b', 'c'));
    await until(() => expect(Object.keys(shown())).toEqual(['a', 'b', 'c']));
    expect(codes()).toEqual([]);
  });

  it('never removes what an empty file said, however long it stays empty', async () => {
    await write('a.yaml', entry('a'));
    await write('b.yaml', entry('b'));
    const { shown, codes, until, clock, doubted } = await open();
    await write('a.yaml', '\0\0\n');
    await until(() => expect(codes()).toEqual(['ISTH0014']));
    clock.advance(100_000);
    await write('b.yaml', entry('b', '10.0.0.7'));
    await until(() => expect(shown()).toEqual({ a: '10.0.0.1', b: '10.0.0.7' }));
    await write('a.yaml', '# nothing here any more\n');
    await doubted();
    clock.advance(2000);
    await until(() => expect(shown()).toEqual({ b: '10.0.0.7' }));
  });

  it('removes an object that a file lost when the file has stood still for the settle time', async () => {
    await write('a.yaml', entries('a', 'b'));
    const { shown, codes, until, clock, doubted } = await open();
    await write('a.yaml', entry('a'));
    await doubted();
    expect(shown()).toHaveProperty('b');
    clock.advance(2000);
    await until(() => expect(shown()).toEqual({ a: '10.0.0.1' }));
    expect(codes()).toEqual([]);
  });

  it('removes the objects of a deleted file after the settle time, and not those of one that came back', async () => {
    for (const name of ['a', 'b', 'c']) await write(`${name}.yaml`, entry(name));
    const { shown, until, clock, doubted } = await open();
    await unlink(join(folder, 'a.yaml'));
    await doubted();
    await unlink(join(folder, 'b.yaml'));
    await until(() => expect(shown()).toHaveProperty('b'));
    await write('a.yaml', entry('a', '10.0.0.5'));
    await until(() => expect(shown()).toMatchObject({ a: '10.0.0.5', b: '10.0.0.1' }));
    clock.advance(2000);
    await until(() => expect(shown()).toEqual({ a: '10.0.0.5', c: '10.0.0.1' }));
  });

  it('keeps the last good version of an object whose document is broken or refused, and uses the rest of the file', async () => {
    await write('a.yaml', entries('a', 'b', 'c'));
    const { shown, codes, until, clock, doubted } = await open();
    await write(
      'a.yaml',
      `${entry('a', '10.0.0.2')}---\n${entry('b')}  broken: [\n---\n${entry('c').replace('number: 80', 'number: many')}`,
    );
    await doubted();
    clock.advance(2000);
    await until(() => expect(shown()).toEqual({ a: '10.0.0.2', b: '10.0.0.1', c: '10.0.0.1' }));
    expect(codes()).toEqual(expect.arrayContaining(['ISTH0002', 'ISTH0012']));
    await write('a.yaml', `${entry('a', '10.0.0.3')}---\n${entry('b')}  broken: [\n---\n${entry('c', '10.0.0.4')}`);
    await until(() => expect(shown()).toEqual({ a: '10.0.0.3', b: '10.0.0.1', c: '10.0.0.4' }));
    await write('a.yaml', `${entry('a', '10.0.0.3')}---\n${entry('b', '10.0.0.9')}---\n${entry('c')}`);
    await until(() => expect(shown()).toEqual({ a: '10.0.0.3', b: '10.0.0.9', c: '10.0.0.1' }));
    expect(codes()).toEqual([]);
  });

  it('uses every other document of a file with documents that are no YAML, no UTF-8, bombs or no objects', async () => {
    const bomb = `a: &a [x, x]\n${[...'bcdefghijklmnopqrstuvwxyz'].map((name, at) => `${name}: &${name} [*${'abcdefghijklmnopqrstuvwxyz'[at]}, *${'abcdefghijklmnopqrstuvwxyz'[at]}]`).join('\n')}\n`;
    const parts = [
      entry('a'),
      'a: [\n',
      Buffer.from('a: \xe9\n', 'latin1'),
      bomb,
      'just text\n',
      'a: 1\na: 2\n',
      entry('b'),
      'a: \0\n',
      entry('c'),
    ];
    await write('a.yaml', Buffer.concat(parts.flatMap((part) => [Buffer.from('---\n'), Buffer.from(part)])));
    const { shown, codes } = await open();
    expect(Object.keys(shown())).toEqual(['a', 'b', 'c']);
    expect(codes()).toEqual(['ISTH0002', 'ISTH0003', 'ISTH0004', 'ISTH0006', 'ISTH0109']);
  });

  it('refuses a file of 50 MB without reading it, and keeps what it said before', async () => {
    await write('a.yaml', entry('a'));
    await write('b.yaml', entry('b'));
    const { shown, codes, until } = await open();
    await truncate(join(folder, 'a.yaml'), 50_000_000);
    await until(() => expect(codes()).toEqual(['ISTH0005']));
    expect(shown()).toEqual({ a: '10.0.0.1', b: '10.0.0.1' });
  });
});

describe('an object written twice', () => {
  it('comes from the first file in order at the start, stays where it is, and comes from another one when that goes', async () => {
    await write('b.yaml', entry('x', '10.0.0.2'));
    await write('c.yaml', entry('x', '10.0.0.3'));
    const { shown, codes, tables, until, clock } = await open();
    expect(shown()).toEqual({ x: '10.0.0.2' });
    expect([...tables.findings.values()]).toMatchObject([
      { code: 'ISTH0010', place: { file: join(folder, 'c.yaml') } },
    ]);
    await write('a.yaml', entry('x', '10.0.0.1'));
    await until(() => expect(tables.findings.size).toBe(2));
    expect(shown()).toEqual({ x: '10.0.0.2' });
    await unlink(join(folder, 'a.yaml'));
    await unlink(join(folder, 'b.yaml'));
    await until(() => expect(codes()).toContain('ISTH0011'));
    await write('d.yaml', entry('d'));
    await until(() => expect(shown()).toHaveProperty('d'));
    clock.advance(2000);
    await until(() => expect(shown()).toEqual({ x: '10.0.0.3', d: '10.0.0.1' }));
    expect(codes()).toEqual([]);
  });

  it('in one file comes from the first document, and from the second when that goes', async () => {
    await write('a.yaml', `${entry('x', '10.0.0.1')}---\n${entry('x', '10.0.0.2')}`);
    const { shown, codes, until } = await open();
    expect(shown()).toEqual({ x: '10.0.0.1' });
    expect(codes()).toEqual(['ISTH0010']);
    await write('a.yaml', `${entry('x', '10.0.0.2')}`);
    await until(() => expect(shown()).toEqual({ x: '10.0.0.2' }));
    expect(codes()).toEqual([]);
  });
});

describe('a folder that cannot be seen', () => {
  it('removes nothing when it goes away, and is followed again when it is back', async () => {
    const root = join(folder, 'root');
    await mkdir(root);
    await writeFile(join(root, 'a.yaml'), entries('a', 'b'));
    const { shown, codes, until, clock } = await open({ root });
    await rename(root, join(folder, 'elsewhere'));
    await until(() => expect(codes()).toEqual(['ISTH0013']));
    expect(source?.state).toBe('stale');
    clock.advance(1000);
    expect(Object.keys(shown())).toEqual(['a', 'b']);
    await mkdir(root);
    await until(() => expect(codes()).toEqual(['ISTH0014']));
    await writeFile(join(root, 'a.yaml'), entries('a', 'b', 'c'));
    await until(() => expect(Object.keys(shown())).toEqual(['a', 'b', 'c']));
    await until(() => expect(codes()).toEqual([]));
    expect(source?.state).toBe('live');
  });

  it('removes nothing when it was emptied, and removes what is missing when something is in it again', async () => {
    await write('a.yaml', entry('a'));
    await write('b.yaml', entry('b'));
    const { shown, codes, until, clock, doubted } = await open();
    await unlink(join(folder, 'a.yaml'));
    await unlink(join(folder, 'b.yaml'));
    await until(() => expect(codes()).toContain('ISTH0011'));
    clock.advance(2000);
    await until(() => expect(codes()).toEqual(['ISTH0014']));
    expect(source?.state).toBe('stale');
    expect(Object.keys(shown())).toEqual(['a', 'b']);
    await write('b.yaml', entry('b', '10.0.0.2'));
    await until(() => expect(shown()).toEqual({ a: '10.0.0.1', b: '10.0.0.2' }));
    clock.advance(1000);
    await doubted();
    clock.advance(2000);
    await until(() => expect(shown()).toEqual({ b: '10.0.0.2' }));
  });

  it('removes nothing when listing or reading fails, and recovers by itself', async () => {
    await write('a.yaml', entry('a'));
    await write('b.yaml', entry('b'));
    let failing: 'nothing' | 'list' | 'read' = 'nothing';
    const fail = (what: string) => Promise.reject(Object.assign(new Error(`EIO: i/o error, ${what}`), { code: 'EIO' }));
    const fileSystem: FileSystem = {
      ...nodeFileSystem,
      list: (path) => (failing === 'list' ? fail('scandir') : nodeFileSystem.list(path)),
      read: (path, limit) => (failing === 'read' ? fail('read') : nodeFileSystem.read(path, limit)),
    };
    const { shown, codes, until, clock, doubted } = await open({ fileSystem });
    failing = 'list';
    await unlink(join(folder, 'a.yaml'));
    await doubted();
    clock.advance(2000);
    await until(() => expect(codes()).toEqual(['ISTH0013']));
    expect(Object.keys(shown())).toEqual(['a', 'b']);
    failing = 'read';
    await write('b.yaml', entry('b', '10.0.0.2'));
    await until(() => expect(codes()).toContain('ISTH0001'));
    expect(source?.state).toBe('stale');
    clock.advance(1000);
    expect(shown()).toEqual({ a: '10.0.0.1', b: '10.0.0.1' });
    failing = 'nothing';
    clock.advance(1000);
    await until(() => expect(shown()).toMatchObject({ b: '10.0.0.2' }));
    clock.advance(2000);
    await until(() => expect(shown()).toEqual({ b: '10.0.0.2' }));
  });

  it('that the system does not watch is told, and looked at from time to time', async () => {
    await write('a.yaml', entry('a'));
    const watch = (): never => {
      throw new Error('ENOSPC: System limit for number of file watchers reached');
    };
    const { shown, tables, clock } = await open({ fileSystem: { ...nodeFileSystem, watch } });
    const told = [...tables.findings.values()].map(({ code, object, message }) => [code, object.name, message]);
    expect(told).toContainEqual(['ISTH0015', folder, expect.stringContaining('ENOSPC')]);
    await writeFinished('a.yaml', entry('b'));
    await vi.waitFor(() => {
      clock.advance(1000);
      expect(shown()).toEqual({ b: '10.0.0.1' });
    });
  });

  it('removes nothing while it may not be read', async () => {
    await write('a.yaml', entry('a'));
    const { shown, codes, until } = await open();
    await chmod(folder, 0o000);
    // Modes do not stop root: it reads as nobody meanwhile.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      await until(() => expect(codes()).toEqual(['ISTH0013']));
      expect(Object.keys(shown())).toEqual(['a']);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
    await chmod(folder, 0o755);
    await until(() => expect(codes()).toEqual([]));
  });

  it('that is missing at the start is named, and read when it comes', async () => {
    const root = join(folder, 'later');
    const { shown, codes, until } = await open({ root });
    expect(source?.state).toBe('stale');
    expect(codes()).toEqual(['ISTH0013']);
    await mkdir(root);
    await writeFile(join(root, 'a.yaml'), entry('a'));
    await until(() => expect(shown()).toEqual({ a: '10.0.0.1' }));
  });
});

describe('a folder within the root', () => {
  /** Lets time pass until the check holds. */
  const later = async (clock: TestClock, check: () => void): Promise<void> =>
    vi.waitFor(
      () => {
        clock.advance(500);
        check();
      },
      { interval: 20 },
    );

  it('that is emptied, as an unmounted volume is, removes nothing and says so', async () => {
    await mkdir(join(folder, 'sub'));
    await write('a.yaml', entry('a'));
    await write('sub/b.yaml', entry('b'));
    const { shown, codes, clock } = await open();
    await unlink(join(folder, 'sub/b.yaml'));
    await later(clock, () => expect(codes()).toEqual(['ISTH0014']));
    expect(source?.state).toBe('stale');
    expect(Object.keys(shown())).toEqual(['a', 'b']);
    await write('sub/b.yaml', entry('b', '10.0.0.2'));
    await later(clock, () => {
      expect(shown()).toEqual({ a: '10.0.0.1', b: '10.0.0.2' });
      expect(codes()).toEqual([]);
    });
    expect(source?.state).toBe('live');
  });

  it('that goes as a whole is removed, and so is one of its files beside another', async () => {
    await mkdir(join(folder, 'sub'));
    await write('a.yaml', entry('a'));
    await write('sub/b.yaml', entry('b'));
    await write('sub/c.yaml', entry('c'));
    const { shown, clock } = await open();
    await unlink(join(folder, 'sub/b.yaml'));
    await later(clock, () => expect(Object.keys(shown())).toEqual(['a', 'c']));
    await rm(join(folder, 'sub'), { recursive: true });
    await later(clock, () => expect(Object.keys(shown())).toEqual(['a']));
  });

  it('whose manifest turns into a link to a device keeps what it said', async () => {
    await write('a.yaml', entry('a'));
    await write('b.yaml', entry('b'));
    const { shown, codes, clock } = await open();
    await unlink(join(folder, 'b.yaml'));
    await symlink('/dev/null', join(folder, 'b.yaml'));
    await later(clock, () => expect(codes()).toEqual(expect.arrayContaining(['ISTH0014', 'ISTH0016'])));
    expect(Object.keys(shown())).toEqual(['a', 'b']);
  });

  it('that lies too deep is named, and stops nothing else', async () => {
    const deep = join(folder, ...Array.from({ length: 40 }, () => 'd'));
    await mkdir(deep, { recursive: true });
    await writeFile(join(deep, 'deep.yaml'), entry('deep'));
    await write('a.yaml', entry('a'));
    const { shown, codes } = await open();
    expect(Object.keys(shown())).toEqual(['a']);
    expect(codes()).toEqual(['ISTH0016']);
    expect(source?.state).toBe('live');
  });
});

describe('links', () => {
  it('swapped as Kubernetes does for a mounted ConfigMap show all new content in one batch', async () => {
    await mkdir(join(folder, '..1'));
    await write('..1/a.yaml', entry('a'));
    await write('..1/b.yaml', entry('b'));
    await symlink('..1', join(folder, '..data'));
    for (const name of ['a.yaml', 'b.yaml']) await symlink(`..data/${name}`, join(folder, name));
    const { engine, tables, shown, until } = await open();
    const batches: number[] = [];
    engine.sink(tables.resources.ServiceEntry, (diff) => batches.push(diff.length));
    await mkdir(join(folder, '..2'));
    await write('..2/a.yaml', entry('a', '10.0.0.2'));
    await write('..2/b.yaml', entry('b', '10.0.0.2'));
    await symlink('..2', join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    await rm(join(folder, '..1'), { recursive: true });
    await until(() => expect(shown()).toEqual({ a: '10.0.0.2', b: '10.0.0.2' }));
    expect(batches).toEqual([2, 2]);
  });

  it('swapped as a whole folder are followed', async () => {
    for (const [release, address] of [
      ['1', '10.0.0.1'],
      ['2', '10.0.0.2'],
      ['3', '10.0.0.3'],
    ] as const) {
      await mkdir(join(folder, release));
      await writeFile(join(folder, release, 'a.yaml'), entry('a', address));
    }
    const root = join(folder, 'current');
    await symlink('1', root);
    const { shown, until } = await open({ root });
    for (const release of ['2', '3']) {
      await symlink(release, `${root}.new`);
      await rename(`${root}.new`, root);
      await until(() => expect(shown()).toEqual({ a: `10.0.0.${release}` }));
    }
    await writeFile(join(folder, '3', 'a.yaml'), entry('a', '10.0.0.4'));
    await until(() => expect(shown()).toEqual({ a: '10.0.0.4' }));
  });

  it('that lead in a circle end', async () => {
    await write('a.yaml', entry('a'));
    await symlink('.', join(folder, 'loop'));
    const { shown, codes } = await open();
    expect(Object.keys(shown())).toEqual(['a']);
    expect(codes()).toEqual([]);
  });
});

describe('a document that only moved', () => {
  it('keeps its value and takes its new place along', async () => {
    await write('a.yaml', `${entry('a')}---\n${entry('b')}`);
    const { tables, clock } = await open();
    const line = () => tables.resources.ServiceEntry.get('ServiceEntry/ns/b')?.metadata.place?.line;
    const before = line() ?? 0;
    await write('a.yaml', `# one\n# two\n${await readFile(join(folder, 'a.yaml'), 'utf8')}`);
    // Read while it was being written, it has to stand still first.
    await vi.waitFor(() => {
      clock.advance(500);
      expect(line()).toBe(before + 2);
    });
  });
});
