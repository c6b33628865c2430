import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { TestClock } from '../model/test-clock.ts';
import { ApiFailure } from './api-failure.ts';
import type { ApiServer } from './api-server.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';

const path = '/apis/isthmus.dev/v1alpha1/meshconfigs';

interface Ask {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly idleMs?: number;
  /** Lines that come together. */
  say(...lines: readonly object[]): void;
  end(): void;
  fail(failure: ApiFailure): void;
}

/** An API server that says what it is told to: for faults that a real one does not show when asked to. */
class ScriptedServer implements ApiServer {
  history = 0;
  readonly asks: Ask[] = [];

  async get(asked: string): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#note(asked, { say: (value) => resolve(value), end: () => {}, fail: reject });
    return promise;
  }

  async *stream(asked: string, idleMs: number, signal: AbortSignal): AsyncIterableIterator<readonly unknown[]> {
    const pending: (readonly object[] | ApiFailure | undefined)[] = [];
    let wake = Promise.withResolvers<void>();
    const put = (one: (typeof pending)[number]): void => {
      pending.push(one);
      wake.resolve();
    };
    signal.addEventListener('abort', () => put(new ApiFailure('aborted')));
    this.#note(asked, { say: (...lines) => put(lines), end: () => put(undefined), fail: put }, idleMs);
    for (;;) {
      while (pending.length === 0) await wake.promise;
      wake = Promise.withResolvers<void>();
      for (const one of pending.splice(0)) {
        if (one === undefined) return;
        if (one instanceof ApiFailure) throw one;
        yield one;
      }
    }
  }

  async send(): Promise<unknown> {
    throw new Error('nothing is changed by who follows');
  }

  close(): void {}

  #note(asked: string, answers: Pick<Ask, 'say' | 'end' | 'fail'>, idleMs?: number): void {
    const url = new URL(asked, 'http://api');
    const query = Object.fromEntries(url.searchParams);
    this.asks.push({ path: url.pathname, query, ...answers, ...(idleMs === undefined ? {} : { idleMs }) });
  }

  /** The request that is made next, or was made last and not looked at. */
  async next(): Promise<Ask> {
    await vi.waitFor(() => expect(this.asks.length).toBeGreaterThan(0));
    const [ask] = this.asks.splice(0);
    if (ask === undefined) throw new Error('nothing is asked');
    return ask;
  }
}

const object = (name: string, resourceVersion: string) => ({ metadata: { name, resourceVersion } });
const added = (name: string, version: string) => ({ type: 'ADDED', object: object(name, version) });
const bookmark = (resourceVersion: string, annotations = {}) => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion, annotations } },
});
const allSent = (version: string) => bookmark(version, { 'k8s.io/initial-events-end': 'true' });
const expired = new ApiFailure('too old resource version', { status: 410, reason: 'Expired' });

function follow(
  locate: () => Promise<string | undefined> = async () => path,
  options: Pick<ReflectorOptions, 'labels' | 'fields' | 'random'> = {},
  /** May throw. */
  take: () => void = () => {},
) {
  const server = new ScriptedServer();
  const clock = new TestClock();
  const told: string[] = [];
  const nameOf = (one: unknown): string => Object(one).metadata.name;
  const reflector = new Reflector({
    server,
    clock,
    locate,
    random: () => 0.5,
    ...options,
    onReplace: (objects) => {
      take();
      told.push(`all: ${objects.map(nameOf).join(' ')}`);
    },
    onEvents: (events) => {
      take();
      told.push(events.map((event) => `${event.type} ${nameOf(event.object)}`).join(', '));
    },
    onState: ({ state, reason }) => told.push(reason === '' ? state : `${state} (${reason})`),
  });
  onTestFinished(() => reflector.close());
  const hear = async (...expected: readonly string[]): Promise<void> => {
    await vi.waitFor(() => expect(told).toHaveLength(expected.length));
    expect(told.splice(0)).toEqual(expected);
  };
  return { server, clock, told, hear, reflector };
}

async function followLive(take?: () => void) {
  const test = follow(undefined, undefined, take);
  const list = await test.server.next();
  list.say(added('a', '3'), allSent('5'));
  await test.hear('all: a', 'live');
  return { ...test, watch: await test.server.next() };
}

describe('a kind that is followed', () => {
  it('counts how often it began anew, by why, and what is not there only once', async () => {
    const { watch, server, clock, hear, reflector } = await followLive();
    expect(reflector.sight).toEqual({ isLive: true, restarts: new Map() });
    watch.fail(new ApiFailure('connection refused'));
    await hear('stale (connection refused)');
    expect(reflector.sight).toMatchObject({ isLive: false, lastFault: 'unreachable' });
    for (let time = 0; time < 3; time++) {
      await vi.waitFor(() => expect(clock.pending).toBe(1));
      clock.advance(60_000);
      (await server.next()).fail(new ApiFailure('no such kind', { status: 404 }));
    }
    await vi.waitFor(() => expect(reflector.sight.lastFault).toBe('absent'));
    expect(reflector.sight).toEqual({ isLive: false, restarts: new Map([['unreachable', 1]]), lastFault: 'absent' });
  });

  it('is read whole as a stream, then watched from where that ended', async () => {
    const { server, hear } = follow();
    const list = await server.next();
    expect(list.query).toMatchObject({ watch: 'true', sendInitialEvents: 'true', allowWatchBookmarks: 'true' });
    list.say(added('a', '3'));
    list.say(added('b', '1'), allSent('5'), added('c', '6'));
    await hear('all: a b', 'live', 'ADDED c');
    expect((await server.next()).query).toMatchObject({ resourceVersion: '6' });
  });

  it('is what it is at the end of a list that a server streams while it catches up', async () => {
    const { server, told, hear } = follow();
    const list = await server.next();
    list.say(added('a', '3'), added('b', '1'), added('c', '2'));
    list.say({ type: 'MODIFIED', object: { ...object('b', '6'), spec: 'new' } });
    list.say({ type: 'DELETED', object: object('a', '7') }, added('d', '8'), allSent('8'));
    await hear('all: b c d', 'live');
    expect((await server.next()).query).toMatchObject({ resourceVersion: '8' });
    expect(told).toEqual([]);
  });

  it('is read page by page where the server streams no lists', async () => {
    const { server, hear } = follow();
    (await server.next()).fail(new ApiFailure('sendInitialEvents is forbidden', { status: 422, reason: 'Invalid' }));
    const first = await server.next();
    expect(first.query).toEqual({ limit: '500' });
    first.say({
      kind: 'MeshConfigList',
      metadata: { resourceVersion: '7', continue: 'more' },
      items: [object('a', '1')],
    });
    const second = await server.next();
    expect(second.query).toEqual({ limit: '500', continue: 'more' });
    second.say({ kind: 'MeshConfigList', metadata: { resourceVersion: '7' }, items: [object('b', '2')] });
    await hear('all: a b', 'live');
    expect((await server.next()).query).toMatchObject({ watch: 'true', resourceVersion: '7' });
  });

  it('is followed as far as its labels are those that are asked for', async () => {
    const { server } = follow(undefined, { labels: 'a=b,c' });
    const list = await server.next();
    expect(list.query).toMatchObject({ sendInitialEvents: 'true', labelSelector: 'a=b,c' });
    list.fail(new ApiFailure('sendInitialEvents is forbidden', { status: 422, reason: 'Invalid' }));
    const page = await server.next();
    expect(page.query).toEqual({ limit: '500', labelSelector: 'a=b,c' });
    page.say({ kind: 'MeshConfigList', metadata: { resourceVersion: '7' }, items: [] });
    expect((await server.next()).query).toMatchObject({ resourceVersion: '7', labelSelector: 'a=b,c' });
  });

  it('changes in the portions in which the changes come, and in their order', async () => {
    const { watch, hear } = await followLive();
    watch.say(added('b', '6'), { type: 'MODIFIED', object: object('a', '7') });
    await hear('ADDED b, MODIFIED a');
    watch.say({ type: 'DELETED', object: object('a', '8') });
    await hear('DELETED a');
  });

  it('is watched on from the last bookmark when a watch ends, without a word', async () => {
    const { server, clock, watch, told } = await followLive();
    watch.say(bookmark('90'));
    clock.advance(1_000);
    watch.end();
    expect((await server.next()).query.resourceVersion).toBe('90');
    expect(told).toEqual([]);
  });

  it('is asked for after pauses that grow where watches end as soon as they begin, until one lasts', async () => {
    const { server, clock, watch, hear } = await followLive();
    watch.end();
    await hear('stale (the watch ended as soon as it had begun)');
    const resumed = async (pause: number) => {
      await vi.waitFor(() => expect(clock.pending).toBe(1));
      clock.advance(pause - 1);
      expect(server.asks).toEqual([]);
      clock.advance(1);
      return server.next();
    };
    for (const pause of [800, 1_600, 3_200]) {
      const next = await resumed(pause);
      next.say();
      next.end();
    }
    const last = await resumed(6_400);
    last.say();
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(1_000);
    await hear('live');
    last.end();
    expect((await server.next()).query.resourceVersion).toBe('5');
  });

  it('waits on no connection that is dead: a minute for a list, a watch for longer than the server lets it last', async () => {
    const { server } = follow();
    const list = await server.next();
    expect(list.idleMs).toBe(60_000);
    list.say(allSent('1'));
    const { query, idleMs } = await server.next();
    expect(query.timeoutSeconds).toBe('450');
    expect(idleMs).toBe(540_000);
  });

  it('is read anew at once when its version is too old, be it said by a status or by an event, and no oftener', async () => {
    const { server, clock, watch, hear } = await followLive();
    watch.say({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } });
    const list = await server.next();
    expect(list.query.sendInitialEvents).toBe('true');
    list.say(added('b', '200'), allSent('201'));
    await hear('stale (too old)', 'all: b', 'live');
    (await server.next()).fail(expired);
    const again = await server.next();
    expect(again.query.sendInitialEvents).toBe('true');
    again.fail(expired);
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    expect(server.asks).toEqual([]);
  });

  it('is read anew where the store was put back while the server was away', async () => {
    const { server, clock, watch, hear } = await followLive();
    watch.fail(new ApiFailure('connection refused'));
    await hear('stale (connection refused)');
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    server.history = 1;
    clock.advance(800);
    const list = await server.next();
    expect(list.query).toMatchObject({ sendInitialEvents: 'true' });
    expect(list.query).not.toHaveProperty('resourceVersion', '5');
    list.say(added('b', '2'), allSent('3'));
    await hear('all: b', 'live');
  });

  it('loses nothing while the server is away, which is asked again after pauses that grow', async () => {
    const { server, clock, watch, hear } = await followLive();
    watch.fail(new ApiFailure('connection refused'));
    await hear('stale (connection refused)');
    const isPausing = () => vi.waitFor(() => expect(clock.pending).toBe(1));
    for (const pause of [800, 1_600, 3_200]) {
      await isPausing();
      clock.advance(pause - 1);
      expect(clock.pending).toBe(1);
      clock.advance(1);
      (await server.next()).fail(new ApiFailure('connection refused'));
    }
    await isPausing();
    clock.advance(6_400);
    const again = await server.next();
    expect(again.query.resourceVersion).toBe('5');
    again.say(bookmark('6'));
    await hear('live');
  });

  it('is told of again, after pauses that grow, where who follows throws at it; it is not live meanwhile', async () => {
    let fault: string | undefined;
    const { server, clock, watch, hear, told, reflector } = await followLive(() => {
      if (fault !== undefined) throw new TypeError(fault);
    });
    watch.say(added('b', '6'));
    await hear('ADDED b');
    fault = 'bad consumer';
    watch.say(added('c', '7'), bookmark('8'));
    await hear('stale (what came was not taken: TypeError: bad consumer)');
    for (const pause of [800, 1_600, 3_200]) {
      await vi.waitFor(() => expect(clock.pending).toBe(1));
      clock.advance(pause - 1);
      expect(clock.pending).toBe(1);
      clock.advance(1);
      const again = await server.next();
      expect(again.query.resourceVersion).toBe('6');
      again.say();
      again.say(added('c', '7'));
    }
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    expect(told).toEqual([]);
    expect(reflector.sight).toEqual({ isLive: false, restarts: new Map([['refused', 1]]), lastFault: 'refused' });
    fault = undefined;
    clock.advance(6_400);
    const last = await server.next();
    last.say(added('c', '7'));
    await hear('ADDED c', 'live');
    clock.advance(1_000);
    last.end();
    expect((await server.next()).query.resourceVersion).toBe('7');
  });

  it('is read whole again, after a pause, where who follows throws at the whole', async () => {
    let isBroken = true;
    const { server, clock, hear } = follow(undefined, undefined, () => {
      if (isBroken) throw new ApiFailure('not of this server', { status: 422 });
    });
    (await server.next()).say(added('a', '3'), allSent('5'));
    await hear('stale (what came was not taken: ApiFailure: not of this server)');
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    isBroken = false;
    clock.advance(800);
    const again = await server.next();
    expect(again.query.sendInitialEvents).toBe('true');
    again.say(added('a', '3'), allSent('5'));
    await hear('all: a', 'live');
  });

  it('is asked for by each at a moment of his own once the server is back', async () => {
    const { server, clock } = follow(undefined, { random: () => 0.75 });
    (await server.next()).fail(new ApiFailure('connection refused'));
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(999);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    await server.next();
  });

  it('is live again once the server answers, however little it has to say', async () => {
    const { server, clock, watch, hear } = await followLive();
    watch.fail(new ApiFailure('connection refused'));
    await hear('stale (connection refused)');
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(800);
    (await server.next()).say();
    await hear('live');
  });

  it('leaves a server alone for as long as it asks', async () => {
    const { server, clock, watch } = await followLive();
    watch.fail(new ApiFailure('storage is (re)initializing', { status: 429, retryAfterMs: 10_000 }));
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(12_499);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    await server.next();
  });

  it('is waited for where the server has no such kind, and followed when it appears', async () => {
    let served: string | undefined;
    const { server, clock, hear } = follow(async () => served);
    await hear('absent (there is no such kind)');
    served = path;
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(800);
    (await server.next()).say(allSent('1'));
    await hear('all: ', 'live');
  });

  it('that was waited for long is read soon after it appears, also where the server is not ready for it at once', async () => {
    let looks = 0;
    const { server, clock, hear } = follow(async () => (++looks > 20 ? path : undefined));
    await hear('absent (there is no such kind)');
    for (let times = 0; times < 20; times++) {
      await vi.waitFor(() => expect(clock.pending).toBe(1));
      clock.advance(5000);
    }
    (await server.next()).fail(new ApiFailure('storage is (re)initializing', { status: 429, retryAfterMs: 1000 }));
    await hear('stale (storage is (re)initializing)');
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(1250);
    (await server.next()).say(allSent('1'));
    await hear('all: ', 'live');
  });

  it('that may not be read says so, and is tried again', async () => {
    const { server, clock, hear } = follow();
    (await server.next()).fail(new ApiFailure('meshconfigs is forbidden', { status: 403, reason: 'Forbidden' }));
    await hear('forbidden (meshconfigs is forbidden)');
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    clock.advance(800);
    (await server.next()).say(allSent('1'));
    await hear('all: ', 'live');
  });

  it('is not taken for read when the list breaks off', async () => {
    const { server, hear } = follow();
    const list = await server.next();
    list.say(added('a', '1'));
    list.end();
    await hear('stale (the list ended before it was complete)');
  });

  it('tells nothing any more once it is closed', async () => {
    const { reflector, watch, told } = await followLive();
    await reflector.close();
    watch.say(added('b', '9'));
    await Promise.resolve();
    expect(told).toEqual([]);
  });
});
