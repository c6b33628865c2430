/** An address that somebody else has: the program says which, by the flag that names it, and ends. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { quickstartManifests, runIsthmus, temporaryFolder } from './isthmus-process.ts';
import { awesomerpcProtocol, bootstrap, listener } from './proxy-bootstraps.ts';

async function takenTcp(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return `127.0.0.1:${port}`;
}

async function takenUdp(): Promise<string> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => {
    socket.close();
  });
  return `127.0.0.1:${socket.address().port}`;
}

describe('an address that is taken', () => {
  it.each([
    ['--xds', takenTcp],
    ['--admin', takenTcp],
    ['--dns', takenTcp],
    ['--dns', takenUdp],
  ])('ends isthmus run with 69 and names %s', async (flag, take) => {
    const taken = await take();
    const flags = { '--xds': '127.0.0.1:0', '--admin': '127.0.0.1:0', '--dns': '127.0.0.1:0', [flag]: taken };
    const state = await temporaryFolder();
    const parameters = ['-f', quickstartManifests, '--state', state, ...Object.entries(flags).flat()];
    const { code, stderr } = await runIsthmus(['run', ...parameters, '--log-level', 'error']);
    expect(stderr).toMatch(new RegExp(`^isthmus: Cannot listen on ${flag} ${taken}: .*EADDRINUSE.*\n$`));
    expect(code).toBe(69);
  });

  it('ends isthmus proxy with 69 and names --admin', async () => {
    const taken = await takenTcp();
    const { code, stderr } = await runIsthmus(['proxy', '--xds', '127.0.0.1:1', '--node', 'n', '--admin', taken]);
    expect(stderr).toMatch(new RegExp(`isthmus: Cannot listen on --admin ${taken}: .*EADDRINUSE.*\n$`));
    expect(code).toBe(69);
  });

  it('ends isthmus proxy that has it from a bootstrap file, as a configuration that cannot be, and names the listener', async () => {
    const taken = await takenTcp();
    const one = listener({ protocol: awesomerpcProtocol(true), routes: [], port: Number(taken.split(':')[1]) });
    const file = path.join(await temporaryFolder(), 'bootstrap.json');
    await writeFile(file, JSON.stringify(bootstrap([one], [])));
    const { code, stderr } = await runIsthmus(['proxy', '--bootstrap', file, '--admin', '127.0.0.1:0']);
    expect(stderr).toMatch(new RegExp(`^isthmus: listener test: cannot listen on ${taken}: .*EADDRINUSE.*\n$`));
    expect(code).toBe(65);
  });
});
