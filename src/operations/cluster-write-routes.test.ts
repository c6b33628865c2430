import { Hono } from 'hono';
import { expect, it } from 'vitest';
import type { ClusterWriting } from '../model/cluster-writing.ts';
import { addClusterWriteRoutes } from './cluster-write-routes.ts';

const kind = {
  kind: 'ServiceEntry',
  resource: 'serviceentries.networking.istio.io',
  state: 'live',
  reason: '',
  wanted: 0,
  owned: 1,
  strangers: [],
  troubles: [],
  namespaces: [],
  fights: [],
} as const;

async function release(query: string, elsewhere?: string, headers: Readonly<Record<string, string>> = {}) {
  const app = new Hono();
  const asked: (readonly [string | undefined, string])[] = [];
  const status: ClusterWriting = {
    isWriter: elsewhere === undefined,
    isComplete: true,
    queued: 0,
    isHalted: false,
    kinds: [kind],
  };
  addClusterWriteRoutes(app, {
    status: () => status,
    writesElsewhere: () => elsewhere,
    release: async (one, by) => {
      asked.push([one, by]);
      return ['ServiceEntry shop/a'];
    },
  });
  const answer = await app.request(`/api/v1/cluster-writes/release${query}`, { method: 'POST', headers });
  return { status: answer.status, body: await answer.text(), asked };
}

it('what is held is released by the replica that writes', async () => {
  const { status, body, asked } = await release('?kind=ServiceEntry');
  expect([status, JSON.parse(body), asked]).toEqual([
    200,
    { released: ['ServiceEntry shop/a'] },
    [['ServiceEntry', 'somebody']],
  ]);
});

it('a replica that does not write releases nothing, and says which one to ask', async () => {
  const { status, body, asked } = await release('', 'ask the replica that writes: other-replica');
  expect([status, asked]).toEqual([409, []]);
  expect(body).toContain('nothing was released: ask the replica that writes: other-replica.');
});

it('a kind that is not written is said, with those that are', async () => {
  const { status, body, asked } = await release('?kind=ServiceEntri');
  expect([status, asked]).toEqual([404, []]);
  expect(body).toBe('There is no kind "ServiceEntri" that is written; there are ServiceEntry.\n');
});

it('who releases is taken at their word, of which no more is kept than a name has', async () => {
  const by = async (name: string) => (await release('', undefined, { 'x-isthmus-caller': name })).asked[0]?.[1];
  expect(await by('alice@laptop')).toBe('alice@laptop');
  expect(await by('\u009b31malice')).toBe('\\x9b31malice');
  expect(await by('a'.repeat(1000))).toHaveLength(128);
});
