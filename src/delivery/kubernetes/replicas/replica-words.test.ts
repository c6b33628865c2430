import { expect, it, onTestFinished, vi } from 'vitest';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import type { ApiChange, ApiServer } from '../../../kubernetes-api/api-server.ts';
import { scriptedWatch } from '../../../kubernetes-api/scripted-watch-fixture.ts';
import { TestClock } from '../../../model/test-clock.ts';
import { ReplicaWords } from './replica-words.ts';

const word = (replica: string, version: string, topics: Readonly<Record<string, string>>): object => ({
  metadata: {
    name: `isthmus-replica-${replica}`,
    resourceVersion: version,
    annotations: { 'isthmus.dev/replica': replica },
  },
  data: topics,
});

function scene(...there: readonly object[]) {
  const clock = new TestClock();
  const sent: ApiChange[] = [];
  const faults: ApiFailure[] = [];
  let isWriter = false;
  const watch = scriptedWatch(there);
  const server: ApiServer = {
    get: () => Promise.reject(new ApiFailure('nothing else is asked')),
    send: async (change) => {
      sent.push(change);
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      return {};
    },
    stream: watch.stream,
    close: () => {},
  };
  const place = { namespace: 'isthmus-system', revision: 'canary', identity: 'host-1_us' };
  const words = new ReplicaWords({ server, ...place, isWriter: () => isWriter, clock });
  onTestFinished(() => words.close());
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await new Promise(setImmediate);
  };
  return {
    clock,
    sent,
    faults,
    words,
    pass,
    say: async (event: object) => {
      watch.say(event);
      await new Promise(setImmediate);
    },
    setWriter: (is: boolean) => {
      isWriter = is;
    },
  };
}

it('writes its own words once they changed, together, at most once a second, and a sign of life now and then', async () => {
  const { words, sent, pass } = scene();
  words.say('a', { x: 1 });
  words.say('b', [2]);
  await pass(0);
  expect(sent).toMatchObject([
    {
      method: 'PATCH',
      body: {
        metadata: { name: 'isthmus-canary-replica-us', labels: { 'isthmus.dev/replica-of': 'canary' } },
        data: { a: '{"x":1}', b: '[2]' },
      },
    },
  ]);
  words.say('a', { x: 1 });
  words.say('a', { x: 2 });
  words.say('a', { x: 3 });
  await pass(999);
  expect(sent).toHaveLength(1);
  await pass(1);
  expect(sent[1]?.body).toMatchObject({ data: { a: '{"x":3}' } });
  words.say('a', { x: 3 });
  await pass(19_999);
  expect(sent).toHaveLength(2);
  await pass(1);
  expect(sent).toHaveLength(3);
  words.say('a', undefined);
  await pass(1_000);
  expect(sent[3]?.body).toMatchObject({ data: { b: '[2]' } });
});

it('hears what the others say, and of those that said nothing of it that they are there', async () => {
  const { words, say } = scene(word('b', '1', { a: '1' }), word('c', '2', { z: '"x"', a: '{not json' }));
  await vi.waitFor(() => expect(words.heard('a').size).toBe(2));
  expect([...words.heard('a')]).toEqual([
    ['b', 1],
    ['c', undefined],
  ]);
  await say({ type: 'MODIFIED', object: word('b', '3', { a: '2' }) });
  await say({ type: 'ADDED', object: word('host-1_us', '4', { a: '9' }) });
  await say({ type: 'DELETED', object: word('c', '5', {}) });
  expect([...words.heard('a')]).toEqual([['b', 2]]);
});

it('counts the words of a replica that is silent for a minute no more, and the writer takes them away', async () => {
  const { words, say, pass, sent, setWriter } = scene(word('b', '1', { a: '1' }), word('c', '2', { a: '2' }));
  await vi.waitFor(() => expect(words.heard('a').size).toBe(2));
  await pass(59_000);
  await say({ type: 'MODIFIED', object: word('c', '3', { a: '2' }) });
  await pass(1_000);
  expect([[...words.heard('a').keys()], sent]).toEqual([['c'], []]);
  setWriter(true);
  await pass(59_000);
  expect(words.heard('a').size).toBe(0);
  expect(sent).toMatchObject([{ method: 'DELETE', path: expect.stringMatching(/\/isthmus-replica-c$/) }]);
});

it('says so when it cannot tell the others anything, and tells them when it can', async () => {
  const { words, sent, faults, pass } = scene();
  faults.push(new ApiFailure('configmaps is forbidden', { status: 403 }));
  words.say('a', 1);
  await pass(0);
  expect(words.findings()).toMatchObject([{ code: 'ISTH1520', message: 'configmaps is forbidden.' }]);
  await pass(5_000);
  expect([sent.length, words.findings()]).toEqual([2, []]);
});

it('takes its words with it when it ends', async () => {
  const { words, sent, pass } = scene();
  words.say('a', 1);
  await pass(0);
  await words.close();
  expect(sent.at(-1)).toMatchObject({ method: 'DELETE', path: expect.stringMatching(/\/isthmus-canary-replica-us$/) });
  words.say('a', 2);
  await pass(60_000);
  expect(sent).toHaveLength(2);
});
