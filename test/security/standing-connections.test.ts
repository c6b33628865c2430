/** Rights that are taken away under connections that stand, through metaproxy: requests one by one, plain TCP at once. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { packet, TestClient, type TestServer } from '../e2e/awesomerpc-peers.ts';
import { TestControlPlane } from '../e2e/proxy-control-plane.ts';
import { server } from '../e2e/proxy-stage.ts';

vi.setConfig({ testTimeout: 60_000 });

const patient = { timeout: 30_000 };
const any = [{ any: true }];
const everything = { policies: { all: { permissions: any, principals: any } } };

/** Requests of one command alone. */
const command = (value: string) => ({
  policies: {
    one: { principals: any, permissions: [{ header: { name: 'cmd', string_match: { exact: value } } }] },
  },
});
const forRequests = (rules: object) => ({
  metaProtocolFilters: [
    {
      name: 'rbac',
      config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC', rules },
    },
  ],
});

interface Stage {
  readonly plane: TestControlPlane;
  readonly port: number;
  readonly app: TestServer;
}

async function stage(): Promise<Stage> {
  const [app, plane, [port = 0]] = [await server('app'), await TestControlPlane.start(), await freePorts(1)];
  plane.cluster('app', [app.port]);
  plane.routes('in-routes', [{ name: 'all', match: { prefix: '/' }, route: { cluster: 'app' } }]);
  return { app, plane, port };
}

async function connected({ plane, port }: Stage): Promise<TestClient> {
  await (await plane.proxy()).ready;
  const client = await TestClient.connect(port);
  onTestFinished(() => client.close());
  await expect.poll(async () => (await client.call({ id: 1 })).body, patient).toBe('app:');
  return client;
}

it('ends for the next request, also where the change comes with routes that do not', async () => {
  const made = await stage();
  made.plane.listener('in', made.port);
  const client = await connected(made);
  made.plane.listener('in', made.port, {
    rds: { configSource: { ads: {}, initialFetchTimeout: '0s' }, routeConfigName: 'routes-that-never-come' },
    ...forRequests({}),
  });
  await expect.poll(async () => (await client.call({ id: 2 })).code, patient).not.toBe(0);
  expect(client.closed).toBe(false);
});

it('is asked of a request that comes in pieces, and of each of several that come in one', async () => {
  const made = await stage();
  made.plane.listener('in', made.port, forRequests(command('1')));
  const client = await connected(made);
  const before = made.app.received.length;
  const refused = packet({ id: 2, command: 2, body: 'nobody may know' });
  for (const byte of refused) client.send(Buffer.from([byte]));
  expect(await client.next()).toMatchObject({ id: 2, code: expect.not.closeTo(0) });
  client.send(packet({ id: 3 }), refused, packet({ id: 4 }));
  const answers = [await client.next(), await client.next(), await client.next()];
  expect(new Map(answers.map(({ id, code }) => [id, code === 0]))).toEqual(
    new Map([
      [3, true],
      [2, false],
      [4, true],
    ]),
  );
  expect(made.app.received.slice(before).map(({ command: seen }) => seen)).toEqual([1, 1]);
});

it('closes connections of plain TCP whose right has gone', async () => {
  const made = await stage();
  const tcp = (rules: object) =>
    made.plane.put('envoy.config.listener.v3.Listener', 'tcp', {
      name: 'tcp',
      address: { socketAddress: { address: '127.0.0.1', portValue: made.port } },
      filterChains: [
        {
          filters: [
            {
              name: 'rbac',
              typedConfig: {
                '@type': 'type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC',
                statPrefix: 'tcp',
                rules,
              },
            },
            {
              name: 'tcp',
              typedConfig: {
                '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
                statPrefix: 'tcp',
                cluster: 'app',
              },
            },
          ],
        },
      ],
    });
  tcp(everything);
  const client = await connected(made);
  const closed = ended(client);
  tcp({});
  await closed;
  const again = await TestClient.connect(made.port);
  onTestFinished(() => again.close());
  await ended(again);
});

/** However the other side ends it. */
function ended({ socket }: TestClient): Promise<void> {
  return new Promise((resolve) => {
    socket.once('end', resolve);
    socket.once('close', () => resolve());
  });
}
