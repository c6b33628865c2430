import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { AccessToken } from './access-token.ts';
import { HttpApi } from './http-api.ts';
import { openHttpSession } from './http-session.ts';

/** A server that gives one answer to everything, with status 200, as a proxy's page of errors often has. */
async function sessionOn(body: unknown): Promise<unknown> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const api = new HttpApi(new URL(`http://127.0.0.1:${port}/nacos`), undefined, {});
  onTestFinished(() => api.close());
  const session = await openHttpSession({ api, token: new AccessToken(api, async () => ({})) });
  return session.list('public', 'DEFAULT_GROUP');
}

it.each([
  { error: 'upstream unavailable' },
  { count: 0 },
  { doms: [] },
  { code: 0, data: null },
  { count: 'many', doms: [] },
])('no list is read out of %j', async (body) => {
  await expect(sessionOn(body)).rejects.toThrow(/answers, and not as Nacos does/);
});

it('an empty list is one', async () => {
  expect(await sessionOn({ count: 0, doms: [] })).toEqual([]);
});
