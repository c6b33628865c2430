/** Ports that nothing listens on at the moment. */
import { createServer } from 'node:net';

/** As many distinct free TCP ports; all are held until all are known, so that none is handed out twice. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen()));
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has an address and a port');
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

async function listen(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    // Not only loopback: a virtual IP's port must be free on every local address.
    server.listen(0, '0.0.0.0', () => resolve(server));
  });
}
