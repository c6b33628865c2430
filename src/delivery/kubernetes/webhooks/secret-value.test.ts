import { expect, it } from 'vitest';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import type { ApiChange, ApiServer } from '../../../kubernetes-api/api-server.ts';
import { SecretValue } from './secret-value.ts';

/** A store of one Secret. */
function storing(secret: object | undefined) {
  const sent: ApiChange[] = [];
  const server: ApiServer = {
    get: async () => {
      if (secret === undefined) throw new ApiFailure('not found', { status: 404 });
      return secret;
    },
    send: async (change) => {
      sent.push(change);
      return change.body;
    },
    stream: async function* () {},
    close: () => {},
  };
  return { value: new SecretValue(server, { namespace: 'isthmus-system', name: 'roots', labels: {} }), sent };
}

it('is made of our own type', async () => {
  const { value, sent } = storing(undefined);
  await value.write({ a: 1 }, (await value.read())?.version);
  expect(sent).toMatchObject([{ method: 'POST', body: { type: 'isthmus.dev/state' } }]);
});

it('keeps the type with which somebody made it anew, which no update can change', async () => {
  const { value, sent } = storing({ type: 'Opaque', metadata: { resourceVersion: '7' }, data: { 'value.json': 'x' } });
  await value.write({ a: 1 }, (await value.read())?.version);
  expect(sent).toMatchObject([{ method: 'PUT', body: { type: 'Opaque', metadata: { resourceVersion: '7' } } }]);
});
