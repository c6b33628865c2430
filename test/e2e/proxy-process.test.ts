/** `isthmus proxy` as a process: what it does for requests in flight when it is told to stop, once and twice. */

import { writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { type Packet, packet, TestClient } from './awesomerpc-peers.ts';
import { startUntil, temporaryFolder } from './isthmus-process.ts';
import { awesomerpcProtocol, bootstrap, fileAccessLog, listener } from './proxy-bootstraps.ts';
import { server } from './proxy-stage.ts';

/** A proxy with one request in flight, which its upstream answers when it is told to. */
async function withRequestInFlight() {
  const asked: { readonly request: Packet; readonly socket: Socket }[] = [];
  const upstream = await server('v1', (request, socket) => void asked.push({ request, socket }));
  const [port = 0] = await freePorts(1);
  const routes = [{ name: 'default', route: { cluster: 'a' } }];
  const one = listener({ protocol: awesomerpcProtocol(true), routes, port });
  const file = path.join(await temporaryFolder(), 'bootstrap.json');
  await writeFile(file, JSON.stringify(bootstrap([one], [{ name: 'a', ports: [upstream.port] }])));
  const proxy = await startUntil('ready', ['proxy', '--bootstrap', file, '--admin', '127.0.0.1:0']);
  const client = await TestClient.connect(port);
  onTestFinished(() => client.close());
  client.send(packet({ id: 7 }));
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  proxy.process.kill('SIGTERM');
  await vi.waitUntil(() => proxy.log().includes('"msg":"draining"'));
  const answer = (): void => {
    for (const { request, socket } of asked) socket.write(packet({ ...request, body: 'served' }));
  };
  return { proxy, client, answer };
}

it('told to stop, it finishes what is in flight, and ends with 0', async () => {
  const { proxy, client, answer } = await withRequestInFlight();
  answer();
  expect(await client.next()).toMatchObject({ id: 7, body: 'served' });
  client.close();
  expect(await proxy.ended).toBe(0);
  expect(proxy.log()).toContain('"msg":"stopped"');
});

it.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('told a second time by %s, it ends at once with %i', async (signal, code) => {
  const { proxy } = await withRequestInFlight();
  proxy.process.kill(signal);
  expect(await proxy.ended).toBe(code);
  expect(proxy.log()).not.toContain('"msg":"stopped"');
});

it('serves on when the disk is full that its standard output, and so its access log, goes to', async () => {
  const upstream = await server('v1');
  const [port = 0] = await freePorts(1);
  const more = { access_log: [fileAccessLog('/dev/stdout', { command: '%REQ(cmd)%' })] };
  const routes = [{ name: 'default', route: { cluster: 'a' } }];
  const one = listener({ protocol: awesomerpcProtocol(true), routes, port, more });
  const file = path.join(await temporaryFolder(), 'bootstrap.json');
  await writeFile(file, JSON.stringify(bootstrap([one], [{ name: 'a', ports: [upstream.port] }])));
  const by = ['sh', '-c', 'exec "$@" > /dev/full', 'sh'];
  const proxy = await startUntil('ready', ['proxy', '--bootstrap', file, '--admin', '127.0.0.1:0'], { by });
  const client = await TestClient.connect(port);
  onTestFinished(() => client.close());
  expect(await client.call({ id: 1 })).toMatchObject({ id: 1, code: 0 });
  await vi.waitUntil(() => proxy.log().includes('"msg":"lines of an access log are lost"'));
  expect(proxy.log()).toContain('ENOSPC');
  expect(await client.call({ id: 2 })).toMatchObject({ id: 2, code: 0 });
});
