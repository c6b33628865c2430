/** A plain TCP service and its callers: each answer names the server that gave it. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { InteropMesh } from './interop-mesh.ts';

/** The service `<name>.desk.mesh` with one port and one endpoint on this machine, at its author's address or at ours. */
export const echoManifest = (
  port: number,
  endpoint: number,
  { name = 'echo', address = '' }: { readonly name?: string; readonly address?: string } = {},
): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: desk }
spec:
  hosts: [${name}.desk.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ${address === '' ? '' : `addresses: [${address}]`}
  ports:
    - { number: ${port}, name: tcp-echo, protocol: TCP }
  endpoints:
    - { address: 127.0.0.1, ports: { tcp-echo: ${endpoint} } }
`;

/** Sends back what comes, behind the server's name. */
export async function startEcho(mesh: InteropMesh, name: string, port: number): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => socket.write(`${name}:${bytes.toString()}`));
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  mesh.cleanup.own(
    () => server,
    () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  );
}

/** Where callers go. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

export async function open({ host, port }: Place): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** The answer on an open connection; rejects when the connection is closed before the answer. */
export async function ask(socket: Socket, text: string): Promise<string> {
  const answered = new AbortController();
  const { signal } = answered;
  const closed = once(socket, 'close', { signal }).then(() => Promise.reject(new Error('closed before the answer')));
  socket.write(text);
  const [bytes] = await Promise.race([once(socket, 'data', { signal }), closed]).finally(() => {
    closed.catch(() => {});
    answered.abort();
  });
  return String(bytes);
}

/** On a connection of its own. */
export async function askOnce(place: Place): Promise<string> {
  const socket = await open(place);
  const answer = await ask(socket, 'hello');
  socket.destroy();
  return answer;
}

/**
 * What each of `callers` is answered while `action` runs, on a fresh connection each time. Beside it each keeps a
 * connection of its own, on which it asks in turn. Rejects at the first connection that fails.
 */
export async function underTraffic(
  place: Place,
  callers: number,
  action: () => Promise<void>,
): Promise<readonly (readonly string[])[]> {
  let isOver = false;
  const call = async (): Promise<readonly string[]> => {
    const standing = await open(place);
    try {
      const served = await ask(standing, 'still');
      const answers: string[] = [];
      while (!isOver) {
        answers.push(await askOnce(place));
        const still = await ask(standing, 'still');
        if (still !== served) throw new Error(`a standing connection to ${served} was answered by ${still}`);
      }
      return answers;
    } finally {
      standing.destroy();
    }
  };
  const calls = Promise.all(Array.from({ length: callers }, call));
  try {
    await Promise.race([action(), calls]);
  } finally {
    isOver = true;
  }
  return calls;
}
