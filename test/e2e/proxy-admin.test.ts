/** The admin address, the access log and plain TCP: what an operator sees of metaproxy. */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { type MetaproxyOptions, startMetaproxy } from '../../src/proxy/metaproxy.ts';
import { packet, TestClient } from './awesomerpc-peers.ts';
import { temporaryFolder } from './isthmus-process.ts';
import { bootstrap, fileAccessLog } from './proxy-bootstraps.ts';
import { server, stage } from './proxy-stage.ts';

it('shows what it runs with and what it counts', async () => {
  const upstream = await server('v1');
  const { connect, proxy } = await stage({ clusters: [{ name: 'a', ports: [upstream.port] }], admin: '127.0.0.1:0' });
  await (await connect()).call({ id: 1 });
  const get = async (where: string): Promise<string> => (await fetch(`http://${proxy.admin}${where}`)).text();
  expect(await get('/ready')).toBe('LIVE\n');
  expect(await get('/clusters')).toContain(`a::127.0.0.1:${upstream.port}::cx_active::1`);
  expect(await get('/listeners')).toContain('test::127.0.0.1:');
  expect(await get('/stats')).toContain('meta_protocol.awesomerpc.test.request: 1\n');
  const metrics = await get('/stats?format=prometheus');
  expect(metrics).toContain('isthmus_proxy_request_total{protocol="awesomerpc",stat_prefix="test"} 1\n');
  expect(metrics).toMatch(/isthmus_proxy_request_time_ms_bucket\{[^}]*le="\+Inf"\} 1\n/);
  const dump = await get('/config_dump');
  expect(dump).toContain('"name": "meta_protocol_routes"');
  expect(dump).toContain('"clusterName": "a"');
  expect((await fetch(`http://${proxy.admin}/nothing`)).status).toBe(404);
});

it('drains when it is asked to, and says that it does', async () => {
  const upstream = await server('v1');
  const { port, proxy } = await stage({ clusters: [{ name: 'a', ports: [upstream.port] }], admin: '127.0.0.1:0' });
  expect((await fetch(`http://${proxy.admin}/drain`)).status).toBe(405);
  expect((await fetch(`http://${proxy.admin}/drain`, { method: 'POST' })).status).toBe(200);
  await expect(TestClient.connect(port)).rejects.toThrow('ECONNREFUSED');
  expect((await fetch(`http://${proxy.admin}/ready`)).status).toBe(503);
});

/** By hand, since fetch sends no Host and no path of the caller's choice. */
async function ask(admin: string | undefined, method: string, path: string, headers: Record<string, string> = {}) {
  const [host, port] = (admin ?? '').split(':');
  const options = { host: host === '0.0.0.0' ? '127.0.0.1' : host, port, method, path, headers, agent: false };
  return new Promise<number | undefined>((resolve, reject) => {
    const asked = request(options, (response) => resolve(response.resume().statusCode));
    asked.on('error', reject).end();
  });
}

it('shows nothing to web pages, and does nothing for them', async () => {
  const { port, proxy } = await stage({ clusters: [{ name: 'a', ports: [] }], admin: '127.0.0.1:0' });
  for (const host of ['evil.example', 'evil.example:15000', '127.0.0.1.evil.example', 'localhost.evil.example'])
    for (const path of ['/stats', '/config_dump', '/ready'])
      expect(await ask(proxy.admin, 'GET', path, { host }), `${host} ${path}`).toBe(403);
  expect(await ask(proxy.admin, 'POST', '/drain', { host: 'evil.example' })).toBe(403);
  expect(await ask(proxy.admin, 'POST', '/drain', { origin: 'https://evil.example' })).toBe(403);
  expect(await ask(proxy.admin, 'POST', '/drain', { origin: 'null' })).toBe(403);
  for (const host of ['LOCALHOST:15000', '127.0.0.1', '[::1]:15000'])
    expect(await ask(proxy.admin, 'GET', '/ready', { host }), host).toBe(200);
  const client = await TestClient.connect(port);
  onTestFinished(() => client.close());
});

it('stands beyond loopback only with a token, which all but /ready asks for', async () => {
  const clusters = [{ name: 'a', ports: [] }];
  for (const admin of ['0.0.0.0:0', '[::]:0', '192.0.2.1:0'])
    await expect(stage({ clusters, admin }), admin).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('--admin-token-file'),
    });
  const { proxy } = await stage({ clusters, admin: '0.0.0.0:0', adminToken: 'secret' });
  const authorization = 'Bearer secret';
  expect(await ask(proxy.admin, 'GET', '/ready', { host: 'probe.example' })).toBe(200);
  expect(await ask(proxy.admin, 'GET', '/stats')).toBe(401);
  expect(await ask(proxy.admin, 'GET', '/config_dump', { authorization: 'Bearer wrong!' })).toBe(401);
  expect(await ask(proxy.admin, 'GET', '/stats', { authorization })).toBe(200);
  expect(await ask(proxy.admin, 'POST', '/drain')).toBe(401);
  expect(await ask(proxy.admin, 'POST', '/drain', { authorization, origin: 'https://evil.example' })).toBe(403);
  expect(await ask(proxy.admin, 'GET', '/ready')).toBe(200);
  expect(await ask(proxy.admin, 'POST', '/drain', { authorization })).toBe(200);
});

it('has its admin address from --admin, else from its bootstrap file, else the default', async () => {
  const [given = 0, written = 0, fallback = 0] = await freePorts(3);
  const at = (port: number): string => `127.0.0.1:${port}`;
  const file = { admin: { address: { socket_address: { address: '127.0.0.1', port_value: written } } } };
  const adminOf = async (options: MetaproxyOptions): Promise<string | undefined> => {
    const proxy = await startMetaproxy({ ...options, defaultAdmin: at(fallback) });
    onTestFinished(() => proxy.stop());
    return proxy.admin;
  };
  expect(await adminOf({ bootstrap: file, admin: at(given) })).toBe(at(given));
  expect(await adminOf({ bootstrap: file })).toBe(at(written));
  expect(await adminOf({ bootstrap: {} })).toBe(at(fallback));
});

it("guards also its bootstrap file's admin address, and says whose it is", async () => {
  const address = { socket_address: { address: '0.0.0.0', port_value: 0 } };
  await expect(startMetaproxy({ bootstrap: { admin: { address } } })).rejects.toMatchObject({
    code: 'USAGE',
    message:
      "the bootstrap file's admin 0.0.0.0:0 is not loopback: guard it with --admin-token-file FILE, or give --admin 127.0.0.1:PORT.",
  });
  const proxy = await startMetaproxy({ bootstrap: { admin: { address } }, admin: '127.0.0.1:0' });
  onTestFinished(() => proxy.stop());
  expect(proxy.admin).toMatch(/^127\.0\.0\.1:/);
});

it.each(['foo', '127.0.0.1:', '127.0.0.1:99999', ':15000', '15000'])(
  'takes "%s" for no admin address',
  async (admin) => {
    const started = stage({ clusters: [{ name: 'a', ports: [] }], admin });
    await expect(started).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('--admin') });
  },
);

it('says that there is nothing at an odd path', async () => {
  const { proxy } = await stage({ clusters: [{ name: 'a', ports: [] }], admin: '127.0.0.1:0' });
  for (const path of ['//', '///x', '/%zz', 'http://[', '/ready/', '*', '/..;/stats'])
    expect(await ask(proxy.admin, 'GET', path), path).toBe(404);
  expect(await ask(proxy.admin, 'GET', '/stats?format=json&format=%zz?')).toBe(200);
});

it('writes an access log, of refused requests too', async () => {
  const file = path.join(await temporaryFolder(), 'access.log');
  const upstream = await server('v1');
  const log = fileAccessLog(file, {
    command: '%REQ(cmd)%',
    code: '%RESPONSE_CODE%',
    details: '%RESPONSE_CODE_DETAILS%',
    sent: '%BYTES_SENT%',
    received: '%BYTES_RECEIVED%',
    route: '%ROUTE_NAME%',
    cluster: '%UPSTREAM_CLUSTER%',
  });
  const { connect } = await stage({
    clusters: [{ name: 'a', ports: [upstream.port] }],
    routes: [{ name: 'r', match: { metadata: [{ name: 'cmd', exact_match: '5' }] }, route: { cluster: 'a' } }],
    more: { access_log: [log] },
  });
  const client = await connect();
  await client.call({ id: 1, command: 5, body: 'x' });
  await client.call({ id: 2, command: 6 });
  const lines = await vi.waitFor(() => {
    const text = readFileSync(file, 'utf8').trim().split('\n');
    expect(text).toHaveLength(2);
    return text.map((line): unknown => JSON.parse(line));
  });
  expect(lines).toEqual([
    { command: '5', code: 0, details: 'via_upstream', sent: 14, received: 17, route: 'r', cluster: 'a' },
    { command: '6', code: 1, details: 'no_matched_route', sent: 13, received: 0, route: '', cluster: '' },
  ]);
});

it('logs requests whose caller left before they were answered', async () => {
  const file = path.join(await temporaryFolder(), 'access.log');
  const asked: (() => void)[] = [];
  const upstream = await server('v1', (one, socket) => void asked.push(() => socket.write(packet(one))));
  const format = {
    command: '%REQ(cmd)%',
    code: '%RESPONSE_CODE%',
    why: '%RESPONSE_CODE_DETAILS%',
    flags: '%RESPONSE_FLAGS%',
  };
  const { connect, counter } = await stage({
    clusters: [{ name: 'a', ports: [upstream.port] }],
    more: { access_log: [fileAccessLog(file, format)] },
  });
  const client = await connect();
  client.send(packet({ id: 1, command: 5 }));
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  client.socket.resetAndDestroy();
  await vi.waitFor(async () => expect(await counter('cxActive')).toBe(0));
  asked[0]?.();
  const lines = await vi.waitFor(() =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  );
  expect(lines).toEqual([{ command: '5', code: 1, why: 'downstream_remote_disconnect', flags: 'DC' }]);
});

it('tells once of an access log that cannot be written, and counts the lines that are lost', async () => {
  const file = path.join(await temporaryFolder(), 'no', 'such', 'folder.log');
  const upstream = await server('v1');
  const told: unknown[] = [];
  const { connect, proxy } = await stage({
    clusters: [{ name: 'a', ports: [upstream.port] }],
    more: { access_log: [fileAccessLog(file, { command: '%REQ(cmd)%' })] },
    observer: { logUnwritable: (log) => void told.push(log) },
  });
  const client = await connect();
  for (let lost = 1; lost <= 2; lost++) {
    await client.call({ id: lost });
    await vi.waitFor(async () => expect((await proxy.snapshot()).droppedLogLines).toBe(lost));
  }
  await expect.poll(() => told).toEqual([{ path: file, reason: expect.stringContaining('ENOENT') }]);
});

it('copies bytes both ways for a tcp_proxy, half-close included', async () => {
  const echo = createServer({ allowHalfOpen: true }, (socket) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('end', () => socket.end(text.toUpperCase()));
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void echo.close());
  const address = echo.address();
  const [port = 0] = await freePorts(1);
  const listener = {
    name: 'plain',
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [
      {
        filters: [
          {
            name: 'tcp',
            typed_config: {
              '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
              stat_prefix: 'tcp',
              cluster: 'echo',
            },
          },
        ],
      },
    ],
  };
  const ports = [typeof address === 'object' && address !== null ? address.port : 0];
  const proxy = await startMetaproxy({
    bootstrap: bootstrap([listener], [{ name: 'echo', ports }]),
    limits: { drainMs: 100 },
  });
  onTestFinished(() => proxy.stop());
  const { socket } = await TestClient.connect(port);
  onTestFinished(() => void socket.destroy());
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  socket.end('hello');
  await vi.waitFor(() => expect(socket.readableEnded).toBe(true));
  expect(answer).toBe('HELLO');
  const lasting = await TestClient.connect(port);
  await proxy.stop();
  await vi.waitFor(() => expect(lasting.closed || lasting.socket.readableEnded).toBe(true));
});
