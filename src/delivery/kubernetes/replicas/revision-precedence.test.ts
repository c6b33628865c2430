import { expect, it, onTestFinished, vi } from 'vitest';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import { scriptedWatch } from '../../../kubernetes-api/scripted-watch-fixture.ts';
import { TestClock } from '../../../model/test-clock.ts';
import { RevisionPrecedence } from './revision-precedence.ts';

/** One Lease of each revision that is named. */
const lease = (revision: string, holderIdentity = `${revision}-1`): object => ({
  metadata: { name: revision, resourceVersion: '5', labels: { 'isthmus.dev/rev': revision } },
  spec: { holderIdentity },
});

function follow(revision: string, there: readonly object[] | ApiFailure) {
  const clock = new TestClock();
  const paths: string[] = [];
  const watch = scriptedWatch(there instanceof ApiFailure ? [] : there, (path) => {
    paths.push(path);
    if (there instanceof ApiFailure) throw there;
  });
  const server: ApiServer = {
    get: () => Promise.reject(new ApiFailure('nothing else is asked')),
    send: () => Promise.reject(new ApiFailure('nothing is written')),
    stream: watch.stream,
    close: () => {},
  };
  const precedence = new RevisionPrecedence({ server, namespace: 'isthmus-system', revision, clock });
  onTestFinished(() => precedence.close());
  const told = vi.fn();
  precedence.onChange(told);
  const isFirst = async (is: boolean): Promise<void> =>
    vi.waitFor(() => expect(precedence.isFirst).toBe(is), { timeout: 30_000 });
  return { clock, precedence, told, paths, isFirst, say: watch.say };
}

const renewed = (object: object): object => ({ type: 'MODIFIED', object });

it('the default is before all others, and asks nobody', () => {
  const { precedence, paths } = follow('default', [lease('canary')]);
  expect([precedence.isFirst, paths]).toEqual([true, []]);
});

it('it is not known who is first until it is known who is there', async () => {
  const { precedence, isFirst } = follow('canary', [lease('stable')]);
  expect(precedence.isFirst).toBeUndefined();
  await isFirst(true);
});

it.each([
  ['canary', ['default'], false],
  ['stable', ['canary'], false],
  ['canary', ['stable', 'test'], true],
])('%s beside %j: first is %j', async (revision, others, first) => {
  const { isFirst } = follow(
    revision,
    others.map((one) => lease(one)),
  );
  await isFirst(first);
});

it('who is renewed is there, and who is silent for half a minute is not', async () => {
  const { clock, precedence, told, isFirst, say } = follow('canary', [lease('default')]);
  await isFirst(false);
  clock.advance(29_000);
  say(renewed(lease('default')));
  await vi.waitFor(() => expect(clock.pending).toBeGreaterThan(0));
  await new Promise(setImmediate);
  clock.advance(29_000);
  expect(precedence.isFirst).toBe(false);
  told.mockClear();
  clock.advance(1_000);
  expect([precedence.isFirst, told.mock.calls.length]).toEqual([true, 1]);
});

it('who gave its Lease up has ten seconds to take it again, and counted for nobody when it was found so', async () => {
  const { clock, precedence, isFirst, say } = follow('canary', [lease('default'), lease('a', '')]);
  await isFirst(false);
  say(renewed(lease('default', '')));
  await new Promise(setImmediate);
  clock.advance(9_999);
  expect(precedence.isFirst).toBe(false);
  clock.advance(1);
  expect(precedence.isFirst).toBe(true);
});

it('without the right to look it is as if there were nobody else', async () => {
  const { isFirst } = follow('canary', new ApiFailure('leases is forbidden', { status: 403 }));
  await isFirst(true);
});
