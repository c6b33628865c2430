import { expect, it } from 'vitest';
import { sharedHolds, waitingTopic } from '../../delivery/kubernetes/objects/shared-holds.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import type { KindWriting } from '../../model/cluster-writing.ts';
import { askAll } from './checking.ts';
import { findingChecks } from './finding-checks.ts';

const now = Date.UTC(2026, 10, 22);

const writing = (kind: string, held: KindWriting['held']): KindWriting => ({
  kind,
  resource: `${kind.toLowerCase()}s.networking.istio.io`,
  state: 'live',
  reason: '',
  wanted: 1,
  owned: 3,
  troubles: [],
  namespaces: [],
  fights: [],
  strangers: [],
  ...(held === undefined ? {} : { held }),
});

/** What the check says where replicas said this of what is held. */
async function verdict(...words: readonly (string | Readonly<Record<string, string>>)[]) {
  const asked: string[] = [];
  const server: ApiServer = {
    get: async (path) => {
      asked.push(path);
      const items = path.includes('/configmaps')
        ? words.map((word) => ({ data: typeof word === 'string' ? { held: word } : word }))
        : [];
      return { items };
    },
    send: () => Promise.reject(new Error('nothing is changed')),
    stream: () => {
      throw new Error('nothing is followed');
    },
    close: () => {},
  };
  const place = { release: 'isthmus', namespace: 'mesh-system', revision: 'canary' };
  const results = await askAll(findingChecks({ server, ...place, now: () => now }), 'https://it');
  return { asked, held: results.find(({ check }) => check.includes('deletion held')) };
}

it('names the kinds of which deletions are held, how many and until when, and how they are looked at', async () => {
  const objects = ['a/one', 'a/two'];
  const word = sharedHolds([
    writing('ServiceEntry', { objects, since: now - 1_000, due: now + 60_000 }),
    writing('EnvoyFilter', undefined),
  ]);
  const { asked, held } = await verdict(JSON.stringify(word));
  expect(asked.join()).toMatch(/namespaces\/mesh-system\/configmaps\?labelSelector=isthmus.dev%2Freplica-of%3Dcanary/);
  expect(held).toMatchObject({
    result: 'warning',
    message: 'Held: 2 of kind ServiceEntry until 2026-11-22T00:01:00.000Z.',
    hint: expect.stringContaining('"isthmus writes list"'),
  });
});

it('passes where nothing is held, who held it is gone, or the word is no such word', async () => {
  expect(sharedHolds([writing('ServiceEntry', undefined)])).toBeUndefined();
  const past = JSON.stringify([{ kind: 'ServiceEntry', objects: 2, due: now }]);
  const { held } = await verdict(past, '{', '[1, {"kind": "ServiceEntry"}]', '{"kind": 3}');
  expect(held).toMatchObject({ result: 'passed' });
});

it('says that deletions wait for what cannot be seen, and who says what that is', async () => {
  const { held } = await verdict({}, { [waitingTopic]: JSON.stringify(true) });
  expect(held).toMatchObject({
    result: 'warning',
    message: 'Nothing is deleted until every kind and every registry is seen.',
    hint: expect.stringContaining('isthmus analyze'),
  });
});
