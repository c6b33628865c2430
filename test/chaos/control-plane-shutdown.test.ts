/** `isthmus run` ends when it is told to, whatever its peers do with their connections. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { freePorts, quickstartManifests, startIsthmus, temporaryFolder } from '../e2e/isthmus-process.ts';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const settings = '\0\0\0\u0004\0\0\0\0\0';

it.each([
  ['an xDS peer that says nothing', 'xds', ''],
  ['an xDS peer that stops in the middle of its greeting', 'xds', preface.slice(0, 5)],
  ['an xDS peer that greets and then never reads', 'xds', preface + settings],
  ['an admin client that asks half a question', 'admin', 'GET /healthz HTTP/1.1\r\n'],
] as const)('with %s', async (_, server, bytes) => {
  const state = await temporaryFolder();
  const isthmus = await startIsthmus(['-f', quickstartManifests, '--state', state, ...freePorts]);
  const [host = '', port] = isthmus[server].split(':');
  const socket = connect({ port: Number(port), host });
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.pause();
  socket.write(bytes, 'latin1');
  isthmus.process.kill('SIGTERM');
  expect(await isthmus.ended).toBe(0);
});

it('and at once when it is told to a second time', async () => {
  const state = await temporaryFolder();
  const isthmus = await startIsthmus(['-f', quickstartManifests, '--state', state, ...freePorts]);
  const [host = '', port] = isthmus.admin.split(':');
  const socket = connect({ port: Number(port), host });
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on('error', () => {});
  await once(socket, 'connect');
  // Half a question is waited for; that it has come is known from the answer to the one before.
  const question = `GET /healthz HTTP/1.1\r\nHost: ${isthmus.admin}\r\n`;
  socket.write(`${question}\r\n${question}`);
  await once(socket, 'data');
  isthmus.process.kill('SIGTERM');
  await vi.waitUntil(() => isthmus.log().includes('"msg":"stopping"'), { interval: 5 });
  isthmus.process.kill('SIGTERM');
  expect(await isthmus.ended).toBe(143);
  expect(isthmus.log()).not.toContain('"msg":"stopped"');
});
