/**
 * Ports that nothing listens on at the moment. They are below those that a system gives out of itself, to whoever
 * connects or listens anywhere: one of these could be taken before it is used.
 */
import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

const FIRST = 10_000;
const LAST = 29_999;

/** Each process begins elsewhere, and hands out none twice, until all were. */
let next = randomInt(FIRST, LAST);

/** As many distinct free TCP ports; all are held until all are known. */
export async function freePorts(count: number): Promise<number[]> {
  const held: { readonly port: number; readonly server: Server }[] = [];
  for (let tried = 0; held.length < count; tried++) {
    if (tried > LAST - FIRST) throw new Error(`there are no ${count} free ports`);
    const port = next;
    next = next === LAST ? FIRST : next + 1;
    const server = await listen(port);
    if (server !== undefined) held.push({ port, server });
  }
  await Promise.all(held.map(({ server }) => new Promise((done) => server.close(done))));
  return held.map(({ port }) => port);
}

async function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    // Not only loopback: a virtual IP's port must be free on every local address.
    server.listen(port, '0.0.0.0', () => resolve(server));
  });
}
