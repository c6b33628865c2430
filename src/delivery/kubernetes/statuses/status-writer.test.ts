/** Faults that a real API server cannot be made to show; for the rest see test/interop/kubernetes/status.test.ts. */
import { expect, it } from 'vitest';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { failure, statusScene as scene, status } from './status-writer-fixture.ts';

it('writes a status again where it met a conflict', async () => {
  const { clock, sent, faults, take, quiet } = scene();
  faults.push(failure(409, 'the object has been modified'));
  take(status('orders'));
  await quiet();
  expect(sent).toHaveLength(1);
  clock.advance(1_000);
  await quiet();
  expect(sent).toHaveLength(2);
  expect(sent[1]).toMatchObject({ contentType: 'application/apply-patch+yaml' });
});

it('leaves the server alone for as long as it asks', async () => {
  const { clock, sent, faults, take, quiet } = scene();
  faults.push(failure(429, 'too many requests', 5_000));
  take(status('orders'));
  await quiet();
  clock.advance(4_900);
  await quiet();
  expect(sent).toHaveLength(1);
  clock.advance(10_000);
  await quiet();
  expect(sent).toHaveLength(2);
});

it('writes the last of many statuses that an object was to have while nobody answered', async () => {
  const { clock, sent, faults, take, quiet } = scene();
  faults.push(new ApiFailure('connection refused'));
  take(status('orders'));
  await quiet();
  for (let generation = 2; generation < 10; generation++) take(status('orders', generation));
  await quiet();
  clock.advance(60_000);
  await quiet();
  expect(sent).toHaveLength(2);
  expect(sent[1]?.body).toMatchObject({ status: { observedGeneration: 9 } });
});

it('forgets an object that is gone, and writes the others', async () => {
  const { clock, sent, faults, take, quiet, writer } = scene();
  take(status('first'));
  await quiet();
  faults.push(failure(404, 'metarouters.metaprotocol.aeraki.io "gone" not found'));
  take(status('gone'), status('orders'));
  await quiet();
  clock.advance(300_000);
  await quiet();
  expect(sent.map(({ path }) => path.match(/(\w+)\/status/)?.[1])).toEqual(['first', 'gone', 'orders']);
  expect(writer.findings()).toEqual([]);
});

it('writes no more than a burst at once, then so many a second, and lists a kind once', async () => {
  const { clock, lists, sent, take, quiet } = scene();
  take(...Array.from({ length: 150 }, (_, at) => status(`o${at}`)));
  await quiet();
  await quiet();
  expect(sent.length).toBeLessThanOrEqual(100);
  for (let second = 0; second < 10; second++) {
    clock.advance(1_000);
    await quiet();
  }
  expect(sent).toHaveLength(150);
  expect(lists).toHaveLength(1);
});

it('tells what fell when it is written, and not before', async () => {
  const { clock, fallen, faults, take, quiet } = scene();
  faults.push(new ApiFailure('connection refused'));
  take(status('orders', 1, 'False'));
  await quiet();
  expect(fallen).toEqual([]);
  clock.advance(60_000);
  await quiet();
  expect(fallen).toMatchObject([{ object: { kind: 'MetaRouter', name: 'orders' }, generation: 1 }]);
});

it('sends nothing once another replica writes, and all of it when it is its turn again', async () => {
  const { sent, lists, take, quiet, setWriter } = scene();
  setWriter(false);
  take(status('orders'));
  await quiet();
  expect(sent).toEqual([]);
  setWriter(true);
  await quiet();
  expect([sent.length, lists.length]).toEqual([1, 1]);
});

it('speaks for an object that other control planes heed as well only while it is the first of them', async () => {
  const { clock, sent, take, quiet, setFirst } = scene();
  const told = () => sent.map(({ path, body }) => [path.match(/(\w+)\/status/)?.[1], JSON.stringify(body)]);
  setFirst(undefined);
  take({ ...status('shared'), isShared: true }, { ...status('own'), isShared: false });
  await quiet();
  expect(sent).toEqual([]);
  setFirst(false);
  await quiet();
  expect(told()).toEqual([
    ['shared', expect.stringContaining('"type":"canary.isthmus.dev/Accepted"')],
    ['own', expect.stringContaining('"type":"Accepted"')],
  ]);
  expect(sent[0]?.path).toContain('fieldManager=isthmus-canary-status');
  expect(told()[0]?.[1]).not.toContain('"status":{"observedGeneration"');
  sent.length = 0;
  setFirst(true);
  await quiet();
  clock.advance(1_000);
  await quiet();
  expect(told()[0]).toEqual(['shared', expect.stringContaining('"type":"Accepted"')]);
});

it('names what refuses a status, and goes on with the statuses of others', async () => {
  const { sent, faults, take, quiet, writer } = scene();
  take(status('first'));
  await quiet();
  faults.push(failure(422, 'status.conditions[0].reason: Invalid value'));
  take(status('orders'));
  await quiet();
  expect(writer.findings()).toMatchObject([{ code: 'ISTH1542', message: expect.stringContaining('shop/orders') }]);
  take(status('other'));
  await quiet();
  expect(sent.at(-1)?.path).toContain('/other/status');
});

it('looks again at an object that came by with another status, once a minute however often it does', async () => {
  const { clock, sent, looks, writer, take, quiet } = scene();
  take(status('orders'));
  await quiet();
  const wiped = { metadata: { namespace: 'shop', name: 'orders' }, status: { conditions: [] } };
  for (let round = 0; round < 20; round++) {
    writer.see('MetaRouter', wiped);
    clock.advance(2_000);
    await quiet();
  }
  expect([looks.length, sent.length]).toEqual([1, 2]);
  clock.advance(30_000);
  await quiet();
  expect([looks.length, sent.length]).toEqual([2, 3]);
});

it('takes its word back from what is there and not wanted any more, and asks nothing of what is gone', async () => {
  const { clock, sent, writer, take, quiet } = scene();
  const object = { metadata: { namespace: 'shop', name: 'b' } };
  take(status('a'), status('b'));
  await quiet();
  const before = sent.length;
  writer.see('MetaRouter', object, true);
  writer.take(['a', 'b'].map((name) => ({ key: `MetaRouter/shop/${name}`, after: undefined })));
  clock.advance(60_000);
  await quiet();
  expect(sent.slice(before).map(({ path, body }) => [path.includes('/a/status'), body])).toEqual([
    [
      true,
      { apiVersion: 'metaprotocol.aeraki.io/v1alpha1', kind: 'MetaRouter', metadata: { namespace: 'shop', name: 'a' } },
    ],
  ]);
});
