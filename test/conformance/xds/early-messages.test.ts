/** What a client says before it is known whether it may: nothing of it is lost, and nothing of it is answered. */
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clusterType, endpointType, listenerType } from '../../../src/delivery/xds/resources/resource-types.ts';
import type { Status } from '../../../src/delivery/xds/transport/transport.ts';
import { decode, encode } from '../../../src/xds-api/messages.ts';
import type { Request } from './raw-client.ts';
import { node, type Rig, startRig } from './rig.ts';

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';

/** Who asks, in order; each waits until it is answered. */
class Gate {
  readonly #asked: ((status: Status | undefined) => void)[] = [];
  #told: () => void = () => {};

  readonly authorize = (): Promise<Status | undefined> =>
    new Promise((resolve) => {
      this.#asked.push(resolve);
      this.#told();
    });

  /** Resolves when so many have asked. */
  async asked(count: number): Promise<void> {
    while (this.#asked.length < count) await new Promise<void>((resolve) => (this.#told = resolve));
  }

  answer(index: number, status?: Status): void {
    this.#asked[index]?.(status);
  }
}

let gate: Gate;
let rig: Rig;
let session: ClientHttp2Session;
beforeEach(async () => {
  gate = new Gate();
  rig = await startRig({ authorize: gate.authorize, limits: { streamsPerNode: 1, clusterWaitMs: 1 } });
  for (const typeUrl of [clusterType, endpointType, listenerType]) rig.change(typeUrl, { a: '1' });
  session = connect(`http://${rig.target}`);
});
afterEach(async () => {
  session.destroy();
  await rig.close();
});

function open(): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => {});
  return stream;
}

function framed(request: Request): Buffer {
  const body = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', request);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** The types of the next responses, in the order in which they come. */
async function answers(stream: ClientHttp2Stream, count: number): Promise<readonly string[]> {
  let bytes = Buffer.alloc(0);
  const types: string[] = [];
  for await (const chunk of stream) {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(1)) {
      const end = 5 + bytes.readUInt32BE(1);
      const { typeUrl } = decode('envoy.service.discovery.v3.DeltaDiscoveryResponse', bytes.subarray(5, end));
      types.push(typeUrl ?? '');
      bytes = bytes.subarray(end);
    }
    if (types.length >= count) break;
  }
  return types;
}

const first = framed({ node: node('held'), typeUrl: clusterType });
const second = framed({ typeUrl: endpointType, resourceNamesSubscribe: ['a'] });

test('is taken up, in order, once the client may: what came with the first request and what came later', async () => {
  const stream = open();
  // One write, so that the second request has been read when the first one is held.
  stream.write(Buffer.concat([first, second]));
  await gate.asked(1);
  stream.write(framed({ typeUrl: listenerType }));
  expect(rig.observed.pushed).toBe(0);
  gate.answer(0);
  expect(await answers(stream, 3)).toEqual([clusterType, endpointType, listenerType]);
  expect(rig.observed.failed).toEqual([]);
});

test('is not read without end', async () => {
  const stream = open();
  stream.write(first);
  await gate.asked(1);
  const names = Array.from({ length: 1_000 }, (_, index) => `name-${index}`);
  const large = framed({ typeUrl: endpointType, resourceNamesSubscribe: names });
  for (let count = 0; count < 400; count++) stream.write(large);
  // By then a server that reads on has read it all.
  for (let count = 0; count < 300; count++) await new Promise((resolve) => session.ping(resolve));
  expect(stream.writableLength).toBeGreaterThan(200 * large.length);
});

test('is not answered to one who may not', async () => {
  const stream = open();
  stream.write(Buffer.concat([first, second]));
  await gate.asked(1);
  const trailers = once(stream, 'trailers');
  stream.resume();
  gate.answer(0, { code: 7, message: 'not you' });
  expect((await trailers)[0]).toMatchObject({ 'grpc-status': '7', 'grpc-message': 'not you' });
  expect([rig.observed.pushed, rig.observed.failed, rig.server.streams()]).toEqual([0, [], []]);
});

test('by a client that is gone before it may costs it no stream', async () => {
  const gone = open();
  gone.write(first);
  await gate.asked(1);
  gone.close(8);
  await once(gone, 'close');
  // The answer to a ping comes after the server has seen what came before it.
  await new Promise((resolve) => session.ping(resolve));
  gate.answer(0);
  const again = open();
  again.write(first);
  await gate.asked(2);
  gate.answer(1);
  expect(await answers(again, 1)).toEqual([clusterType]);
});
