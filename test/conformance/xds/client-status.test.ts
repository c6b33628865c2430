import { Client, status as Code, credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clusterType, endpointType, listenerType } from '../../../src/delivery/xds/resources/resource-types.ts';
import { decode, encode, type envoy } from '../../../src/xds-api/messages.ts';
import { node, type Rig, resource, startRig } from './rig.ts';

type Request = envoy.service.status.v3.ClientStatusRequest;
type Answer = envoy.service.status.v3.ClientStatusResponse;

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

/** Enum numbers of envoy.service.status.v3.ConfigStatus. */
const status = { notSent: 2, synced: 1, error: 4 };

function ask(request: Request): Promise<Answer> {
  const client = new Client(rig.target, credentials.createInsecure());
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      '/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus',
      (one: Request) => Buffer.from(encode('envoy.service.status.v3.ClientStatusRequest', one)),
      (bytes: Buffer) => decode('envoy.service.status.v3.ClientStatusResponse', bytes),
      request,
      (error, answer) => {
        client.close();
        if (error || answer === undefined) reject(error ?? new TypeError('no answer'));
        else resolve(answer);
      },
    );
  });
}

const told = ({ config = [] }: Answer) =>
  config.map(({ node: id, genericXdsConfigs = [] }) => [
    id?.id,
    genericXdsConfigs.map(({ typeUrl, name, versionInfo, configStatus }) => [typeUrl, name, versionInfo, configStatus]),
  ]);

test('the client status names each resource of each client, with its version and state, and no content', async () => {
  rig.change(clusterType, { good: '1' });
  rig.change(listenerType, { bad: '1' });
  const client = rig.connect('sotw');
  client.send({ node: node('one'), typeUrl: clusterType });
  client.acknowledge(await client.next());
  client.send({ typeUrl: listenerType });
  client.refuse(await client.next(), 'bad');
  client.send({ typeUrl: endpointType, resourceNames: ['absent'] });
  await rig.silence(client);
  const answer = await ask({});
  const [[, resources] = []] = told(answer);
  expect(resources?.slice(0, 3)).toEqual([
    [clusterType, 'good', resource(clusterType, 'good', '1').version, status.synced],
    [endpointType, 'absent', '', status.notSent],
    [listenerType, 'bad', resource(listenerType, 'bad', '1').version, status.error],
  ]);
  expect(answer.config?.[0]?.genericXdsConfigs?.[2]?.errorState?.details).toBe('bad');
  expect(
    answer.config?.[0]?.genericXdsConfigs?.every(({ xdsConfig }) => xdsConfig === undefined || xdsConfig === null),
  ).toBe(true);
});

test('the client status can be narrowed to nodes', async () => {
  for (const id of ['one', 'two', 'twofold']) {
    const client = rig.connect('delta');
    client.send({ node: node(id), typeUrl: clusterType });
    await client.next();
  }
  const ids = async (nodeMatchers: NonNullable<Request['nodeMatchers']>) =>
    told(await ask({ nodeMatchers })).map(([id]) => id);
  expect(await ids([{ nodeId: { exact: 'two' } }])).toEqual(['two']);
  expect(await ids([{ nodeId: { prefix: 'TWO', ignoreCase: true } }])).toEqual(['two', 'twofold']);
  expect(await ids([{ nodeId: { suffix: 'fold' } }, { nodeId: { contains: 'n' } }])).toEqual(['one', 'twofold']);
  expect(await ids([{ nodeMetadatas: [{ path: [{ key: 'x' }] }] }])).toEqual([]);
});

test('a malformed client status request is refused', async () => {
  const client = new Client(rig.target, credentials.createInsecure());
  const answer = new Promise((resolve) => {
    client.makeUnaryRequest(
      '/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus',
      () => Buffer.from([0x0a, 0xff]),
      String,
      {},
      (error) => resolve(error?.code),
    );
  });
  expect(await answer).toBe(Code.INVALID_ARGUMENT);
  client.close();
});
