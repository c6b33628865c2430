import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  clusterType,
  endpointType,
  listenerType,
  metaRouteType,
  routeType,
  shortType,
} from '../../../src/delivery/xds/resources/resource-types.ts';
import type { Dialect, RawClient } from './raw-client.ts';
import { node, type Rig, resource, said, startRig } from './rig.ts';

const NEVER = 2 ** 31 - 1;
const types = [metaRouteType, routeType, listenerType, endpointType, clusterType];
const dialects: readonly Dialect[] = ['sotw', 'delta'];

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ limits: { clusterWaitMs: NEVER } });
});
afterEach(() => rig.close());

/** Sets one name of every type in one batch. */
function changeAll(content: string | undefined, name = 'a'): void {
  rig.store.apply(
    types.map((typeUrl) => ({
      scope: 'mesh',
      typeUrl,
      name,
      resource: content === undefined ? undefined : resource(typeUrl, name, content),
    })),
  );
}

async function connectAll(dialect: Dialect, names: readonly string[]): Promise<RawClient> {
  const client = rig.connect(dialect);
  for (const typeUrl of types.toReversed()) {
    client.send({ node: node(), typeUrl, ...namesOf(typeUrl, names) });
    client.acknowledge(await client.next(), namesOf(typeUrl, names).resourceNames);
  }
  return client;
}

const isNamed = (typeUrl: string): boolean => typeUrl !== clusterType && typeUrl !== listenerType;
const namesOf = (typeUrl: string, names: readonly string[]) =>
  isNamed(typeUrl)
    ? { resourceNames: [...names], resourceNamesSubscribe: [...names] }
    : { resourceNames: [], resourceNamesSubscribe: [] };

describe.each(dialects)('one change of many types (%s)', (dialect) => {
  test('goes out as clusters, endpoints, listeners, routes, MetaProtocol routes', async () => {
    changeAll('1');
    const client = await connectAll(dialect, ['a']);
    changeAll('2');
    const order: string[] = [];
    for (let count = 0; count < types.length; count++) {
      const response = await client.next();
      order.push(response.typeUrl);
      client.acknowledge(response, namesOf(response.typeUrl, ['a']).resourceNames);
    }
    expect(order).toEqual([clusterType, endpointType, listenerType, routeType, metaRouteType]);
  });

  test('keeps listeners and routes of both kinds back until the clusters are accepted', async () => {
    changeAll('1');
    const client = await connectAll(dialect, ['a']);
    changeAll('2');
    const clusters = await client.next();
    expect(clusters.typeUrl).toBe(clusterType);
    const endpoints = await client.next();
    expect(endpoints.typeUrl).toBe(endpointType);
    client.acknowledge(endpoints, ['a']);
    await rig.silence(client);
    client.acknowledge(clusters);
    expect((await client.next()).typeUrl).toBe(listenerType);
    expect((await client.next()).typeUrl).toBe(routeType);
    expect((await client.next()).typeUrl).toBe(metaRouteType);
  });

  test('brings the endpoints of a cluster with each change of it: an Envoy makes it anew, and does not ask for them', async () => {
    for (const name of ['a', 'b']) changeAll('1', name);
    const client = await connectAll(dialect, ['a', 'b']);
    const changed = resource(clusterType, 'a', '2');
    rig.store.apply([{ scope: 'mesh', typeUrl: clusterType, name: 'a', resource: changed }]);
    const clusters = await client.next();
    expect(clusters.typeUrl).toBe(clusterType);
    const endpoints = await client.next();
    expect([endpoints.typeUrl, endpoints.resources.map(({ name }) => name)]).toEqual([endpointType, ['a']]);
    client.acknowledge(clusters);
    client.acknowledge(endpoints, ['a', 'b']);
    await rig.silence(client);
  });

  test('does not keep routes back when the clusters are refused', async () => {
    changeAll('1');
    const client = await connectAll(dialect, ['a']);
    changeAll('2');
    client.refuse(await client.next(), 'no');
    const rest = [await client.next(), await client.next(), await client.next(), await client.next()];
    expect(rest.map(({ typeUrl }) => typeUrl)).toEqual([endpointType, listenerType, routeType, metaRouteType]);
  });

  test('takes clusters away last, after what replaces them and what referred to them', async () => {
    changeAll('1', 'old');
    const client = await connectAll(dialect, ['old', 'new']);
    rig.store.apply(
      types.flatMap((typeUrl) => [
        { scope: 'mesh', typeUrl, name: 'old', resource: undefined },
        { scope: 'mesh', typeUrl, name: 'new', resource: resource(typeUrl, 'new', '1') },
      ]),
    );
    const told: string[] = [];
    while (told.at(-1) !== (dialect === 'delta' ? 'CDS -old' : 'CDS new')) {
      const response = await client.next();
      const { resources, removed } = response;
      told.push(
        [shortType(response.typeUrl), ...resources.map(({ name }) => name), ...removed.map((name) => `-${name}`)].join(
          ' ',
        ),
      );
      client.acknowledge(response, namesOf(response.typeUrl, ['old', 'new']).resourceNames);
    }
    expect(told).toEqual(
      dialect === 'delta'
        ? ['CDS new', 'EDS new', 'LDS new -old', 'RDS new -old', 'MRDS new -old', 'EDS -old', 'CDS -old']
        : ['CDS new old', 'EDS new', 'LDS new', 'RDS new', 'MRDS new', 'CDS new'],
    );
    await rig.silence(client);
  });
});

test('a cluster that never warms keeps routes back only for a while', async () => {
  await rig.close();
  rig = await startRig({ limits: { clusterWaitMs: 20 } });
  changeAll('1');
  const client = await connectAll('delta', ['a']);
  changeAll('2');
  const order: string[] = [];
  while (order.length < types.length) order.push((await client.next()).typeUrl);
  expect(order).toEqual([clusterType, endpointType, listenerType, routeType, metaRouteType]);
});

test.each(dialects)('what changes while an answer is due is merged into one response (%s)', async (dialect) => {
  rig.change(clusterType, { a: '1' });
  const client = rig.connect(dialect);
  client.send({ node: node(), typeUrl: clusterType });
  const first = await client.next();
  for (let round = 2; round <= 50; round++)
    rig.change(clusterType, { a: String(round), [`b${round % 3}`]: String(round) });
  await rig.silence(client);
  client.acknowledge(first);
  const second = await client.next();
  expect(said(second).resources).toEqual(['a=50', 'b0=48', 'b1=49', 'b2=50']);
  client.acknowledge(second);
  await rig.silence(client);
});

describe.each(dialects)('what is gone for one proxy while another is told what is new (%s)', (dialect) => {
  async function changed(limits: { readonly removalWaitMs: number }): Promise<readonly [RawClient, RawClient]> {
    await rig.close();
    rig = await startRig({ limits });
    rig.change(clusterType, { stays: '1', goes: '1' });
    rig.change(routeType, { route: 'to what goes' });
    const workload = rig.connect(dialect);
    workload.send({ node: node(), typeUrl: clusterType });
    workload.acknowledge(await workload.next());
    const caller = rig.connect(dialect);
    caller.send({ node: node(), typeUrl: routeType, ...namesOf(routeType, ['route']) });
    caller.acknowledge(await caller.next(), ['route']);
    const changes = { [clusterType]: ['goes', undefined], [routeType]: ['route', 'to what stays'] } as const;
    rig.store.apply(
      Object.entries(changes).map(([typeUrl, [name, content]]) => ({
        scope: 'mesh',
        typeUrl,
        name,
        resource: content === undefined ? undefined : resource(typeUrl, name, content),
      })),
    );
    return [workload, caller];
  }
  const removal = dialect === 'delta' ? { resources: [], removed: ['goes'] } : { resources: ['stays=1'], removed: [] };

  test('stays until the other has taken it', async () => {
    const [workload, caller] = await changed({ removalWaitMs: NEVER });
    const routes = await caller.next();
    expect(said(routes).resources).toEqual(['route=to what stays']);
    await rig.silence(workload);
    caller.acknowledge(routes, ['route']);
    expect(said(await workload.next())).toEqual(removal);
  });

  test('goes all the same when the other does not answer, or is gone', async () => {
    const [workload] = await changed({ removalWaitMs: 20 });
    expect(said(await workload.next())).toEqual(removal);
    const [patient, gone] = await changed({ removalWaitMs: NEVER });
    await gone.next();
    await gone.close();
    expect(said(await patient.next())).toEqual(removal);
  });
});
