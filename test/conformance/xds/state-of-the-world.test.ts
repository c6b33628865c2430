import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  clusterType,
  endpointType,
  listenerType,
  metaRouteType,
  routeType,
} from '../../../src/delivery/xds/resources/resource-types.ts';
import { type ProtocolCase, runCase } from './protocol-case.ts';
import { node, type Rig, said, startRig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.close();
  expect(rig.observed.failed).toEqual([]);
});

const cases: readonly ProtocolCase[] = [
  {
    promise: 'a first request without names gets everything, and everything again on each change',
    type: clusterType,
    before: { a: '1', b: '1' },
    steps: [{ client: {} }, { gets: ['a=1', 'b=1'] }, { change: { b: '2' } }, { gets: ['a=1', 'b=2'] }, 'silence'],
  },
  {
    promise: 'a wildcard is answered even when there is nothing, so that a client can go on starting',
    type: listenerType,
    before: {},
    steps: [{ client: {} }, { gets: [] }, 'silence'],
  },
  {
    promise: 'a removed cluster is absent from the next response',
    type: clusterType,
    before: { a: '1', b: '1' },
    steps: [{ client: {} }, { gets: ['a=1', 'b=1'] }, { change: { a: undefined } }, { gets: ['b=1'] }, 'silence'],
  },
  {
    promise: 'the last cluster can be removed',
    type: clusterType,
    before: { a: '1' },
    steps: [{ client: {} }, { gets: ['a=1'] }, { change: { a: undefined } }, { gets: [] }, 'silence'],
  },
  {
    promise: 'a listener leaves in the response that brings the one on its address',
    type: listenerType,
    before: { old: '1' },
    steps: [
      { client: {} },
      { gets: ['old=1'] },
      { change: { old: undefined, fresh: '1' } },
      { gets: ['fresh=1'] },
      'silence',
    ],
  },
  {
    promise: 'a client that names clusters gets all that it names, and no other',
    type: clusterType,
    before: { a: '1', b: '1', c: '1' },
    steps: [
      { client: { resourceNames: ['a', 'b'] } },
      { gets: ['a=1', 'b=1'] },
      { change: { c: '2' } },
      'silence',
      { change: { a: '2' } },
      { gets: ['a=2', 'b=1'] },
    ],
  },
  {
    promise: 'endpoints come alone: only the names that changed',
    type: endpointType,
    before: { a: '1', b: '1' },
    steps: [
      { client: { resourceNames: ['a', 'b'] } },
      { gets: ['a=1', 'b=1'] },
      { change: { b: '2' } },
      { gets: ['b=2'] },
      { change: { other: '1' } },
      'silence',
    ],
  },
  {
    promise: 'names added to a subscription are sent without what is known already',
    type: endpointType,
    before: { a: '1', b: '1' },
    steps: [
      { client: { resourceNames: ['a'] } },
      { gets: ['a=1'] },
      { client: { resourceNames: ['a', 'b'] } },
      { gets: ['b=1'] },
      'silence',
    ],
  },
  {
    promise: 'a name that does not exist is met with silence, and delivered when it appears',
    type: routeType,
    before: {},
    steps: [{ client: { resourceNames: ['late'] } }, 'silence', { change: { late: '1' } }, { gets: ['late=1'] }],
  },
  {
    promise: 'a route that is gone is met with silence: its listener says so',
    type: routeType,
    before: { a: '1' },
    steps: [
      { client: { resourceNames: ['a'] } },
      { gets: ['a=1'] },
      { change: { a: undefined } },
      'silence',
      { change: { a: '1' } },
      { gets: ['a=1'] },
    ],
  },
  {
    promise: 'a name that was left out is sent again when it is stated again',
    type: endpointType,
    before: { a: '1', b: '1' },
    steps: [
      { client: { resourceNames: ['a', 'b'] } },
      { gets: ['a=1', 'b=1'] },
      { client: { resourceNames: ['a'] } },
      { change: { b: '2' } },
      'silence',
      { change: { b: '1' } },
      { client: { resourceNames: ['a', 'b'] } },
      { gets: ['b=1'] },
    ],
  },
  {
    promise: 'no names after names is nothing, not everything',
    type: clusterType,
    before: { a: '1' },
    steps: [
      { client: { resourceNames: ['a'] } },
      { gets: ['a=1'] },
      { client: { resourceNames: [] } },
      { change: { a: '2' } },
      'silence',
    ],
  },
  {
    promise: 'an explicit wildcard with a name keeps the wildcard, and leaving it out ends it',
    type: clusterType,
    before: { a: '1', b: '1' },
    steps: [
      { client: {} },
      { gets: ['a=1', 'b=1'] },
      { client: { resourceNames: ['*', 'a'] } },
      { gets: ['a=1', 'b=1'] },
      { client: { resourceNames: ['a'] } },
      { change: { b: '2' } },
      'silence',
      { change: { a: '2' } },
      { gets: ['a=2'] },
    ],
  },
  {
    promise: 'a first request for endpoints without names is no wildcard',
    type: endpointType,
    before: { a: '1' },
    steps: [{ client: {} }, 'silence'],
  },
  {
    promise: 'a refused set is not sent again until something in it changes',
    type: clusterType,
    before: { a: '1' },
    steps: [{ client: {} }, { refuses: ['a=1'] }, 'silence', { change: { a: '2' } }, { gets: ['a=2'] }],
  },
  {
    promise: "MetaProtocol's own routes are served by name",
    type: metaRouteType,
    before: { 'a.shop_9090': '1' },
    steps: [
      { client: { resourceNames: ['a.shop_9090'] } },
      { gets: ['a.shop_9090=1'] },
      { change: { 'a.shop_9090': '2' } },
      { gets: ['a.shop_9090=2'] },
    ],
  },
];

describe('a state-of-the-world client', () => {
  for (const one of cases) test(one.promise, () => runCase(rig, 'sotw', one));

  test('gets the same version for the same content from another server, whatever happened before', async () => {
    const other = await startRig();
    try {
      rig.change(clusterType, { a: '0', gone: '1' });
      rig.change(clusterType, { gone: undefined, b: '1', a: '1' });
      other.change(clusterType, { b: '1', a: '1' });
      const versions = await Promise.all(
        [rig, other].map(async (one) => {
          const client = one.connect('sotw');
          client.send({ node: node(), typeUrl: clusterType });
          return (await client.next()).version;
        }),
      );
      expect(versions[0]).toBe(versions[1]);
      expect(versions[0]).toMatch(/^[0-9a-f]{16}$/);
    } finally {
      await other.close();
    }
  });

  test('that reconnects with the wildcard version it has is sent nothing until something changes', async () => {
    rig.change(clusterType, { a: '1' });
    const before = rig.connect('sotw');
    before.send({ node: node(), typeUrl: clusterType });
    const { version } = await before.next();
    const client = rig.connect('sotw');
    client.send({ node: node(), typeUrl: clusterType, versionInfo: version });
    await rig.silence(client);
    rig.change(clusterType, { a: '2' });
    expect(said(await client.next()).resources).toEqual(['a=2']);
  });

  test('that reconnects and names resources is sent them whatever version it has, for it may have lost some', async () => {
    rig.change(endpointType, { a: '1', b: '1' });
    const ask = async (resourceNames: string[], versionInfo = '') => {
      const client = rig.connect('sotw');
      client.send({ node: node(), typeUrl: endpointType, resourceNames, versionInfo });
      return client.next();
    };
    const [everything, fresh] = [await ask(['*']), await ask(['a'])];
    for (const { version } of [everything, fresh]) {
      const again = await ask(['a'], version);
      expect(said(again).resources).toEqual(['a=1']);
      expect(again.version).toBe(fresh.version);
    }
  });
});
