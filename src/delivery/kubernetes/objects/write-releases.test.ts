import { expect, test } from 'vitest';
import type { KindWriting } from '../../../model/cluster-writing.ts';
import { TestClock } from '../../../model/test-clock.ts';
import type { EventNotice } from '../events/event-recorder.ts';
import { WriteReleases } from './write-releases.ts';

const nothing = {
  resource: 'serviceentries.networking.istio.io',
  state: 'live',
  reason: '',
  wanted: 0,
  owned: 0,
  strangers: [],
  troubles: [],
  namespaces: [],
  fights: [],
} as const;

function holding(kind: string, objects: readonly string[]): KindWriting {
  return { ...nothing, kind, ...(objects.length === 0 ? {} : { held: { objects, since: 0, due: 1 } }) };
}

function scene(kinds: readonly KindWriting[], kept = '') {
  const done: string[] = [];
  const events: EventNotice[] = [];
  const logged: object[] = [];
  const stage = { kept, failure: undefined as string | undefined };
  const releases = new WriteReleases({
    clock: new TestClock(),
    systemNamespace: 'isthmus-system',
    revision: 'default',
    events: { record: (notice) => events.push(notice) },
    log: { warn: (about) => logged.push(about) },
    state: {
      read: async () => (stage.kept === '' ? undefined : Buffer.from(stage.kept)),
      replace: async (name, bytes) => {
        if (stage.failure !== undefined) throw new Error(stage.failure);
        done.push(`kept ${name}`);
        stage.kept = bytes.toString();
      },
    },
    writer: {
      status: () => ({ isWriter: true, isComplete: true, queued: 0, isHalted: false, kinds }),
      release: (kind = 'all') => {
        done.push(`released ${kind}`);
        return kinds.flatMap((one) =>
          one.kind === kind ? (one.held?.objects ?? []).map((place) => `${kind} ${place}`) : [],
        );
      },
    },
  });
  return { releases, done, events, logged, stage };
}

const kinds = [
  holding('ServiceEntry', ['shop/a', 'shop/b']),
  holding('EnvoyFilter', ['mesh/x']),
  holding('Service', []),
];

test('who released what is kept before anything goes, and then told by the log and by events', async () => {
  const { releases, done, events, logged, stage } = scene(kinds);
  const released = await releases.release(undefined, 'alice@laptop');
  expect(released).toEqual(['ServiceEntry shop/a', 'ServiceEntry shop/b', 'EnvoyFilter mesh/x']);
  expect(done).toEqual(['kept write-releases.json', 'released ServiceEntry', 'released EnvoyFilter']);
  const [first, second] = JSON.parse(stage.kept).releases;
  const at = expect.stringMatching(/^\d{4}-.*Z$/);
  expect(first).toMatchObject({
    at,
    by: 'alice@laptop',
    kind: 'ServiceEntry',
    count: 2,
    objects: ['shop/a', 'shop/b'],
  });
  expect(second).toMatchObject({ kind: 'EnvoyFilter', count: 1 });
  expect(logged).toEqual([
    { by: 'alice@laptop', kind: 'ServiceEntry', count: 2, first: 'shop/a' },
    { by: 'alice@laptop', kind: 'EnvoyFilter', count: 1, first: 'mesh/x' },
  ]);
  const told = events.map(
    ({ subject, reason, note }) => `${subject.kind} ${subject.namespace}/${subject.name} ${reason}: ${note}`,
  );
  expect(told).toEqual([
    'ConfigMap isthmus-system/isthmus-write-releases DeletionReleased: alice@laptop released 2 deletions of ServiceEntry: shop/a and others.',
    'ServiceEntry shop/a DeletionReleased: alice@laptop released its deletion with 1 of its kind.',
    'ServiceEntry shop/b DeletionReleased: alice@laptop released its deletion with 1 of its kind.',
    'ConfigMap isthmus-system/isthmus-write-releases DeletionReleased: alice@laptop released the deletion of EnvoyFilter: mesh/x.',
    'EnvoyFilter mesh/x DeletionReleased: alice@laptop released its deletion.',
  ]);
});

test('nothing is released where it cannot be kept, and nothing is kept where nothing is held', async () => {
  const { releases, done, events, stage } = scene(kinds);
  stage.failure = 'the API server is away';
  await expect(releases.release('ServiceEntry', 'alice')).rejects.toMatchObject({
    code: 'STATE',
    message: expect.stringContaining('nothing was released'),
  });
  expect([done, events]).toEqual([[], []]);
  stage.failure = undefined;
  expect(await releases.release('Service', 'alice')).toEqual([]);
  expect(done).toEqual([]);
  expect(await releases.release('EnvoyFilter', 'alice')).toEqual(['EnvoyFilter mesh/x']);
});

test('what is kept has a bound, in releases, in names, and in bytes of what somebody else wrote there', async () => {
  const many = Array.from({ length: 1000 }, (_, n) => `shop/${n}`);
  const { releases, stage, events } = scene([holding('ServiceEntry', many)], 'none of ours');
  for (let n = 0; n < 25; n += 1) await releases.release('ServiceEntry', `caller-${n}`);
  const kept = JSON.parse(stage.kept).releases;
  expect(kept).toHaveLength(20);
  expect(kept[0]).toMatchObject({ by: 'caller-24', count: 1000 });
  expect(kept[0].objects).toHaveLength(100);
  expect(events).toHaveLength(25 * 6);
  stage.kept = JSON.stringify({ releases: ['x'.repeat(800 * 1024)] });
  await releases.release('ServiceEntry', 'bob');
  expect(JSON.parse(stage.kept).releases).toEqual([expect.objectContaining({ by: 'bob' })]);
});
