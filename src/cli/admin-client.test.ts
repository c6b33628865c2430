import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { adminGet } from './admin-client.ts';

async function addressOf(server: Server): Promise<string> {
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

const answering = (status: number, body: string): Server =>
  createHttpServer((_, response) => response.writeHead(status).end(body));

const saying = (bytes: string): Server =>
  createServer((socket) => {
    socket.on('error', () => {});
    socket.end(bytes);
  });

it.each([
  ['another server of HTTP, which has no such page', () => answering(404, '404 page not found\n')],
  ['a server of another protocol', () => saying('\0\0\u0012\u0004\0\0\0\0\0')],
])('is told of %s that it is no control plane, rather than that something is missing in the mesh', async (_, start) => {
  const admin = await addressOf(start());
  await expect(adminGet({ admin }, '/api/v1/registries')).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: `What answers at ${admin} is no control plane. Name one with --admin.`,
  });
});

it('is told in the words of the control plane what there is not', async () => {
  const admin = await addressOf(answering(404, 'There is no registry "x".\n'));
  await expect(adminGet({ admin }, '/api/v1/registries/x/services')).rejects.toMatchObject({
    code: 'BAD_DATA',
    message: 'There is no registry "x".',
  });
});
