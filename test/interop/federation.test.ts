/** Several trust domains at a stock Envoy: each root is believed for its own, and for no other. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { createServer as createSecuredServer, request } from 'node:https';
import { createServer as createGreeter } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { type Identity, spiffeId } from '../../src/model/identity.ts';
import type { Metaproxy } from '../../src/proxy/metaproxy.ts';
import { TestAuthority } from '../security/test-authority.ts';
import { Authority, type Certificate } from './access-certificates.ts';
import { startEnvoy } from './envoy-process.ts';
import {
  branch,
  buyer,
  federatedManifest,
  ledger,
  ledgerAddress,
  ledgerService,
  type Ports,
  partner,
  store,
  stranger,
} from './federation-scene.ts';
import { InteropMesh, meshConfig } from './interop-mesh.ts';
import { startMetaproxyBeside } from './metaproxy-beside.ts';
import { peerUnderTest } from './peer-under-test.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const envoy = peerUnderTest('envoy');
const within = { timeout: 30_000 };

describe.skipIf(envoy === undefined)('a mesh that trusts another trust domain', () => {
  let mesh: InteropMesh;
  let metaproxy: Metaproxy;
  let ports: Ports;
  let own: TestAuthority;
  let foreign: Authority;
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-federation-'));
  const application = createServer((_, response) => response.end('books'));
  const greeters = [1, 2].map(() => createGreeter((socket) => void socket.on('error', () => {}).write('hello')));
  const ledgerServer = createSecuredServer((_, response) => response.setHeader('connection', 'close').end('entries'));
  const at = (name: string): string => path.join(folder, name);
  const settings = (bundles: string): string =>
    `  access: { mode: Enforced }\n  certificates: { settle: 0s, issuer: Files, files: { folder: ${folder} } }\n  trustBundles: [${bundles}]\n`;
  const bundle = (): string => `{ trustDomain: partner.example, file: ${at('partner.pem')} }`;

  beforeAll(async () => {
    const [web = 0, ours = 0, shared = 0, entries = 0] = await freePorts(4);
    ports = { web, ours, shared, ledger: entries };
    application.listen(web, '127.0.0.1');
    for (const [at, server] of greeters.entries()) server.listen(at === 0 ? ours : shared, '127.0.0.1');
    ledgerServer.listen(entries, ledgerAddress);
    own = await TestAuthority.make('cluster.local');
    foreign = new Authority(folder, 'foreign');
    const files = {
      'root-cert.pem': own.pem,
      'ca-cert.pem': own.pem,
      'ca-key.pem': own.key,
      'partner.pem': foreign.root,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text, { mode: 0o600 });
    mesh = await InteropMesh.start({ 'books.yaml': federatedManifest(ports) }, settings(bundle()));
    await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', store);
    metaproxy = await startMetaproxyBeside(mesh, branch);
  });

  afterAll(async () => {
    await metaproxy?.stop();
    await mesh?.stop();
    for (const server of [application, ledgerServer, ...greeters]) server.close();
    rmSync(folder, { recursive: true });
  });

  const ours = (identity: Identity): Promise<Certificate> => own.issue(identity);
  /** Of the other root, with these names in this order. */
  const theirs = (...names: readonly Identity[]): Certificate =>
    foreign.issue('leaf', { alternatives: names.map((name) => `URI:${spiffeId(name)}`) });

  /** The status, or `refused` where the connection is. The server has to be of its own root. */
  async function ask(certificate: Certificate | Promise<Certificate>): Promise<string> {
    const proof = await certificate;
    return new Promise((resolve) => {
      const where = { host: store.address, port: ports.web, path: '/', agent: false as const };
      const asked = request({ ...where, ...proof, ca: own.pem, checkServerIdentity: () => undefined }, (answer) => {
        answer.resume();
        resolve(`${answer.statusCode}`);
      });
      asked.once('error', () => resolve('refused'));
      asked.end();
    });
  }

  /** What the server says first, or `refused`. */
  async function greeting(
    host: string,
    port: number,
    certificate: Certificate | Promise<Certificate>,
  ): Promise<string> {
    const proof = await certificate;
    return new Promise((resolve) => {
      const where = { host, port, ca: own.pem, checkServerIdentity: () => undefined };
      const socket = connect({ ...where, ...proof });
      socket.once('data', (data) => socket.destroy() && resolve(data.toString()));
      socket.once('error', () => resolve('refused'));
      socket.once('close', () => resolve('refused'));
    });
  }

  /** The status that a caller behind the proxy gets, where the server shows this certificate. */
  async function callLedger(certificate: Certificate | Promise<Certificate>): Promise<number | undefined> {
    ledgerServer.setSecureContext(await certificate);
    return new Promise((resolve) => {
      const asked = get({ host: ledgerService, port: ports.ledger, agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.once('error', () => resolve(undefined));
    });
  }

  it('lets in whom the own root vouches for, and whom the root of the other one does for its own', async () => {
    await expect.poll(() => ask(ours(buyer)), within).toBe('200');
    await expect.poll(() => ask(theirs(partner)), within).toBe('200');
  });

  it('lets nobody in for whom a root of another trust domain vouches', async () => {
    expect(await ask(theirs(buyer))).toBe('refused');
    expect(await ask(ours(partner))).toBe('refused');
    expect(await ask((await TestAuthority.make('partner.example')).issue(partner))).toBe('refused');
  });

  it('takes nobody by a name of ours that stands behind one of theirs, which their root signed', async () => {
    expect(await ask(theirs(partner, buyer))).toBe('refused');
    expect(await ask(theirs(stranger, buyer))).toBe('refused');
    expect(await ask(theirs(buyer, partner))).toBe('refused');
  });

  it.each([
    ['Envoy', store.address],
    ['metaproxy', branch.address],
  ])(
    'has a server that speaks first behind %s greet nobody by such a name, where nobody of theirs may call',
    async (_, host) => {
      await expect.poll(() => greeting(host, ports.ours, ours(buyer)), within).toBe('hello');
      await expect.poll(() => greeting(host, ports.shared, theirs(partner)), within).toBe('hello');
      expect(await greeting(host, ports.shared, ours(buyer))).toBe('hello');
      for (const forged of [theirs(partner, buyer), theirs(stranger, buyer), theirs(buyer), theirs(partner)])
        expect(await greeting(host, ports.ours, forged)).toBe('refused');
      expect(await greeting(host, ports.shared, theirs(stranger))).toBe('refused');
    },
  );

  it('calls no server by such a name', async () => {
    await expect.poll(() => callLedger(ours(ledger)), within).toBe(200);
    for (const forged of [theirs(partner, ledger), theirs(ledger, partner), theirs(ledger)])
      expect(await callLedger(forged)).toBe(503);
    await expect.poll(() => callLedger(ours(ledger)), within).toBe(200);
  });

  it('keeps what it read last of a bundle that is half-written, takes one that is renewed, and believes nobody of one that is named no more', async () => {
    writeFileSync(at('partner.pem'), foreign.root.slice(0, 100));
    await expect.poll(async () => JSON.stringify(await mesh.get('findings')), within).toContain('ISTH1214');
    expect(await ask(theirs(partner))).toBe('200');
    foreign = new Authority(folder, 'renewed');
    writeFileSync(at('partner.pem'), foreign.root);
    await expect.poll(() => ask(theirs(partner)), within).toBe('200');
    for (const { address } of [store, branch])
      await expect.poll(() => greeting(address, ports.shared, theirs(partner)), within).toBe('hello');
    mesh.write('mesh.yaml', meshConfig(settings('')));
    await expect.poll(() => ask(theirs(partner)), within).toBe('refused');
    await expect.poll(() => ask(ours(buyer)), within).toBe('200');
  });
});
