/** metaproxy whose key is its own: xDS over TLS, and certificates and roots that change under its requests. */
import { connect as connectSecured } from 'node:tls';
import { expect, it, onTestFinished, vi } from 'vitest';
import { requestCertificate } from '../../src/main/certificates/proxy-certificates-client.ts';
import { readProxyCertificate, writeProxyCertificate } from '../../src/main/certificates/proxy-certificates-folder.ts';
import { ProxyIdentity } from '../../src/main/certificates/proxy-identity.ts';
import { createToken, readRoots } from '../../src/main/certificates/token-making.ts';
import { createLogger } from '../../src/operations/log.ts';
import { onPackets, packet, startServer, TestClient } from '../e2e/awesomerpc-peers.ts';
import { buyer, MetaproxyMesh, orders } from './metaproxy-mesh.ts';

vi.setConfig({ testTimeout: 120_000 });

const patient = { timeout: 30_000 };
const identity = { trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: buyer.name };
const controlPlane = { trustDomain: 'cluster.local', namespace: 'isthmus-system', serviceAccount: 'isthmus' };

/** What the workload answers to who shows this certificate; undefined when he is turned away. */
function ask(
  port: number,
  { chain, key }: { readonly chain: string; readonly key: string },
): Promise<string | undefined> {
  const socket = connectSecured({ host: orders.address, port, cert: chain, key, rejectUnauthorized: false });
  socket.on('error', () => {});
  socket.write(packet({ id: 1, body: 'hello' }));
  return new Promise((resolve) => {
    onPackets(socket, ({ body }) => resolve(body));
    socket.once('close', () => resolve(undefined));
  }).then((body) => {
    socket.destroy();
    return typeof body === 'string' ? body : undefined;
  });
}

it('renews certificates and roots under requests, of which none fails, and trusts no root that is gone', async () => {
  const mesh = await MetaproxyMesh.start(buyer);
  const { plane, port } = mesh;
  const workload = await startServer('orders', undefined, port);
  onTestFinished(() => workload.close());
  await mesh.proxy(orders);
  const step = (name: string) =>
    plane.ask<{ kind: string }>(`/api/v1/certificates/rotation?step=${name}&force=true`, { method: 'POST' });

  // Its key is made here: the control plane gets a signing request, and a token once.
  await plane.write('roots.pem', await readRoots({ folder: plane.at('state') }));
  await plane.write('token', await createToken({ folder: plane.at('state') }, { identity, lifetimeMs: 60_000 }));
  const folder = plane.at('certificates');
  const xdsTls = plane.plane?.xdsTlsAddress ?? '';
  const own = await ProxyIdentity.open(
    {
      ...{ xdsTls, certificates: folder, tokenFile: plane.at('token'), roots: plane.at('roots.pem') },
      ...{
        namespace: 'shop',
        serviceAccount: buyer.name,
        trustDomain: 'cluster.local',
        rootNamespace: 'isthmus-system',
      },
    },
    createLogger({ level: 'error', format: 'json' }, () => {}),
  );
  if (own === undefined) throw new Error('there is an address');
  const secure = { xds: { address: own.address, secure: () => own.channel() }, certificate: await own.certificate() };
  await own.keepFresh(await mesh.proxy(buyer, secure));
  onTestFinished(() => own.close());
  const renew = async (): Promise<void> => {
    const held = await readProxyCertificate(folder);
    const server = { address: xdsTls, identity: controlPlane, roots: held.roots };
    await writeProxyCertificate(folder, await requestCertificate(server, identity, { kind: 'certificate', ...held }));
  };

  const caller = await TestClient.connect(port, await mesh.virtualIp());
  onTestFinished(() => caller.close());
  const answers: string[] = [];
  let isOver = false;
  const load = (async () => {
    for (let id = 1; !isOver; id++) answers.push((await caller.call({ id, body: 'x' })).body);
  })();

  const first = await own.certificate();
  expect(await ask(port, first)).toBe('orders:hello');
  expect(await step('begin')).toMatchObject({ kind: 'done' });
  // What it knows the control plane by comes with its own renewal.
  await renew();
  expect(await step('switch')).toMatchObject({ kind: 'done' });
  await plane.ask('/api/v1/certificates/renewal', { method: 'POST' });
  await renew();
  const second = await own.certificate();
  expect(second.chain).not.toBe(first.chain);
  await expect.poll(() => ask(port, second), patient).toBe('orders:hello');
  expect(await ask(port, first)).toBe('orders:hello');
  expect(await step('finish')).toMatchObject({ kind: 'done' });
  await expect.poll(() => ask(port, first), patient).toBeUndefined();
  expect(await ask(port, second)).toBe('orders:hello');

  const before = answers.length;
  await expect.poll(() => answers.length - before, patient).toBeGreaterThan(10);
  isOver = true;
  await load;
  expect(caller.closed).toBe(false);
  expect(new Set(answers)).toEqual(new Set(['orders:x']));
});
