import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import type { ApiChange, ApiServer } from '../../../kubernetes-api/api-server.ts';
import { TestClock } from '../../../model/test-clock.ts';
import { Leadership } from './leadership.ts';
import { leaseObject, readLease } from './lease-object.ts';
import { writableBy } from './writership.ts';

const place = { namespace: 'isthmus-system', name: 'isthmus' };

/** An API server that has one Lease, and fails when told to: how a real one takes part, the live tests show. */
class LeaseServer implements ApiServer {
  #version = 0;
  lease: object | undefined;
  failure: ApiFailure | undefined;
  readonly writes: ApiChange[] = [];

  async get(): Promise<unknown> {
    if (this.failure !== undefined) throw this.failure;
    if (this.lease === undefined) throw new ApiFailure('not found', { status: 404 });
    return this.lease;
  }

  async send(change: ApiChange): Promise<unknown> {
    change.guard?.();
    if (this.failure !== undefined) throw this.failure;
    const known = this.lease === undefined ? undefined : readLease(this.lease).version;
    const given = Reflect.get(Reflect.get(change.body ?? {}, 'metadata') ?? {}, 'resourceVersion');
    if (given !== known) throw new ApiFailure('changed meanwhile', { status: 409 });
    this.writes.push(change);
    return this.put(change.body ?? {});
  }

  put(body: object): object {
    const metadata = { ...Reflect.get(body, 'metadata'), resourceVersion: String(++this.#version) };
    this.lease = { ...body, metadata };
    return this.lease;
  }

  /** Puts the store back to what it was at some version. */
  restore(version: number, lease: object): void {
    this.#version = version - 1;
    this.put(lease);
  }

  /** Tells of nothing: what is known is what was asked for. */
  async *stream(_path: string, _idleMs: number, signal: AbortSignal): AsyncIterableIterator<readonly unknown[]> {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    yield [];
  }

  close(): void {}
}

function begin(server: LeaseServer, clock: TestClock, identity = 'us') {
  const steady = { extra: 0 };
  const restored = vi.fn();
  const leadership = new Leadership({
    server,
    ...place,
    revision: 'default',
    identity,
    clock,
    steady: () => clock.now() + steady.extra,
    onRestored: restored,
  });
  onTestFinished(() => leadership.close());
  const told: boolean[] = [];
  leadership.onChange((isWriter) => told.push(isWriter));
  return { leadership, told, steady, restored };
}

/** Somebody else's Lease, who wrote that it was renewed at a time of theirs. */
const heldByOther = (renewed: string, version?: string): object =>
  leaseObject(
    place,
    { version, holder: 'other', leaseMs: 15_000, acquired: renewed, renewed, transitions: 3 },
    'default',
  );

/** Moves the clock, and lets what it started come to its end. */
async function pass(clock: TestClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    clock.advance(Math.min(500, left));
    await new Promise(setImmediate);
  }
}

describe('a Lease', () => {
  it('that nobody holds is taken at once, kept while the server answers, and given up at the end', async () => {
    const [server, clock] = [new LeaseServer(), new TestClock()];
    const { leadership, told } = begin(server, clock);
    await pass(clock, 500);
    expect(leadership.isWriter).toBe(true);
    await pass(clock, 60_000);
    expect([leadership.isWriter, told]).toEqual([true, [true]]);
    await leadership.close();
    expect(readLease(server.lease)).toMatchObject({ holder: '', transitions: 0 });
    expect(told).toEqual([true, false]);
  });

  it('is not ours any more when the server has not answered for ten seconds, and nobody has to tell us', async () => {
    const [server, clock] = [new LeaseServer(), new TestClock()];
    const { leadership, told, steady } = begin(server, clock);
    await pass(clock, 500);
    // No timer of ours goes off while the process stands still.
    steady.extra = 11_000;
    expect([leadership.isWriter, told]).toEqual([false, [true]]);
    const write = writableBy(leadership, server).send({ method: 'PUT', path: '/x', body: {} });
    await expect(write).rejects.toThrow('another replica writes');
    server.failure = new ApiFailure('no answer');
    await pass(clock, 20_000);
    expect([leadership.isWriter, told]).toEqual([false, [true, false]]);
    expect(leadership.findings()).toMatchObject([{ code: 'ISTH1501', message: 'no answer' }]);
  });

  it.each(['1999-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z'])(
    'of another one, which says it was renewed at %s, is taken when we saw no renewal for as long as it lasts',
    async (renewed) => {
      const [server, clock] = [new LeaseServer(), new TestClock()];
      server.put(heldByOther(renewed));
      const { leadership } = begin(server, clock);
      await pass(clock, 10_000);
      expect([leadership.isWriter, leadership.holder]).toEqual([false, 'other']);
      server.put(heldByOther(renewed, readLease(server.lease).version));
      await pass(clock, 14_500);
      expect(leadership.isWriter).toBe(false);
      await pass(clock, 6_000);
      expect(leadership.isWriter).toBe(true);
      expect(readLease(server.lease)).toMatchObject({ holder: 'us', transitions: 4 });
    },
  );

  it('that somebody took meanwhile is not ours from the moment at which we see it', async () => {
    const [server, clock] = [new LeaseServer(), new TestClock()];
    const { leadership, told } = begin(server, clock);
    await pass(clock, 500);
    server.put(heldByOther('2026-01-01T00:00:00.000Z', readLease(server.lease).version));
    await pass(clock, 3_000);
    expect([leadership.isWriter, leadership.holder, told]).toEqual([false, 'other', [true, false]]);
  });

  it.each([
    ['by us', 'us', 3_000],
    ['by another one', 'other', 30_000],
  ])(
    'of a store that was put back to when it was held %s is held again, and that is told once',
    async (_, holder, ms) => {
      const [server, clock] = [new LeaseServer(), new TestClock()];
      const { leadership, told, restored } = begin(server, clock);
      await pass(clock, 20_000);
      expect([leadership.isWriter, restored.mock.calls.length]).toEqual([true, 0]);
      const times = { acquired: undefined, renewed: undefined };
      server.restore(
        2,
        leaseObject(place, { version: '', holder, leaseMs: 15_000, transitions: 0, ...times }, 'default'),
      );
      await pass(clock, ms);
      expect([leadership.isWriter, told, restored.mock.calls.length]).toEqual([true, [true, false, true], 1]);
    },
  );

  it('that was given away as often as can be counted can still be taken', () => {
    const often = { version: '1', holder: 'us', leaseMs: 15_000, transitions: 2 ** 31 };
    const lease = leaseObject(place, { ...often, acquired: undefined, renewed: undefined }, 'default');
    expect(lease).toMatchObject({ spec: { leaseTransitions: 2_147_483_647 } });
  });

  it.each(['there', 'deleted'])('of an absurd duration is taken after a minute, be it %s', async (fate) => {
    const [server, clock] = [new LeaseServer(), new TestClock()];
    const { leadership } = begin(server, clock);
    await pass(clock, 500);
    const { version } = readLease(server.lease);
    const absurd = { version, holder: 'mallory', leaseMs: 2_147_483_647_000, transitions: 0 };
    server.put(leaseObject(place, { ...absurd, acquired: undefined, renewed: undefined }, 'default'));
    await pass(clock, 3_000);
    expect([leadership.isWriter, leadership.holder]).toEqual([false, 'mallory']);
    if (fate === 'deleted') server.lease = undefined;
    await pass(clock, 62_000);
    expect(leadership.isWriter).toBe(true);
  });

  it('that cannot be made because its namespace is not there is said', async () => {
    const [server, clock] = [new LeaseServer(), new TestClock()];
    const { leadership } = begin(server, clock);
    vi.spyOn(server, 'send').mockRejectedValue(
      new ApiFailure('namespaces "isthmus-system" not found', { status: 404 }),
    );
    await pass(clock, 500);
    expect(leadership.findings()).toMatchObject([
      {
        code: 'ISTH1501',
        message: 'Namespace isthmus-system, which is ours, is not there: no replica writes.',
        remedy: 'Create it: kubectl create namespace isthmus-system.',
      },
    ]);
  });
});
