import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clusterType, endpointType, listenerType } from '../../../src/delivery/xds/resources/resource-types.ts';
import { type ProtocolCase, runCase } from './protocol-case.ts';
import { node, type Rig, resource, startRig } from './rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.close();
  expect(rig.observed.failed).toEqual([]);
});

const versionOf = (type: string, name: string, content: string): string => resource(type, name, content).version;

const cases: readonly ProtocolCase[] = [
  {
    promise: 'a first request without names gets everything, then only what changes',
    type: clusterType,
    before: { a: '1', b: '1' },
    steps: [
      { client: {} },
      { gets: ['a=1', 'b=1'] },
      { change: { b: '2' } },
      { gets: ['b=2'] },
      { change: { c: '1' } },
      { gets: ['c=1'] },
      'silence',
    ],
  },
  {
    promise: 'a wildcard is answered even when there is nothing, so that a client can go on starting',
    type: clusterType,
    before: {},
    steps: [{ client: {} }, { gets: [] }, 'silence'],
  },
  {
    promise: 'an explicit wildcard is the same as none',
    type: clusterType,
    before: { a: '1' },
    steps: [
      { client: { resourceNamesSubscribe: ['*'] } },
      { gets: ['a=1'] },
      { change: { b: '1' } },
      { gets: ['b=1'] },
    ],
  },
  {
    promise: 'a removed resource is told once',
    type: clusterType,
    before: { a: '1', b: '1' },
    steps: [
      { client: {} },
      { gets: ['a=1', 'b=1'] },
      { change: { a: undefined } },
      { gets: [], removed: ['a'] },
      'silence',
    ],
  },
  {
    promise: 'a change to equal content is not sent',
    type: clusterType,
    before: { a: '1' },
    steps: [{ client: {} }, { gets: ['a=1'] }, { change: { a: '1' } }, 'silence'],
  },
  {
    promise: 'a named subscription gets its names and nothing else',
    type: endpointType,
    before: { a: '1', b: '1' },
    steps: [
      { client: { resourceNamesSubscribe: ['a'] } },
      { gets: ['a=1'] },
      { change: { b: '2' } },
      'silence',
      { change: { a: '2', b: '3' } },
      { gets: ['a=2'] },
    ],
  },
  {
    promise: 'a first request for endpoints without names is no wildcard',
    type: endpointType,
    before: { a: '1' },
    steps: [{ client: {} }, 'silence', { client: { resourceNamesSubscribe: ['a'] } }, { gets: ['a=1'] }],
  },
  {
    promise: 'a name that does not exist is told removed at once, and delivered when it appears',
    type: endpointType,
    before: {},
    steps: [
      { client: { resourceNamesSubscribe: ['late'] } },
      { gets: [], removed: ['late'] },
      'silence',
      { change: { late: '1' } },
      { gets: ['late=1'] },
      { change: { late: undefined } },
      { gets: [], removed: ['late'] },
      { change: { late: '2' } },
      { gets: ['late=2'] },
    ],
  },
  {
    promise: 'a name that is subscribed again is sent again, for the client may have forgotten it',
    type: endpointType,
    before: { a: '1' },
    steps: [
      { client: { resourceNamesSubscribe: ['a'] } },
      { gets: ['a=1'] },
      { client: { resourceNamesSubscribe: ['a'] } },
      { gets: ['a=1'] },
    ],
  },
  {
    promise: 'an unsubscribed name is not sent any more, and sent when it is subscribed again',
    type: endpointType,
    before: { a: '1', b: '1' },
    steps: [
      { client: { resourceNamesSubscribe: ['a', 'b'] } },
      { gets: ['a=1', 'b=1'] },
      { client: { resourceNamesUnsubscribe: ['a'] } },
      { change: { a: '2' } },
      'silence',
      { change: { a: undefined } },
      'silence',
      { change: { a: '3' } },
      { client: { resourceNamesSubscribe: ['a'] } },
      { gets: ['a=3'] },
    ],
  },
  {
    promise: 'a name taken away under a wildcard is answered with the resource that the wildcard still covers',
    type: clusterType,
    before: { a: '1' },
    steps: [
      { client: {} },
      { gets: ['a=1'] },
      { client: { resourceNamesSubscribe: ['a'] } },
      { gets: ['a=1'] },
      { client: { resourceNamesUnsubscribe: ['a'] } },
      { gets: ['a=1'] },
      { change: { b: '1' } },
      { gets: ['b=1'] },
    ],
  },
  {
    promise: 'a name taken away under a wildcard is answered as removed when there is none',
    type: clusterType,
    before: {},
    steps: [
      { client: { resourceNamesSubscribe: ['*', 'x'] } },
      { gets: [], removed: ['x'] },
      { client: { resourceNamesUnsubscribe: ['x'] } },
      { gets: [], removed: ['x'] },
    ],
  },
  {
    promise: 'taking away the wildcard leaves the names, and taking away the last name leaves nothing',
    type: clusterType,
    before: { a: '1', b: '1' },
    steps: [
      { client: {} },
      { gets: ['a=1', 'b=1'] },
      { client: { resourceNamesSubscribe: ['a'] } },
      { gets: ['a=1'] },
      { client: { resourceNamesUnsubscribe: ['*'] } },
      { change: { b: '2' } },
      'silence',
      { change: { a: '2' } },
      { gets: ['a=2'] },
      { client: { resourceNamesUnsubscribe: ['a'] } },
      { change: { a: '3', b: '3' } },
      'silence',
      { client: {} },
      'silence',
    ],
  },
  {
    promise: 'names that were never subscribed can be taken away without harm',
    type: endpointType,
    before: { a: '1' },
    steps: [
      { client: { resourceNamesSubscribe: ['a'], resourceNamesUnsubscribe: ['ghost'] } },
      { gets: ['a=1'] },
      { client: { resourceNamesUnsubscribe: ['ghost', 'ghost'] } },
      'silence',
    ],
  },
  {
    promise: 'a glob covers what begins with its prefix, present and future',
    type: endpointType,
    before: { 'shop/a': '1', 'bank/a': '1' },
    steps: [
      { client: { resourceNamesSubscribe: ['shop/*'] } },
      { gets: ['shop/a=1'] },
      { change: { 'shop/b': '1', 'bank/b': '1' } },
      { gets: ['shop/b=1'] },
      { client: { resourceNamesUnsubscribe: ['shop/*'] } },
      { change: { 'shop/b': '2' } },
      'silence',
    ],
  },
  {
    promise: 'a listener that takes over from another comes with the removal of the other',
    type: listenerType,
    before: { old: '1' },
    steps: [
      { client: {} },
      { gets: ['old=1'] },
      { change: { old: undefined, fresh: '1' } },
      { gets: ['fresh=1'], removed: ['old'] },
    ],
  },
  {
    promise: 'a refused resource is not sent again until it changes',
    type: clusterType,
    before: { a: '1' },
    steps: [
      { client: {} },
      { refuses: ['a=1'] },
      'silence',
      { change: { b: '1' } },
      { gets: ['b=1'] },
      'silence',
      { change: { a: '2' } },
      { gets: ['a=2'] },
    ],
  },
  {
    promise: 'a removed resource that returns unchanged is sent again',
    type: clusterType,
    before: { a: '1' },
    steps: [
      { client: {} },
      { gets: ['a=1'] },
      { change: { a: undefined } },
      { gets: [], removed: ['a'] },
      { change: { a: '1' } },
      { gets: ['a=1'] },
    ],
  },
  {
    promise: 'a reconnecting client gets what differs, and hears of what is gone',
    type: clusterType,
    before: { same: '1', altered: '2', fresh: '1' },
    steps: [
      {
        client: {
          initialResourceVersions: {
            same: versionOf(clusterType, 'same', '1'),
            altered: versionOf(clusterType, 'altered', '1'),
            gone: versionOf(clusterType, 'gone', '1'),
          },
        },
      },
      { gets: ['altered=2', 'fresh=1'], removed: ['gone'] },
      'silence',
    ],
  },
  {
    promise: 'a reconnecting client that has everything by name hears nothing',
    type: endpointType,
    before: { a: '1' },
    steps: [
      {
        client: {
          resourceNamesSubscribe: ['a'],
          initialResourceVersions: { a: versionOf(endpointType, 'a', '1'), unrelated: 'x' },
        },
      },
      'silence',
      { change: { unrelated: '1' } },
      'silence',
      { change: { a: '2' } },
      { gets: ['a=2'] },
    ],
  },
];

describe('a delta client', () => {
  for (const one of cases) test(one.promise, () => runCase(rig, 'delta', one));
});

test('a reconnecting client that has everything by name is shown as synced, until something is due', async () => {
  rig.change(endpointType, { a: '1' });
  const client = rig.connect('delta');
  const initialResourceVersions = { a: versionOf(endpointType, 'a', '1') };
  client.send({ node: node(), typeUrl: endpointType, resourceNamesSubscribe: ['a'], initialResourceVersions });
  await rig.silence(client);
  const state = () => rig.server.streams()[0]?.types.find(({ typeUrl }) => typeUrl === endpointType)?.state;
  expect(state()).toBe('SYNCED');
  rig.change(endpointType, { a: '2' });
  const response = await client.next();
  expect(state()).toBe('STALE');
  client.refuse(response, 'it does not please');
  await expect.poll(state).toBe('NACKED');
});
