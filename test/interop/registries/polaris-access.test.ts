/** The ways to a real Polaris server: over HTTP where gRPC does not get through, by another name, and with a token. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import { PolarisServer } from '../../peers/polaris/polaris-server.ts';
import { peerUnderTest } from '../peer-under-test.ts';
import { BridgedRegistry, graceMs } from './bridged-registry.ts';

const polaris = peerUnderTest('polaris');
const at = (service: string, n: number) => ({
  service,
  namespace: 'Production',
  host: `10.0.0.${n}`,
  port: 8081,
  protocol: 'grpc',
});

let bridged: BridgedRegistry | undefined;
const bridge = (spec: Omit<ConstructorParameters<typeof BridgedRegistry>[0], 'type'>) => {
  bridged = new BridgedRegistry({ type: 'Polaris', interval: 200, ...spec });
  return bridged;
};
afterEach(async () => bridged?.close());

describe.skipIf(polaris === undefined)('Polaris over HTTP', () => {
  let server: PolarisServer;
  beforeAll(async () => {
    server = await PolarisServer.start();
    await server.register(at('orders', 1));
    await server.login();
    await server.alias('orders', 'Production', 'bestellungen');
  });
  afterAll(async () => server?.stop());
  const seen = { bestellungen: ['10.0.0.1'], orders: ['10.0.0.1'] };

  it('says what it says over gRPC, an alias included, and nothing again that did not change', async () => {
    const overHttp = bridge({ addresses: [server.http] });
    await overHttp.untilShown(seen);
    const overGrpc = new BridgedRegistry({ type: 'Polaris', addresses: [server.address], interval: 200 });
    try {
      await overGrpc.untilShown(seen);
      // Which of the two services comes first is nobody's promise.
      const what = ({ records }: BridgedRegistry) =>
        new Map([...records].map(([key, { since: _, ...rest }]) => [key, rest]));
      await expect.poll(() => what(overHttp)).toEqual(what(overGrpc));
    } finally {
      await overGrpc.close();
    }
    const { changes } = overHttp;
    await sleep(2_000);
    expect(overHttp.changes).toBe(changes);
  });

  it('shows what comes and goes, by its alias too', async () => {
    const shown = bridge({ addresses: [server.http] });
    await shown.untilShown(seen);
    await server.register(at('orders', 2));
    await shown.untilShown({ bestellungen: ['10.0.0.1', '10.0.0.2'], orders: ['10.0.0.1', '10.0.0.2'] });
    await server.deregister(at('orders', 2));
    await shown.untilShown(seen);
  });

  it('is gone to when gRPC does not get through, and loses nothing when the server dies', async () => {
    const shown = bridge({ addresses: ['127.0.0.1:1', server.http] });
    await shown.untilShown(seen);
    await server.kill();
    await shown.untilState('stale');
    await sleep(graceMs + 500);
    expect(shown.shown).toEqual(seen);
    await server.restart();
    await shown.untilState('live');
    expect(shown.shown).toEqual(seen);
  });
});

describe.skipIf(polaris === undefined)('Polaris over gRPC', () => {
  it('is gone back to from HTTP when it gets through again, without a gap', async () => {
    const server = await PolarisServer.start();
    const [port = 0] = await freePorts(1);
    const sockets = new Set<Socket>();
    const relay = createServer((socket) => {
      const [host, to] = server.address.split(':');
      const onward = connect(Number(to), host);
      sockets.add(socket).add(onward);
      socket.pipe(onward).pipe(socket);
      for (const end of [socket, onward]) end.on('error', () => {});
    });
    try {
      await server.register(at('orders', 1));
      const shown = bridge({ addresses: [`127.0.0.1:${port}`, server.http], interval: 100 });
      await shown.untilShown({ orders: ['10.0.0.1'] });
      const { changes } = shown;
      relay.listen(port, '127.0.0.1');
      await expect.poll(() => sockets.size, { timeout: 60_000 }).toBeGreaterThan(0);
      await server.register(at('orders', 2));
      await shown.untilShown({ orders: ['10.0.0.1', '10.0.0.2'] });
      expect(shown.changes).toBe(changes + 1);
      await shown.untilState('live');
      expect([...sockets].some((socket) => !socket.destroyed)).toBe(true);
    } finally {
      await bridged?.close();
      for (const socket of sockets) socket.destroy();
      relay.close();
      await server.stop();
    }
  });
});

describe.skipIf(polaris === undefined)('A Polaris that asks for tokens', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-token-'));
  const tokenFile = path.join(folder, 'token');
  let server: PolarisServer;
  let token: string;
  beforeAll(async () => {
    server = await PolarisServer.start({ asksForTokens: true });
    token = await server.login();
    await server.register(at('orders', 1));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server?.stop();
  });

  it.each(['gRPC', 'HTTP'])(
    'is told by its refusal over %s, which removes nothing, and is seen with the token',
    async (way) => {
      writeFileSync(tokenFile, 'nonsense\n');
      const addresses = [way === 'HTTP' ? server.http : server.address];
      const shown = bridge({ addresses, credentials: { tokenFile } });
      await shown.untilState('stale');
      await expect.poll(() => shown.status?.reason).toMatch(/401001/);
      expect(shown.status?.reason).not.toContain('nonsense');
      writeFileSync(tokenFile, `${token}\n`);
      await shown.untilShown({ orders: ['10.0.0.1'] });
      await shown.untilState('live');
    },
  );
});
