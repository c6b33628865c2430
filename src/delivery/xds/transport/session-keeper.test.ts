import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { createConnection } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { defaultTransportLimits, listenHttp2, type TransportLimits } from './http2-transport.ts';
import type { CallHandler, Transport } from './transport.ts';

const NEVER = 2 ** 30;
const never: TransportLimits = {
  ...defaultTransportLimits,
  pingEveryMs: NEVER,
  pingTimeoutMs: NEVER,
  maxIdleMs: NEVER,
  maxAgeMs: NEVER,
};
const silent: CallHandler = { message() {}, drained() {}, finished() {}, closed() {} };

let transport: Transport;
let session: ClientHttp2Session | undefined;
afterEach(async () => {
  session?.destroy();
  await transport.close(0);
});

async function start(limits: Partial<TransportLimits>, handler = silent): Promise<number> {
  transport = await listenHttp2({ host: '127.0.0.1', port: 0 }, () => handler, { ...never, ...limits });
  return transport.address.port;
}

function open(port: number): ClientHttp2Session {
  session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  const stream = session.request({
    ':method': 'POST',
    ':path': '/a/b',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => {}).resume();
  return session;
}

test('a connection without streams is closed after a while', async () => {
  const port = await start({ maxIdleMs: 20 });
  session = connect(`http://127.0.0.1:${port}`);
  await once(session, 'close');
});

test('a connection that never speaks is closed after a while', async () => {
  const port = await start({ maxIdleMs: 20 });
  const socket = createConnection(port, '127.0.0.1');
  await once(socket.resume(), 'close');
});

test('an old connection is told to go, and its streams end', async () => {
  let closed = (): void => {};
  const over = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const port = await start({ maxAgeMs: 500, pingTimeoutMs: 20 }, { ...silent, closed });
  const goaway = once(open(port), 'goaway');
  await goaway;
  await over;
});

test('a connection whose other side answers no ping is cut', async () => {
  const port = await start({ pingEveryMs: 20, pingTimeoutMs: 20 });
  const socket = createConnection(port, '127.0.0.1').resume();
  const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), emptySettings]));
  await once(socket, 'close');
});

test('a connection that answers its pings stays', async () => {
  const port = await start({ pingEveryMs: 10, pingTimeoutMs: 2000 });
  const client = open(port);
  for (let ping = 0; ping < 5; ping++) await once(client, 'ping');
  expect(client.destroyed).toBe(false);
});

test('what is no gRPC is turned away by HTTP alone', async () => {
  const port = await start({});
  session = connect(`http://127.0.0.1:${port}`);
  const statuses: unknown[] = [];
  for (const headers of [{ ':method': 'GET' }, { ':method': 'POST', 'content-type': 'text/plain' }]) {
    const stream = session.request(headers).resume();
    const [response] = await once(stream, 'response');
    statuses.push(response[':status']);
  }
  expect(statuses).toEqual([405, 415]);
});
