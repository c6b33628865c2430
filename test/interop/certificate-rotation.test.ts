/** Certificates, roots and issuers change under stock Envoys that are never without work: nobody notices. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer as createTcp } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import type { CertificateStatus } from '../../src/model/certificate-status.ts';
import { makeRoot } from '../../src/security/certificate-profile.ts';
import { PrivateKey } from '../../src/security/private-key.ts';
import { askHttp1, askHttp2, askTcp, ConstantLoad } from './constant-load.ts';
import { type EnvoyProcess, startEnvoy, type Workload } from './envoy-process.ts';
import { InteropMesh, meshConfig } from './interop-mesh.ts';
import { peerUnderTest } from './peer-under-test.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const envoy = peerUnderTest('envoy');
const store: Workload = { address: '127.0.79.1', namespace: 'books', serviceAccount: 'bookstore' };
const buyer: Workload = { address: '127.0.79.2', namespace: 'books', serviceAccount: 'bookbuyer' };
const host = 'bookstore.books.mesh';
const within = { timeout: 30_000 };

const service = (http: number, http2: number, tcp: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bookstore, namespace: books }
spec:
  hosts: [${host}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - { number: ${http}, name: http-web, protocol: HTTP }
    - { number: ${http2}, name: http2-web, protocol: HTTP2 }
    - { number: ${tcp}, name: tcp-web, protocol: TCP }
  endpoints: [{ address: ${store.address}, serviceAccount: ${store.serviceAccount} }]
`;

const settings = (certificates = ''): string =>
  `  access: { mode: Permissive }\n  certificates: { settle: 0s${certificates} }\n`;

describe.skipIf(envoy === undefined)('certificates that change under load', () => {
  let mesh: InteropMesh;
  let proxies: readonly EnvoyProcess[] = [];
  let ports: readonly number[] = [];
  const stops: (() => unknown)[] = [];

  beforeAll(async () => {
    ports = await freePorts(3);
    const [http = 0, http2 = 0, tcp = 0] = ports;
    const answer = createServer((_, response) => response.end('books')).listen(http, '127.0.0.1');
    const answer2 = createHttp2((_, response) => response.end('books')).listen(http2, '127.0.0.1');
    const echo = createTcp((socket) => socket.on('error', () => {}).pipe(socket)).listen(tcp, '127.0.0.1');
    for (const server of [answer, answer2, echo]) stops.push(() => server.close());
    mesh = await InteropMesh.start({ 'service.yaml': service(http, http2, tcp) }, settings());
    const callee = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', store);
    proxies = [callee, await startEnvoy(envoy ?? '', mesh, 'GRPC', buyer)];
  });

  afterAll(async () => {
    await mesh?.stop();
    for (const stop of stops) stop();
  });

  const status = async () => (await mesh.get('certificates')) as CertificateStatus;
  const rotate = async (...words: readonly string[]) =>
    (await mesh.isthmus('certificates', 'rotate', ...words, '--timeout', '30')).code;
  const serials = async () => (await Promise.all(proxies.map(({ admin }) => admin.serials()))).map(String);

  /** Each proxy shows another certificate than before, and all are of the root that signs. */
  async function renewed(): Promise<void> {
    const before = await serials();
    expect((await mesh.isthmus('certificates', 'renew')).code).toBe(0);
    await expect
      .poll(async () => (await serials()).filter((serial, index) => serial === before[index]), within)
      .toEqual([]);
    await expect.poll(async () => (await status()).roots.map(({ leaves }) => leaves > 0), within).toMatchObject([true]);
  }

  async function underLoad(change: () => Promise<void>): Promise<void> {
    const at = await mesh.virtualIp(host);
    const [http = 0, http2 = 0, tcp = 0] = ports.map((port) => port);
    const http1Ask = askHttp1({ host: at, port: http });
    const http2Ask = askHttp2({ host: at, port: http2 });
    const tcpAsk = askTcp({ host: at, port: tcp });
    for (const ask of [http1Ask, http2Ask.ask, tcpAsk])
      await expect.poll(() => ask().then(() => 'answered', String), within).toBe('answered');
    const loads = [http1Ask, http1Ask, http2Ask.ask, http2Ask.ask, tcpAsk].map((ask) => new ConstantLoad(ask));
    try {
      await change();
      const before = loads.map(({ done }) => done);
      const since = () => loads.map(({ done }, index) => done - (before[index] ?? 0));
      await expect.poll(() => Math.min(...since()), within).toBeGreaterThan(10);
    } finally {
      const reports = await Promise.all(loads.map((load) => load.stop()));
      http2Ask.close();
      expect(reports.map(({ failures }) => failures)).toEqual(loads.map(() => []));
    }
  }

  it('leaves are renewed on both sides, and no request fails', () => underLoad(renewed));

  it('a root is rotated, aborted and rotated again, and no request fails', () =>
    underLoad(async () => {
      const [former] = (await status()).roots;
      expect(await rotate('begin', '--wait')).toBe(0);
      expect(await rotate('begin')).toBe(65);
      expect((await status()).proxies).toEqual({ connected: 2, trusting: 2, waiting: [] });
      expect(await rotate('switch', '--wait')).toBe(0);
      await mesh.isthmus('certificates', 'renew');
      await expect.poll(async () => (await status()).roots.map(({ leaves }) => leaves), within).toEqual([2, 0]);
      // Somebody may be away with a certificate of the old root.
      expect(await rotate('finish')).toBe(79);
      expect(await rotate('abort')).toBe(0);
      await mesh.isthmus('certificates', 'renew');
      await expect.poll(async () => (await status()).roots[0], within).toMatchObject({ id: former?.id, leaves: 2 });
      expect(await rotate('switch', '--wait')).toBe(0);
      await mesh.isthmus('certificates', 'renew');
      await expect.poll(async () => (await status()).roots.map(({ leaves }) => leaves), within).toEqual([2, 0]);
      expect(await rotate('finish', '--force', '--wait')).toBe(0);
      const { roots } = await status();
      expect(roots).toHaveLength(1);
      expect(roots[0]?.id).not.toBe(former?.id);
      await renewed();
    }));

  it('a control plane that is killed in the middle of a rotation goes on where it was, and no request fails', () =>
    underLoad(async () => {
      expect(await rotate('begin', '--wait')).toBe(0);
      // Who is not back after the start is missed for this.
      const holders = path.join(mesh.folder, 'state', 'certificate-holders.journal');
      await expect
        .poll(() => readFile(holders, 'utf8').catch(String), within)
        .toMatch(/sa\/bookstore.*"trusts":\[".*",".*"\]/);
      await expect.poll(() => readFile(holders, 'utf8'), within).toMatch(/sa\/bookbuyer.*"trusts":\[".*",".*"\]/);
      await mesh.killControlPlane();
      await mesh.startControlPlane();
      expect((await status()).rotation?.phase).toBe('introduced');
      await expect.poll(async () => (await status()).proxies, within).toMatchObject({ connected: 2, trusting: 2 });
      expect(await rotate('switch', '--wait')).toBe(0);
      await mesh.killControlPlane();
      await mesh.startControlPlane();
      expect((await status()).rotation?.phase).toBe('switched');
      await expect.poll(async () => (await status()).proxies, within).toMatchObject({ connected: 2, trusting: 2 });
      expect(await rotate('finish', '--force')).toBe(0);
    }));

  it('another issuer takes over, its files are replaced half and whole, and no request fails', () =>
    underLoad(async () => {
      const folder = path.join(mesh.folder, 'authority');
      mkdirSync(folder);
      const key = await PrivateKey.generate('ecdsa-p256');
      const now = Date.now();
      const root = await makeRoot(key, 'cluster.local', { notBefore: now - 60_000, notAfter: now + 86_400_000 });
      const put = (name: string, text: string): void => writeFileSync(path.join(folder, name), text, { mode: 0o600 });
      put('root-cert.pem', root);
      put('ca-cert.pem', root);
      put('ca-key.pem', key.reveal());
      mesh.write('mesh.yaml', meshConfig(settings(`, issuer: Files, files: { folder: ${folder} }`)));
      await expect.poll(async () => (await status()).issuer, within).toBe(`files in ${folder}`);
      await mesh.isthmus('certificates', 'renew');
      await expect.poll(async () => (await status()).roots.filter(({ leaves }) => leaves === 2).length, within).toBe(1);
      put('ca-cert.pem', root.slice(0, root.length / 2));
      await expect.poll(async () => JSON.stringify(await mesh.get('findings')), within).toContain('ISTH1206');
      await mesh.isthmus('certificates', 'renew');
      put('ca-cert.pem', root);
      await expect.poll(async () => JSON.stringify(await mesh.get('findings')), within).not.toContain('ISTH1206');
      mesh.write('mesh.yaml', meshConfig(settings()));
      await expect.poll(async () => (await status()).issuer, within).toBe('built in');
      await renewedOf('built in');
    }));

  async function renewedOf(issuer: string): Promise<void> {
    const before = await serials();
    await mesh.isthmus('certificates', 'renew');
    await expect
      .poll(async () => (await serials()).filter((serial, index) => serial === before[index]), within)
      .toEqual([]);
    expect((await status()).issuer).toBe(issuer);
  }

  it('no key is in a log, a dump, a status, a measure or a finding of all that happened', async () => {
    const paths = ['certificates', 'certificates/roots', 'findings', 'proxies', 'service-summaries'];
    const shown = await Promise.all(paths.map((one) => mesh.get(one).then(JSON.stringify)));
    const dumps = await Promise.all(proxies.map(({ node }) => mesh.get(`proxies/${encodeURIComponent(node)}/config`)));
    const metrics = await (await fetch(`http://${mesh.admin}/metrics`)).text();
    const logs = proxies.map((proxy) => proxy.log());
    for (const text of [...shown, ...dumps.map((dump) => JSON.stringify(dump)), metrics, ...logs, mesh.log()])
      expect(text).not.toMatch(/PRIVATE KEY/);
    expect(metrics).toContain('isthmus_certificate_issue_seconds_count');
  });
});
