import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clusterType, endpointType } from '../../../src/delivery/xds/resources/resource-types.ts';
import type { Dialect } from './raw-client.ts';
import { node, patience, type Rig, said, startRig } from './rig.ts';

const id = node().id ?? '';
let rig: Rig;
let reported: number;
beforeEach(async () => {
  reported = 0;
  rig = await startRig();
});
afterEach(() => rig.close());

const dialects: readonly Dialect[] = ['sotw', 'delta'];

describe.each(dialects)('a refused response (%s)', (dialect) => {
  test('is a finding that names the proxy, the type, the resource and its words, until it is mended', async () => {
    rig.change(clusterType, { good: '1', bad: '1' });
    const client = rig.connect(dialect);
    client.send({ node: node(), typeUrl: clusterType });
    client.refuse(await client.next(), 'Error adding cluster bad: connect_timeout\u0007\u202e is missing\n');
    await rig.silence(client);
    expect(rig.server.findings()).toEqual([
      expect.objectContaining({
        code: 'ISTH0801',
        severity: 'error',
        object: { kind: 'Proxy', namespace: 'shop', name: id },
        path: 'CDS',
        message: 'The proxy refused "bad": Error adding cluster bad: connect_timeout is missing',
      }),
    ]);
    expect(rig.server.streams()[0]?.types[0]).toMatchObject({ state: 'NACKED', error: expect.stringContaining('bad') });
    rig.change(clusterType, { bad: '2' });
    client.acknowledge(await client.next());
    await rig.silence(client);
    expect(rig.server.findings()).toEqual([]);
    expect(rig.server.streams()[0]?.types[0]).toMatchObject({ state: 'SYNCED' });
  });

  test('names at most a few resources when the proxy names none, and bounds its words', async () => {
    rig.change(clusterType, Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`c${index}`, '1'])));
    const client = rig.connect(dialect);
    client.send({ node: node(), typeUrl: clusterType });
    client.refuse(await client.next(), 'no '.repeat(100_000));
    await rig.silence(client);
    const [finding] = rig.server.findings();
    expect(finding?.message).toMatch(/^The proxy refused "c0", "c1", "c2", "c3", "c4" and 4 more: (no )+/);
    expect(finding?.message.length).toBeLessThan(700);
  });

  test('is over when the stream is', async () => {
    rig.change(clusterType, { bad: '1' });
    const client = rig.connect(dialect);
    client.send({ node: node(), typeUrl: clusterType });
    client.refuse(await client.next(), 'bad');
    await rig.silence(client);
    await client.close();
    await expect.poll(() => rig.server.findings(), patience).toEqual([]);
  });

  test('tells its listener that findings have changed', async () => {
    await rig.close();
    rig = await startRig({ observer: { findingsChanged: () => void reported++ } });
    rig.change(clusterType, { bad: '1' });
    const client = rig.connect(dialect);
    client.send({ node: node(), typeUrl: clusterType });
    client.refuse(await client.next(), 'bad');
    await rig.silence(client);
    expect(reported).toBe(1);
  });
});

describe('a refused endpoint', () => {
  test('stays a finding while others are accepted', async () => {
    rig.change(endpointType, { good: '1', bad: '1' });
    const client = rig.connect('delta');
    client.send({ node: node(), typeUrl: endpointType, resourceNamesSubscribe: ['good', 'bad'] });
    client.refuse(await client.next(), 'assignment "bad" has no port');
    rig.change(endpointType, { good: '2' });
    client.acknowledge(await client.next());
    await rig.silence(client);
    expect(rig.server.findings()).toHaveLength(1);
    client.send({ typeUrl: endpointType, resourceNamesUnsubscribe: ['bad'] });
    await rig.silence(client);
    expect(rig.server.findings()).toEqual([]);
  });
});

describe('a nonce', () => {
  test('that is unknown voids a state-of-the-world request', async () => {
    rig.change(endpointType, { a: '1', b: '1' });
    const client = rig.connect('sotw');
    client.send({ node: node(), typeUrl: endpointType, resourceNames: ['a'] });
    const response = await client.next();
    client.acknowledge(response, ['a']);
    client.send({
      typeUrl: endpointType,
      resourceNames: ['a', 'b'],
      responseNonce: 'unknown',
      errorDetail: { code: 3 },
    });
    await rig.silence(client);
    expect(rig.observed).toMatchObject({ stale: 1, refused: 0 });
    client.acknowledge(response, ['a', 'b']);
    expect(said(await client.next()).resources).toEqual(['b=1']);
  });

  test('that is unknown leaves the names of a delta request in force, and refuses nothing', async () => {
    rig.change(endpointType, { a: '1', b: '1' });
    const client = rig.connect('delta');
    client.send({ node: node(), typeUrl: endpointType, resourceNamesSubscribe: ['a'] });
    client.acknowledge(await client.next());
    client.send({
      typeUrl: endpointType,
      resourceNamesSubscribe: ['b'],
      responseNonce: 'unknown',
      errorDetail: { code: 3, message: 'b' },
    });
    expect(said(await client.next()).resources).toEqual(['b=1']);
    expect(rig.observed).toMatchObject({ stale: 1, refused: 0 });
    expect(rig.server.findings()).toEqual([]);
  });

  test('of an earlier response is stale once a newer one is under way', async () => {
    rig.change(endpointType, { a: '1' });
    const client = rig.connect('sotw');
    client.send({ node: node(), typeUrl: endpointType, resourceNames: ['a'] });
    const first = await client.next();
    client.acknowledge(first, ['a']);
    rig.change(endpointType, { a: '2' });
    const second = await client.next();
    client.acknowledge(first, ['a', 'late']);
    rig.change(endpointType, { late: '1' });
    await rig.silence(client);
    expect(rig.observed.stale).toBe(1);
    client.acknowledge(second, ['a', 'late']);
    expect(said(await client.next()).resources).toEqual(['late=1']);
  });

  test.each(dialects)('that comes twice counts once (%s)', async (dialect) => {
    rig.change(clusterType, { a: '1' });
    const client = rig.connect(dialect);
    client.send({ node: node(), typeUrl: clusterType });
    const response = await client.next();
    client.acknowledge(response);
    client.acknowledge(response);
    client.refuse(response, 'too late');
    await rig.silence(client);
    expect(rig.observed).toMatchObject({ repeated: 2, refused: 0, stale: 0 });
    expect(rig.server.findings()).toEqual([]);
  });

  test('of another stream is unknown on this one', async () => {
    rig.change(clusterType, { a: '1' });
    const responses = await Promise.all(
      [rig.connect('delta'), rig.connect('delta')].map(async (client) => {
        client.send({ node: node(), typeUrl: clusterType });
        return client.next();
      }),
    );
    expect(responses[0]?.nonce).not.toBe(responses[1]?.nonce);
  });
});
