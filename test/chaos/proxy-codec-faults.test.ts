/** Codecs that throw where they should not, and frames that they cannot read: one request or connection, and no other. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { startMetaproxy } from '../../src/proxy/metaproxy.ts';
import { packet, TestClient } from '../e2e/awesomerpc-peers.ts';
import { temporaryFolder } from '../e2e/isthmus-process.ts';
import { bootstrap, listener } from '../e2e/proxy-bootstraps.ts';
import { server } from '../e2e/proxy-stage.ts';
import { FAULTY } from './faulty-codec.ts';

const match = (name: string): unknown => ({ metadata: [{ name, exact_match: 'no such value' }] });

/** A proxy whose codec is `faulty`; each request reads `other`, and is changed on its way there and back. */
async function faultyStage(concurrency = 1) {
  const told: string[] = [];
  const died: string[] = [];
  const upstream = await server('v1', (one, socket) => socket.write(packet(one)));
  const [port = 0] = await freePorts(1);
  const log = path.join(await temporaryFolder(), 'access.log');
  const change = { request_mutation: [{ key: 'to', value: 'x' }], response_mutation: [{ key: 'reply', value: 'x' }] };
  const routes = [
    { name: 'never', match: match('other'), route: { cluster: 'a' } },
    { name: 'r', route: { cluster: 'a' }, ...change },
  ];
  const accessLog = {
    name: 'envoy.access_loggers.file',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog',
      path: log,
      log_format: { text_format_source: { inline_string: '%REQ(cmd)% %RESP(cmd)% %RESPONSE_CODE_DETAILS%\n' } },
    },
  };
  const proxy = await startMetaproxy({
    bootstrap: bootstrap(
      [
        listener({
          port,
          protocol: { name: 'faulty', codec: { name: FAULTY }, multiplexing: true },
          routes,
          more: { access_log: [accessLog] },
        }),
      ],
      [{ name: 'a', ports: [upstream.port] }],
    ),
    limits: { drainMs: 400, lingerMs: 100 },
    concurrency,
    admin: '127.0.0.1:0',
    codecModules: [new URL('./faulty-codec.ts', import.meta.url).href],
    observer: { fault: (message) => void told.push(message), workerDied: (reason) => void died.push(reason) },
  });
  onTestFinished(() => proxy.stop());
  const connect = async (): Promise<TestClient> => {
    const client = await TestClient.connect(port);
    onTestFinished(() => client.close());
    return client;
  };
  return { proxy, connect, told, died, log, upstream };
}

it.each(['read other', 'read x-request-id', 'mutate request', 'mutate reply'])(
  'answers an error to the one request that a codec fails on in %s, and to no other of its connection',
  async (where) => {
    const { connect, proxy, told } = await faultyStage();
    const [client, other] = [await connect(), await connect()];
    other.send(packet({ id: 5, body: 'innocent' }));
    client.send(
      packet({ id: 1, body: 'before' }),
      packet({ id: 2, body: `malformed in ${where}` }),
      packet({ id: 3, body: `bug in ${where}` }),
      packet({ id: 4, body: 'after' }),
    );
    const replies = new Map<number, number>();
    for (let count = 0; count < 4; count++) {
      const { id, code } = await client.next();
      replies.set(id, code);
    }
    expect([...replies].sort(([a], [b]) => a - b)).toEqual([
      [1, 0],
      [2, 1],
      [3, 1],
      [4, 0],
    ]);
    expect(await other.next()).toMatchObject({ id: 5, code: 0 });
    expect(await client.call({ id: 6, body: 'still here' })).toMatchObject({ id: 6, code: 0 });
    await expect.poll(() => told).toEqual([expect.stringContaining(`a bug in ${where}`)]);
    await expect
      .poll(async () => (await proxy.snapshot()).protocols[0]?.counters)
      .toMatchObject({ requestActive: 0, localResponseBusinessException: 2, cxActive: 2 });
  },
);

it('closes the connection, and no other, whose bytes a codec fails on, and tells of it', async () => {
  const { connect, proxy, told } = await faultyStage();
  const [client, other] = [await connect(), await connect()];
  client.send(packet({ id: 1, body: 'bug in decode request' }));
  await vi.waitFor(() => expect(client.closed || client.socket.readableEnded).toBe(true));
  expect(await other.call({ id: 1, body: 'innocent' })).toMatchObject({ id: 1, code: 0 });
  await expect.poll(() => told).toEqual([expect.stringContaining('a bug in decode request')]);
  await expect
    .poll(async () => (await proxy.snapshot()).protocols[0]?.counters)
    .toMatchObject({ requestDecodingError: 1, cxActive: 1 });
});

it('answers an error when a codec fails on the bytes of a reply, and connects anew', async () => {
  const { connect, told } = await faultyStage();
  const client = await connect();
  expect(await client.call({ id: 1, body: 'bug in decode response' })).toMatchObject({ id: 1, code: 1 });
  expect(await client.call({ id: 2, body: 'next' })).toMatchObject({ id: 2, code: 0 });
  await expect.poll(() => told).toEqual([expect.stringContaining('a bug in decode response')]);
});

it('closes the connection of a request that a codec can neither read nor refuse', async () => {
  const { connect, told } = await faultyStage();
  const [client, other] = [await connect(), await connect()];
  client.send(packet({ id: 1, body: 'bug in read other, and in errorReply' }));
  await vi.waitFor(() => expect(client.closed || client.socket.readableEnded).toBe(true));
  expect(await other.call({ id: 1 })).toMatchObject({ id: 1, code: 0 });
  await expect.poll(() => told).toHaveLength(2);
});

it('serves and logs a request whose logged properties cannot be read', async () => {
  const { connect, log } = await faultyStage();
  const client = await connect();
  expect(await client.call({ id: 1, body: 'malformed in read cmd' })).toMatchObject({ id: 1, code: 0 });
  expect(await client.call({ id: 2, body: 'fine' })).toMatchObject({ id: 2, code: 0 });
  await vi.waitFor(() => expect(readFileSync(log, 'utf8')).toBe('- - via_upstream\n1 1 via_upstream\n'));
});

it('starts a worker that dies anew, with the configuration in force, and tells of it', async () => {
  const { connect, died, proxy } = await faultyStage(2);
  // Nobody listens while both are dead.
  await vi.waitFor(
    async () => {
      (await connect()).send(packet({ id: 1, body: 'end the thread' }));
      expect(died.length).toBeGreaterThanOrEqual(4);
    },
    { interval: 20 },
  );
  expect(new Set(died)).toEqual(new Set(['exit code 3']));
  await vi.waitFor(
    async () => {
      expect((await fetch(`http://${proxy.admin}/ready`)).status).toBe(200);
      const clients = await Promise.all(Array.from({ length: 16 }, connect));
      const replies = await Promise.all(clients.map((client, id) => client.call({ id })));
      expect(replies.every(({ code }) => code === 0)).toBe(true);
      expect((await proxy.snapshot()).protocols[0]?.counters.cxActive).toBeGreaterThan(0);
    },
    { interval: 100 },
  );
  await proxy.stop();
});
