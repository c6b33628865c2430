/** Anybody with a certificate can state any node id: whose stream it is, is said by the certificate. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clusterType } from '../../src/delivery/xds/resources/resource-types.ts';
import type { ServerCredentials } from '../../src/delivery/xds/transport/server-tls.ts';
import { proxyKey } from '../../src/model/proxy.ts';
import type { RawClient } from '../conformance/xds/raw-client.ts';
import { node, type Rig, startRig } from '../conformance/xds/rig.ts';
import { meshTls } from './mesh-tls.ts';

const id = node().id ?? '';
const [books, thief] = ['spiffe://mesh.example/ns/shop/sa/books', 'spiffe://mesh.example/ns/shop/sa/thief'];
let rig: Rig;
let own: { readonly books: ServerCredentials; readonly thief: ServerCredentials };

beforeEach(async () => {
  const { tls, issue } = await meshTls();
  own = { books: await issue('books'), thief: await issue('thief') };
  rig = await startRig({ limits: { streamsPerNode: 2 }, identityOf: ({ identity }) => identity }, tls);
  rig.change(clusterType, { good: '1' });
});
afterEach(() => rig.close());

function open(who: keyof typeof own): RawClient {
  const client = rig.connect('delta', { credentials: own[who] });
  client.send({ node: node(), typeUrl: clusterType });
  return client;
}

test('the streams of another identity under the same node id take none of the places, and are blamed for themselves', async () => {
  for (let index = 0; index < 2; index++) await open('thief').next();
  expect(await open('thief').status).toMatchObject({
    code: 8,
    details: expect.stringContaining(`of ${thief} has 2 streams`),
  });
  expect((await open('books').next()).resources).toHaveLength(1);
  expect(rig.server.findings()).toEqual([
    expect.objectContaining({
      code: 'ISTH0802',
      object: { kind: 'Proxy', name: id },
      message: expect.stringContaining(`Of a caller with the certificate of ${thief}: `),
    }),
  ]);
});

test('what another identity refuses under the same node id is not shown as refused by this one', async () => {
  const [mine, other] = [open('books'), open('thief')];
  mine.acknowledge(await mine.next());
  other.refuse(await other.next(), 'I will not');
  for (const client of [mine, other]) await rig.silence(client);
  const [finding, ...more] = rig.server.findings();
  expect(more).toEqual([]);
  expect(finding?.message).toContain(
    `Of a caller with the certificate of ${thief}: The proxy refused "good": I will not`,
  );
  const refusedOf = (identity: string): unknown =>
    rig.server.resources(proxyKey({ id, identity }), clusterType).map(({ name, refused }) => [name, refused]);
  expect([refusedOf(books), refusedOf(thief)]).toEqual([[['good', false]], [['good', true]]]);
});
