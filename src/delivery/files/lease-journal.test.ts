import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import type { Clock } from '../../model/clock.ts';
import type { ServiceKey } from '../../model/service.ts';
import type { LeaseChange, LeaseDemand, VirtualIpLease } from '../../model/virtual-ip.ts';
import { type LeaseBook, LeaseKeeper, type WrittenAddress } from '../lease-keeper.ts';
import { LeaseJournal } from './lease-journal.ts';
import { NodeStateFolder, type StateFolder } from './state-folder.ts';

/** A book that gives the first address that is free. */
class PlainBook implements LeaseBook {
  readonly held = new Map<ServiceKey, VirtualIpLease>();
  readonly written: string[] = [];

  constructor(leases: Iterable<VirtualIpLease>) {
    for (const lease of leases) this.held.set(lease.key, lease);
  }

  update({ claims, written }: LeaseDemand, now: number): LeaseChange[] {
    this.written.push(...written.keys());
    const changes: LeaseChange[] = [];
    for (const [key, isWanted] of claims) {
      const known = this.held.get(key);
      if (isWanted === (known?.state === 'bound')) continue;
      const ipv4 = known?.ipv4 ?? this.#firstFree();
      const lease = { key, ipv4, state: isWanted ? 'bound' : 'tombstone', since: now } as const;
      this.held.set(key, lease);
      changes.push({ key, lease });
    }
    return changes;
  }

  #firstFree(): string {
    const held = new Set([...this.held.values()].map(({ ipv4 }) => ipv4));
    let last = 1;
    while (held.has(`10.0.0.${last}`)) last++;
    return `10.0.0.${last}`;
  }

  nextChance(): undefined {}

  waiting(): readonly never[] {
    return [];
  }

  findings(): readonly never[] {
    return [];
  }
}

class TestClock implements Clock {
  readonly timers: { readonly ms: number; readonly run: () => void }[] = [];

  now(): number {
    return 1000;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { ms, run };
    this.timers.push(timer);
    return () => this.timers.splice(this.timers.indexOf(timer), 1);
  }

  fire(): void {
    this.timers.shift()?.run();
  }
}

let path: string;
let keeper: LeaseKeeper | undefined;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'isthmus-state-'));
});
afterEach(async () => {
  await keeper?.close();
  keeper = undefined;
  await rm(path, { recursive: true, force: true });
});

async function open(folder: StateFolder = new NodeStateFolder(path)) {
  const engine = new Engine({ validate: true });
  const claims = engine.table<{ readonly key: ServiceKey }>('claims', { key: (claim) => claim.key });
  const written = engine.table<WrittenAddress>('written', { key: (one) => one.address });
  const leases = engine.table<VirtualIpLease>('leases', { key: (lease) => lease.key });
  const addressless = engine.table<ServiceKey>('addressless', { key: (key) => key });
  const clock = new TestClock();
  let book = new PlainBook([]);
  const opened = new LeaseKeeper({
    store: await LeaseJournal.open(folder),
    createBook: (known) => {
      book = new PlainBook(known);
      return book;
    },
    leases,
    addressless,
    batch: (change) => engine.batch(change),
    clock,
    random: () => 1,
  });
  keeper = opened;
  engine.sink(claims, opened.acceptClaims);
  engine.sink(written, opened.acceptWritten);
  engine.batch(() => {
    claims.setState('live');
    written.setState('live');
  });
  const shown = () =>
    Object.fromEntries([...leases.values()].map((lease) => [lease.key, `${lease.ipv4} ${lease.state}`]));
  const codes = () => opened.findings().map(({ code }) => code);
  const claim = async (...keys: ServiceKey[]) => {
    engine.batch(() => {
      for (const key of keys) claims.set({ key });
    });
    await opened.settled();
  };
  return { keeper: opened, engine, claims, written, leases, clock, shown, codes, claim, book: () => book };
}

/** A folder whose writes fail while told so. */
function failing(code: string) {
  const real = new NodeStateFolder(path);
  const state = { isFailing: true, writes: 0 };
  const guard = async (write: () => Promise<void>) => {
    state.writes++;
    if (state.isFailing) throw Object.assign(new Error(`${code}: no`), { code });
    await write();
  };
  const folder: StateFolder = {
    path,
    read: (name) => real.read(name),
    write: (name, bytes, offset) => guard(() => real.write(name, bytes, offset)),
    replace: (name, bytes) => guard(() => real.replace(name, bytes)),
    keepCopy: (name) => real.keepCopy(name),
  };
  return { folder, state };
}

describe('leases', () => {
  it('are on disk before they are shown, and there again after a restart', async () => {
    const first = await open();
    await first.claim('ns/a', 'ns/b');
    expect(first.shown()).toEqual({ 'ns/a': '10.0.0.1 bound', 'ns/b': '10.0.0.2 bound' });
    expect(await readFile(join(path, 'leases.journal'), 'utf8')).toContain('"key":"ns/b","ipv4":"10.0.0.2"');
    first.engine.batch(() => first.claims.delete('ns/a'));
    await first.keeper.close();
    const second = await open();
    expect(second.shown()).toEqual({ 'ns/a': '10.0.0.1 tombstone', 'ns/b': '10.0.0.2 bound' });
    expect(second.leases.state).toBe('live');
    expect(second.codes()).toEqual([]);
  });

  it('cost one write for all that comes while the disk is busy', async () => {
    const { folder, state } = failing('none');
    state.isFailing = false;
    const { engine, claims, keeper: opened, shown } = await open(folder);
    for (let at = 0; at < 100; at++) engine.batch(() => claims.set({ key: `ns/${at}` }));
    await opened.settled();
    expect(Object.keys(shown())).toHaveLength(100);
    expect(state.writes).toBeLessThanOrEqual(2);
  });

  it('hand written addresses to the book', async () => {
    const { engine, written, keeper: opened, book } = await open();
    engine.batch(() => written.set({ address: '10.0.0.9', services: ['ns/x'] }));
    await opened.settled();
    expect(book().written).toEqual(['10.0.0.9']);
  });

  it('of the last run that nobody claims become tombstones once all sources are live', async () => {
    const first = await open();
    await first.claim('ns/a', 'ns/b');
    await first.keeper.close();
    const second = await open();
    await second.claim('ns/b');
    second.keeper.releaseUnclaimed(second.claims);
    await second.keeper.settled();
    expect(second.shown()).toEqual({ 'ns/a': '10.0.0.1 tombstone', 'ns/b': '10.0.0.2 bound' });
  });

  it.each(['ENOSPC', 'EROFS'])(
    'that cannot be written (%s) are not shown; those there are stay; it is tried again',
    async (code) => {
      const before = await open();
      await before.claim('ns/a');
      await before.keeper.close();
      const { folder, state } = failing(code);
      const { claim, shown, codes, clock, keeper: opened } = await open(folder);
      await claim('ns/a', 'ns/b');
      expect(shown()).toEqual({ 'ns/a': '10.0.0.1 bound' });
      expect(codes()).toEqual(['ISTH0901']);
      const waits: number[] = [];
      for (let attempt = 0; attempt < 12; attempt++) {
        waits.push(clock.timers[0]?.ms ?? 0);
        clock.fire();
        await opened.settled();
      }
      expect(waits.slice(0, 3)).toEqual([200, 400, 800]);
      expect(Math.max(...waits)).toBe(30_000);
      state.isFailing = false;
      clock.fire();
      await opened.settled();
      expect(shown()).toEqual({ 'ns/a': '10.0.0.1 bound', 'ns/b': '10.0.0.2 bound' });
      expect(codes()).toEqual([]);
      await opened.close();
      expect((await open()).shown()).toEqual({ 'ns/a': '10.0.0.1 bound', 'ns/b': '10.0.0.2 bound' });
    },
  );

  it('survive a damaged journal as far as they can be read; it is kept and reported', async () => {
    const first = await open();
    await first.claim('ns/a', 'ns/b', 'ns/c');
    await first.keeper.close();
    const bytes = await readFile(join(path, 'leases.journal'));
    const at = bytes.indexOf('10.0.0.2');
    bytes[at] = 0x39;
    await writeFile(join(path, 'leases.journal'), bytes);
    const second = await open();
    expect(second.shown()).toEqual({ 'ns/a': '10.0.0.1 bound', 'ns/c': '10.0.0.3 bound' });
    expect(second.codes()).toEqual(['ISTH0902']);
    expect(await readFile(join(path, 'leases.journal.corrupt-1'))).toEqual(bytes);
    await second.claim('ns/b');
    await second.keeper.close();
    const third = await open();
    expect(third.codes()).toEqual([]);
    expect(Object.keys(third.shown()).sort()).toEqual(['ns/a', 'ns/b', 'ns/c']);
  });

  it.each([
    ['emptied', () => 0, 'is empty', {}],
    ['cut in its header', () => 5, 'leases.journal ends in the middle of a record: 0 of its 5 bytes', {}],
    ['cut in a record', (size: number) => size - 3, 'ends in the middle of a record', { 'ns/a': '10.0.0.1 bound' }],
  ])('are read from a journal that was %s as far as they go, and it is said', async (_, cutAt, message, left) => {
    const first = await open();
    await first.claim('ns/a');
    await first.claim('ns/b');
    await first.keeper.close();
    const file = join(path, 'leases.journal');
    await truncate(file, cutAt((await stat(file)).size));
    const second = await open();
    expect(second.shown()).toEqual(left);
    expect(second.keeper.findings()).toMatchObject([{ code: 'ISTH0903', message: expect.stringContaining(message) }]);
    await second.claim('ns/a', 'ns/b');
    await second.keeper.close();
    const third = await open();
    expect([third.codes(), third.shown()]).toEqual([[], { 'ns/a': '10.0.0.1 bound', 'ns/b': '10.0.0.2 bound' }]);
  });

  it('do not make the journal grow without end', async () => {
    const { engine, claims, keeper: opened } = await open();
    for (let at = 0; at < 1500; at++) {
      engine.batch(() => (at % 2 === 0 ? claims.set({ key: 'ns/a' }) : claims.delete('ns/a')));
      await opened.settled();
    }
    const lines = (await readFile(join(path, 'leases.journal'), 'utf8')).split('\n').length;
    expect(lines).toBeLessThan(1010);
  });
});

describe('a state folder', () => {
  it('with leases that cannot be read stops the start: without them every address would move', async () => {
    const real = new NodeStateFolder(path);
    const folder: StateFolder = {
      path,
      read: () => Promise.reject(new Error('EIO: i/o error')),
      write: (name, bytes, offset) => real.write(name, bytes, offset),
      replace: (name, bytes) => real.replace(name, bytes),
      keepCopy: (name) => real.keepCopy(name),
    };
    await expect(open(folder)).rejects.toThrow('cannot be read: EIO');
  });
});
