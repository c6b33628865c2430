/** What callers may cost who show no certificate, and one identity with all its connections. */
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  defaultTransportLimits,
  listenHttp2,
  type TransportLimits,
} from '../../src/delivery/xds/transport/http2-transport.ts';
import type { ServerCredentials } from '../../src/delivery/xds/transport/server-tls.ts';
import type { Address, CallHandler, Transport } from '../../src/delivery/xds/transport/transport.ts';
import { type MeshTls, meshTls } from './mesh-tls.ts';

const open = '/open.Service/Ask';
const closed = '/closed.Service/Ask';
const maxMessageBytes = 32 * 1024;

describe('a caller', () => {
  let mesh: MeshTls;
  let transport: Transport;
  let address: Address;
  let messages: number[];
  const sessions: ClientHttp2Session[] = [];
  const sockets: Socket[] = [];

  beforeEach(async () => {
    mesh = await meshTls(new Map([[open, { maxMessageBytes }]]));
    messages = [];
  });

  afterEach(async () => {
    for (const one of [...sessions.splice(0), ...sockets.splice(0)]) one.destroy();
    await transport.close(0);
  });

  async function start(limits: Partial<TransportLimits> = {}): Promise<void> {
    const handler: CallHandler = {
      message: ({ length }) => void messages.push(length),
      drained() {},
      finished() {},
      closed() {},
    };
    const all = { ...defaultTransportLimits, ...limits };
    transport = await listenHttp2({ host: '127.0.0.1', port: 0 }, () => handler, all, mesh.tls);
    address = transport.address;
  }

  function session(own?: ServerCredentials): ClientHttp2Session {
    const options = own === undefined ? {} : { cert: own.chain, key: own.key };
    const made = connect(`https://${address.host}:${address.port}`, { ...options, rejectUnauthorized: false });
    made.on('error', () => {});
    sessions.push(made);
    return made;
  }

  async function connected(own?: ServerCredentials): Promise<ClientHttp2Session> {
    const made = session(own);
    await once(made, 'remoteSettings');
    return made;
  }

  function call(on: ClientHttp2Session, path = open): ClientHttp2Stream {
    const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
    const stream = on.request(headers, { endStream: false });
    stream.on('error', () => {}).resume();
    return stream;
  }

  /** The status of a call whose sender is not done yet. */
  const statusOf = (stream: ClientHttp2Stream): Promise<string> =>
    new Promise((resolve) => {
      const take = (headers: Record<string, unknown>): void => {
        if (headers['grpc-status'] !== undefined)
          resolve(decodeURIComponent(`${headers['grpc-status']} ${headers['grpc-message']}`));
      };
      stream.on('response', take).on('trailers', take);
    });

  const beginning = (announced: number, sent = 0): Buffer => {
    const bytes = Buffer.alloc(5 + sent);
    bytes.writeUInt32BE(announced, 1);
    return bytes;
  };

  /** That it was heard, and nothing said against it. */
  async function isHeard(on: ClientHttp2Session, path = open): Promise<void> {
    const before = messages.length;
    call(on, path).end(beginning(3, 3));
    await expect.poll(() => messages.length, { timeout: 30_000 }).toBe(before + 1);
  }

  test('without a certificate is refused a message that is longer than the service takes, as soon as it says so', async () => {
    await start();
    const stream = call(await connected());
    const status = statusOf(stream);
    stream.write(beginning(maxMessageBytes + 1));
    expect(await status).toMatch(/^8 .*32769 bytes is too large/);
    await once(stream, 'close');
  });

  test('without a certificate has few calls at a time, and may go on when one of them is over', async () => {
    await start({ maxStreamsOfStranger: 2 });
    const on = await connected();
    const first = call(on);
    await Promise.all([first, call(on)].map((stream) => once(stream, 'response')));
    expect(await statusOf(call(on))).toMatch(/^8 Without a certificate, 2 calls/);
    first.close();
    await once(first, 'close');
    await isHeard(on);
  });

  test('without a certificate has a bounded time for the whole of a call', async () => {
    await start({ strangerCallMs: 50 });
    expect(await statusOf(call(await connected()))).toMatch(/^4 The call was not complete/);
    const known = await connected(await mesh.issue('cart'));
    const lasting = call(known);
    await once(lasting, 'response');
    await expect(statusOf(call(await connected()))).resolves.toMatch(/^4 /);
    expect(lasting.closed).toBe(false);
  });

  test('without a certificate that asks for nothing is sent away, and so is one who stays', async () => {
    await start({ strangerIdleMs: 20 });
    await once(session(), 'close');
    await transport.close(0);
    await start({ strangerAgeMs: 100, pingTimeoutMs: 20 });
    const staying = session();
    call(staying);
    await once(staying, 'close');
  });

  test('without a certificate makes way for another once there are many, unless it is being served', async () => {
    await start({ maxStrangers: 2 });
    const served = await connected();
    await once(call(served), 'response');
    const idle = await connected();
    const gone = once(idle, 'close');
    const third = await connected();
    await gone;
    await isHeard(served);
    await isHeard(third);
  });

  test('with a certificate gets in however many connections others hold open, with handshakes begun or done', async () => {
    await start({ maxConnections: 3 });
    for (let index = 0; index < 2; index++) {
      const silent = connectTcp(address.port, address.host).on('error', () => {});
      sockets.push(silent);
      await once(silent, 'connect');
    }
    await connected();
    const own = await mesh.issue('cart');
    for (let index = 0; index < 3; index++) await isHeard(await connected(own), closed);
  });

  test('of one identity that has too many connections keeps nobody else out, and is told', async () => {
    await start({ maxConnectionsOfOne: 1 });
    const [thief, buyer] = await Promise.all([mesh.issue('thief'), mesh.issue('buyer')]);
    const first = await connected(thief);
    expect(await statusOf(call(await connected(thief), closed))).toMatch(/^8 .*\/sa\/thief has 1 connections already/);
    await isHeard(await connected(buyer), closed);
    await isHeard(first, closed);
  });

  test('of one identity that has too many calls over all its connections keeps nobody else out, and is told', async () => {
    await start({ maxStreamsOfOne: 2 });
    const [thief, buyer] = await Promise.all([mesh.issue('thief'), mesh.issue('buyer')]);
    for (const on of [await connected(thief), await connected(thief)]) await once(call(on, closed), 'response');
    expect(await statusOf(call(await connected(thief), closed))).toMatch(/^8 .*\/sa\/thief has 2 calls already/);
    await isHeard(await connected(buyer), closed);
  });

  test('of one identity has a bounded memory for messages that it began, which is free again when they are over', async () => {
    await start({ heldBytesOfOne: 4096 });
    const [thief, buyer] = await Promise.all([mesh.issue('thief'), mesh.issue('buyer')]);
    const on = await connected(thief);
    const first = call(on, closed);
    const second = call(on, closed);
    const status = Promise.race([first, second].map(statusOf));
    for (const stream of [first, second]) stream.write(beginning(100_000, 3000));
    expect(await status).toMatch(/^8 Too many messages/);
    const other = call(await connected(buyer), closed);
    other.write(beginning(6000, 3000));
    other.end(Buffer.alloc(3000));
    await expect.poll(() => messages, { timeout: 30_000 }).toEqual([6000]);
    on.destroy();
    const again = call(await connected(thief), closed);
    again.write(beginning(6000, 3000));
    again.end(Buffer.alloc(3000));
    await expect.poll(() => messages, { timeout: 30_000 }).toEqual([6000, 6000]);
  });

  test('has a bounded time for a message that it began, and as long as it likes between messages', async () => {
    await start({ messageMs: 50 });
    const on = await connected(await mesh.issue('cart'));
    const [lasting, stuck] = [call(on, closed), call(on, closed)];
    lasting.write(beginning(3, 3));
    stuck.write(beginning(10, 3));
    expect(await statusOf(stuck)).toMatch(/^4 A message was not complete/);
    lasting.write(beginning(4, 4));
    await expect.poll(() => messages, { timeout: 30_000 }).toEqual([3, 4]);
  });
});
