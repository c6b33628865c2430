/** Starting to listen, and ending at once: connections that are still open are closed, not waited for. */
import type { Server, Socket } from 'node:net';

/** Listens and gives the port and a way to end. Rejects when the address cannot be listened on. */
export async function listenOn(
  server: Server,
  host: string,
  port: number,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const connections = new Set<Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.setNoDelay(true);
    socket.once('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: address === null || typeof address === 'string' ? port : address.port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}
