/** Several trust domains at a stock Envoy: each root is believed for its own, and for no other. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { type Identity, spiffeId } from '../../src/model/identity.ts';
import { TestAuthority as Authority } from '../security/test-authority.ts';
import { startEnvoy, type Workload } from './envoy-process.ts';
import { InteropMesh, meshConfig } from './interop-mesh.ts';
import { peerUnderTest } from './peer-under-test.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const envoy = peerUnderTest('envoy');
const store: Workload = { address: '127.0.80.1', namespace: 'books', serviceAccount: 'bookstore' };
const buyer: Identity = { trustDomain: 'cluster.local', namespace: 'books', serviceAccount: 'bookbuyer' };
const partner: Identity = { trustDomain: 'partner.example', namespace: 'shop', serviceAccount: 'buyer' };
const within = { timeout: 30_000 };

const manifest = (port: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bookstore, namespace: books }
spec:
  hosts: [bookstore.books.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: http-web, protocol: HTTP }]
  endpoints: [{ address: ${store.address}, serviceAccount: ${store.serviceAccount} }]
---
apiVersion: access.smi-spec.io/v1alpha4
kind: IdentityBinding
metadata: { name: partners, namespace: books }
spec: { schemes: { spiffeIdentities: ["${spiffeId(partner)}"] } }
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: store, namespace: books }
spec: { matches: [{ name: all, pathRegex: "/.*", methods: ["*"] }] }
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: store, namespace: books }
spec:
  destination: { kind: ServiceAccount, name: ${store.serviceAccount}, namespace: books }
  rules: [{ kind: HTTPRouteGroup, name: store }]
  sources: [{ kind: ServiceAccount, name: ${buyer.serviceAccount}, namespace: books }]
---
apiVersion: access.smi-spec.io/v1alpha4
kind: TrafficTarget
metadata: { name: partners, namespace: books }
spec:
  destination: { kind: ServiceAccount, name: ${store.serviceAccount}, namespace: books }
  rules: [{ kind: HTTPRouteGroup, name: store }]
  sources: [{ kind: IdentityBinding, name: partners, namespace: books }]
`;

describe.skipIf(envoy === undefined)('a mesh that trusts another trust domain', () => {
  let mesh: InteropMesh;
  let port = 0;
  let own: Authority;
  let foreign: Authority;
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-federation-'));
  const application = createServer((_, response) => response.end('books'));
  const at = (name: string): string => path.join(folder, name);
  const settings = (bundles: string): string =>
    `  access: { mode: Enforced }\n  certificates: { settle: 0s, issuer: Files, files: { folder: ${folder} } }\n  trustBundles: [${bundles}]\n`;
  const bundle = (): string => `{ trustDomain: partner.example, file: ${at('partner.pem')} }`;

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    application.listen(port, '127.0.0.1');
    own = await Authority.make('cluster.local');
    foreign = await Authority.make('partner.example');
    const files = {
      'root-cert.pem': own.pem,
      'ca-cert.pem': own.pem,
      'ca-key.pem': own.key,
      'partner.pem': foreign.pem,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text, { mode: 0o600 });
    mesh = await InteropMesh.start({ 'books.yaml': manifest(port) }, settings(bundle()));
    await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC', store);
  });

  afterAll(async () => {
    await mesh?.stop();
    application.close();
    rmSync(folder, { recursive: true });
  });

  /** The status, or `refused` where the connection is. The server has to be of its own root. */
  async function ask(signer: Authority, identity: Identity): Promise<string> {
    const proof = await signer.issue(identity);
    return new Promise((resolve) => {
      const where = { host: store.address, port, path: '/', agent: false as const };
      const asked = request({ ...where, ...proof, ca: own.pem, checkServerIdentity: () => undefined }, (answer) => {
        answer.resume();
        resolve(`${answer.statusCode}`);
      });
      asked.once('error', () => resolve('refused'));
      asked.end();
    });
  }

  it('lets in whom the own root vouches for, and whom the root of the other one does for its own', async () => {
    await expect.poll(() => ask(own, buyer), within).toBe('200');
    await expect.poll(() => ask(foreign, partner), within).toBe('200');
  });

  it('lets nobody in for whom a root of another trust domain vouches', async () => {
    expect(await ask(foreign, buyer)).toBe('refused');
    expect(await ask(own, partner)).toBe('refused');
    expect(await ask(await Authority.make('partner.example'), partner)).toBe('refused');
  });

  it('keeps what it read last of a bundle that is half-written, and believes nobody of one that is named no more', async () => {
    writeFileSync(at('partner.pem'), foreign.pem.slice(0, 100));
    await expect.poll(async () => JSON.stringify(await mesh.get('findings')), within).toContain('ISTH1214');
    expect(await ask(foreign, partner)).toBe('200');
    mesh.write('mesh.yaml', meshConfig(settings('')));
    await expect.poll(() => ask(foreign, partner), within).toBe('refused');
    expect(await ask(own, buyer)).toBe('200');
  });
});
