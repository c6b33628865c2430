import { expect, it, onTestFinished, vi } from 'vitest';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import type { ApiChange, ApiServer } from '../../../kubernetes-api/api-server.ts';
import { scriptedWatch } from '../../../kubernetes-api/scripted-watch-fixture.ts';
import { TestClock } from '../../../model/test-clock.ts';
import { NamespaceConfigMaps } from './namespace-config-maps.ts';

interface Scene {
  readonly there?: readonly object[];
  readonly isMade?: boolean;
}

function map(
  namespace: string,
  content: string,
  version: string,
  { manager = 'isthmus-roots', by = 'isthmus', revision = 'default' } = {},
) {
  return {
    metadata: {
      name: 'isthmus-roots',
      namespace,
      uid: `uid-${namespace}`,
      resourceVersion: version,
      labels: { 'app.kubernetes.io/managed-by': by, 'isthmus.dev/rev': revision },
      managedFields: [{ manager, operation: 'Apply', time: '2026-11-22T00:00:00Z' }],
    },
    data: { 'roots.pem': content },
  };
}

const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An API server that answers what it was sent, but for namespaces that it refuses. */
function scene({ there = [], isMade = true }: Scene = {}) {
  const clock = new TestClock();
  const sent: string[] = [];
  const wanted = new Map<string, string>();
  const refused = new Map<string, ApiFailure>();
  const repaired: string[] = [];
  let version = 10;
  const watch = scriptedWatch(there, (path) => expect(path).toContain('fieldSelector=metadata.name%3Disthmus-roots'));
  const server: ApiServer = {
    get: () => Promise.reject(new ApiFailure('nothing else is asked')),
    send: async ({ method, path }: ApiChange) => {
      const namespace = /namespaces\/([^/]+)\//.exec(path)?.[1] ?? '';
      sent.push(`${method} ${namespace}`);
      const failure = refused.get(namespace);
      if (failure !== undefined) throw failure;
      version++;
      return map(namespace, wanted.get(namespace) ?? '', String(version));
    },
    stream: watch.stream,
    close: () => {},
  };
  const lookAtAll = (): void => {
    for (const namespace of wanted.keys()) maps.look(namespace);
  };
  const maps: NamespaceConfigMaps = new NamespaceConfigMaps({
    api: server,
    clock,
    map: { name: 'isthmus-roots', key: 'roots.pem', role: 'roots' },
    revision: 'default',
    isMade,
    isWriter: () => true,
    contentFor: (namespace) => wanted.get(namespace),
    onSeen: lookAtAll,
    onRepaired: (namespace, _uid, { by, isDeletion }) => repaired.push(`${namespace} ${by} ${isDeletion}`),
  });
  onTestFinished(() => maps.close());
  const settled = async (check: () => void): Promise<void> => {
    await vi.waitFor(check, { timeout: 30_000 });
  };
  return { clock, sent, wanted, refused, repaired, maps, lookAtAll, settled, say: watch.say };
}

it('a namespace that refuses keeps nothing from the others, and is told of by its name until it takes it', async () => {
  const { clock, sent, wanted, refused, maps, settled } = scene();
  for (const namespace of ['aaa', 'bank', 'shop']) wanted.set(namespace, 'roots');
  refused.set('aaa', new ApiFailure('exceeded quota', { status: 403, reason: 'Forbidden' }));
  await settled(() => expect(sent).toEqual(['POST aaa', 'POST bank', 'POST shop']));
  expect(maps.troubles()).toEqual([{ namespace: 'aaa', isForeign: false, message: 'exceeded quota.' }]);
  refused.clear();
  clock.advance(60_000);
  await settled(() => expect(maps.troubles()).toEqual([]));
  expect(sent.slice(3)).toEqual(['POST aaa']);
});

it('a namespace that is about to go is no trouble, and is not asked again', async () => {
  const { clock, sent, wanted, refused, maps, settled } = scene();
  for (const namespace of ['aaa', 'shop']) wanted.set(namespace, 'roots');
  const message = 'unable to create new content in namespace aaa because it is being terminated';
  refused.set('aaa', new ApiFailure(message, { status: 403, reason: 'Forbidden' }));
  await settled(() => expect(sent).toEqual(['POST aaa', 'POST shop']));
  clock.advance(600_000);
  expect([sent.length, maps.troubles()]).toEqual([2, []]);
});

it.each([
  ['bears other labels', { by: 'Helm', manager: 'helm' }],
  ['was copied with our labels', { manager: 'kubectl-client-side-apply' }],
])('what %s is left as it is, and told of', async (_, of) => {
  const { sent, wanted, maps, settled } = scene({ there: [map('theirs', 'mine', '3', of)] });
  wanted.set('theirs', 'roots').set('shop', 'roots');
  await settled(() => expect(sent).toEqual(['POST shop']));
  const message = `There is one of that name that is not ours, written by ${of.manager}: it is left as it is.`;
  expect(maps.troubles()).toEqual([{ namespace: 'theirs', isForeign: true, message }]);
});

it('what a change of contents, or another control plane that is gone, left behind is brought up to date', async () => {
  const there = [
    map('shop', 'old', '3'),
    map('lab', 'roots', '4', { revision: 'canary', manager: 'isthmus-canary-roots' }),
    map('bank', 'roots', '5'),
  ];
  const { sent, wanted, settled } = scene({ there });
  wanted.set('shop', 'roots').set('lab', 'roots').set('bank', 'roots');
  await settled(() => expect(sent).toEqual(['PATCH shop', 'PATCH lab']));
});

it('what somebody takes away or changes is put back at once, and later and later where it goes on', async () => {
  const { clock, sent, wanted, repaired, settled, say } = scene({ there: [map('shop', 'roots', '3')] });
  wanted.set('shop', 'roots');
  await settled(() => {
    say({ type: 'DELETED', object: map('shop', 'roots', '8') });
    expect(sent).toEqual(['POST shop']);
  });
  await settled(() => expect(repaired).toEqual(['shop  true']));
  await turn();
  say({ type: 'MODIFIED', object: map('shop', 'evil', '20') });
  await turn();
  clock.advance(1_999);
  expect(sent).toHaveLength(1);
  clock.advance(1);
  await settled(() => expect(sent).toEqual(['POST shop', 'PATCH shop']));
});

it('what is only kept where it is ours is made nowhere', async () => {
  const { sent, wanted, settled } = scene({ there: [map('lab', 'old', '3')], isMade: false });
  wanted.set('shop', 'roots').set('lab', 'roots');
  await settled(() => expect(sent).toEqual(['PATCH lab']));
});
