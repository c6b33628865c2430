/** xDS over TLS: nobody without a certificate of the mesh, and nobody for another than himself. */
import { connect } from 'node:http2';
import { credentials, Client as GrpcClient, Metadata } from '@grpc/grpc-js';
import { beforeEach, describe, expect, it } from 'vitest';
import { createToken } from '../../src/main/certificates/token-making.ts';
import type { Identity } from '../../src/model/identity.ts';
import { createCertificatePath } from '../../src/security/istio-certificate-service.ts';
import { PrivateKey } from '../../src/security/private-key.ts';
import { makeSigningRequest } from '../../src/security/signing-request.ts';
import { decode, encode, type envoy } from '../../src/xds-api/messages.ts';
import { InProcessPlane, serviceEntry } from '../e2e/in-process-plane.ts';
import { TestAuthority } from './test-authority.ts';

const aggregated = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';
const orders: Identity = { trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'orders' };
const bytes = (buffer: Buffer): Buffer => buffer;

interface Credentials {
  readonly chain: string;
  readonly key: string;
  readonly roots: string;
}

describe('xDS over TLS', () => {
  let plane: InProcessPlane;
  let address = '';

  beforeEach(async () => {
    plane = await InProcessPlane.create();
    await plane.write('orders.yaml', serviceEntry('orders'));
    const serving = await plane.serve(['orders.yaml'], { xdsTls: '127.0.0.1:0' });
    address = serving.xdsTlsAddress;
  });

  /** Who calls trusts the server by nothing but the roots that it was given; before that, blindly. */
  function client(own?: Credentials): GrpcClient {
    const [roots, key, chain] = own === undefined ? [] : [own.roots, own.key, own.chain].map((pem) => Buffer.from(pem));
    const options = { rejectUnauthorized: own !== undefined, checkServerIdentity: () => undefined };
    return new GrpcClient(address, credentials.createSsl(roots ?? null, key ?? null, chain ?? null, options));
  }

  async function ask(own: Credentials | undefined, authorization: string): Promise<Credentials | string> {
    const key = await PrivateKey.generate('ecdsa-p256');
    // What a request says of its sender counts for nothing.
    const pem = await makeSigningRequest(key, { ...orders, serviceAccount: 'admin' }, ['evil.example']).pem();
    const request = Buffer.from(encode('istio.v1.auth.IstioCertificateRequest', { csr: pem }));
    const metadata = new Metadata();
    if (authorization !== '') metadata.set('authorization', authorization);
    const calling = client(own);
    return new Promise((resolve) => {
      calling.makeUnaryRequest<Buffer, Buffer>(
        createCertificatePath,
        bytes,
        bytes,
        request,
        metadata,
        (error, value) => {
          calling.close();
          if (error !== null || value === undefined) return resolve(`${error?.code} ${error?.details}`);
          const { certChain = [] } = decode('istio.v1.auth.IstioCertificateResponse', value);
          resolve({ chain: certChain.slice(0, -1).join(''), key: key.reveal(), roots: certChain.at(-1) ?? '' });
        },
      );
    });
  }

  /** The names of the clusters of a node, or why it gets none. */
  async function clusters(own: Credentials | undefined, node: envoy.config.core.v3.Node): Promise<unknown> {
    const calling = client(own);
    const stream = calling.makeBidiStreamRequest<Buffer, Buffer>(aggregated, bytes, bytes, new Metadata());
    const typeUrl = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
    stream.write(Buffer.from(encode('envoy.service.discovery.v3.DiscoveryRequest', { node, typeUrl })));
    const answer = await new Promise((resolve) => {
      stream.on('error', (error: Error & { code?: number }) => resolve(`${error.code} ${error.message}`));
      stream.on('data', (data: Buffer) => {
        const { resources = [] } = decode('envoy.service.discovery.v3.DiscoveryResponse', data);
        resolve(
          resources.map(({ value }) => decode('envoy.config.cluster.v3.Cluster', value ?? new Uint8Array()).name),
        );
      });
    });
    stream.cancel();
    calling.close();
    return answer;
  }

  const node = (namespace: string, serviceAccount: string): envoy.config.core.v3.Node => ({
    id: `sidecar~10.0.0.1~orders-1.${namespace}~${namespace}.svc.cluster.local`,
    userAgentName: 'envoy',
    metadata: { fields: { SERVICE_ACCOUNT: { stringValue: serviceAccount } } },
  });

  async function withToken(): Promise<Credentials> {
    const token = await createToken({ folder: plane.at('state') }, { identity: orders, lifetimeMs: 60_000 });
    const issued = await ask(undefined, `Bearer ${token}`);
    if (typeof issued === 'string') throw new Error(issued);
    return issued;
  }

  it('is given to a workload that has a certificate, which it gets for its token and renews by itself', async () => {
    const first = await withToken();
    expect(await clusters(first, node('shop', 'orders'))).toContain('outbound|9090||orders.shop.mesh');
    const second = await ask(first, '');
    if (typeof second === 'string') throw new Error(second);
    expect(await clusters(second, node('shop', 'orders'))).toContain('outbound|9090||orders.shop.mesh');
  });

  it('is refused to who has none, before a word of his is parsed', async () => {
    expect(await clusters(undefined, node('shop', 'orders'))).toMatch(/^16 .*certificate of the mesh is needed/);
  });

  it('is refused to a workload that poses as another, with what to set', async () => {
    const own = await withToken();
    for (const [namespace, account] of [
      ['shop', 'admin'],
      ['bank', 'orders'],
    ] as const)
      expect(await clusters(own, node(namespace, account))).toMatch(/^7 .*Set NAMESPACE and SERVICE_ACCOUNT/);
  });

  it('is refused to a certificate of the same name that another authority signed', async () => {
    const other = await InProcessPlane.create();
    await other.write('orders.yaml', serviceEntry('orders'));
    const serving = await other.serve(['orders.yaml'], { xdsTls: '127.0.0.1:0' });
    const ours = address;
    address = serving.xdsTlsAddress;
    const token = await createToken({ folder: other.at('state') }, { identity: orders, lifetimeMs: 60_000 });
    const foreign = await ask(undefined, `Bearer ${token}`);
    address = ours;
    if (typeof foreign === 'string') throw new Error(foreign);
    const { roots } = await withToken();
    expect(await clusters({ ...foreign, roots }, node('shop', 'orders'))).toMatch(/^16 /);
  });

  describe('to a proxy of another trust domain', () => {
    const partner: Identity = { trustDomain: 'partner.example', namespace: 'shop', serviceAccount: 'buyer' };
    let authority: TestAuthority;

    beforeEach(async () => {
      authority = await TestAuthority.make(partner.trustDomain);
    });

    async function federate(): Promise<void> {
      await plane.write('partner.pem', authority.pem);
      const spec = { trustBundles: [{ trustDomain: partner.trustDomain, file: plane.at('partner.pem') }] };
      const mesh = { apiVersion: 'isthmus.dev/v1alpha1', kind: 'MeshConfig', metadata: { name: 'mesh' }, spec };
      await plane.write('orders.yaml', `${serviceEntry('orders')}\n---\n${JSON.stringify(mesh)}\n`);
    }

    const asked = async (identity: Identity): Promise<string> => {
      const { roots } = await withToken();
      const { cert, key } = await authority.issue(identity);
      return String(await clusters({ chain: cert, key, roots }, node(identity.namespace, identity.serviceAccount)));
    };

    it('is refused, which it is told by its name once its domain is trusted, and nothing before', async () => {
      expect(await asked(partner)).toMatch(/^16 .*certificate of the mesh is needed/);
      await federate();
      await expect
        .poll(() => asked(partner), { timeout: 30_000 })
        .toMatch(/^16 .*spiffe:\/\/partner\.example\/ns\/shop\/sa\/buyer is of a federated trust domain/);
    });

    it('is refused without a word where its root names a workload of ours, and gets no certificate either', async () => {
      await federate();
      await expect.poll(() => asked(partner), { timeout: 30_000 }).toMatch(/federated/);
      expect(await asked(orders)).toMatch(/^16 .*certificate of the mesh is needed/);
      const { roots } = await withToken();
      const { cert, key } = await authority.issue(partner);
      expect(await ask({ chain: cert, key, roots }, '')).toMatch(/^16 .*isthmus token create/);
    });
  });

  it('refuses who shows neither certificate nor token before it sends a byte, and a request that is too long by its prefix', async () => {
    const token = await createToken({ folder: plane.at('state') }, { identity: orders, lifetimeMs: 60_000 });
    const session = connect(`https://${address}`, { rejectUnauthorized: false });
    const statusOf = async (authorization: string, bytes: Uint8Array): Promise<unknown> => {
      const headers = { 'content-type': 'application/grpc', te: 'trailers', authorization };
      const stream = session.request(
        { ':method': 'POST', ':path': createCertificatePath, ...headers },
        { endStream: false },
      );
      const status = new Promise((resolve) => {
        const take = (said: Record<string, unknown>): void => {
          if (said['grpc-status'] !== undefined) resolve(said['grpc-status']);
        };
        stream.on('response', take).on('trailers', take);
      });
      stream.resume().write(bytes);
      return status;
    };
    const announced = Buffer.from([0, 0, 0, 0x80, 1]);
    expect(await statusOf('', Buffer.alloc(0))).toBe('16');
    expect(await statusOf('Bearer nonsense', announced)).toBe('16');
    expect(await statusOf(`Bearer ${token}`, announced)).toBe('8');
    session.destroy();
  });

  it('gives no certificate without a token, for a token that was tampered with, or for one of another plane', async () => {
    const token = await createToken({ folder: plane.at('state') }, { identity: orders, lifetimeMs: 60_000 });
    expect(await ask(undefined, '')).toMatch(/^16 .*isthmus token create/);
    expect(await ask(undefined, `Bearer ${token.slice(0, -2)}xx`)).toMatch(/^16 .*signature/);
    expect(await ask(undefined, 'Bearer nonsense')).toMatch(/^16 .*no signed JWT/);
    const ofOneNode = await createToken({ folder: plane.at('state') }, { identity: orders, nodeId: 'orders-1' });
    expect(await ask(undefined, `Bearer ${ofOneNode}`)).toMatch(/^16 .*for one node/);
  });

  it('gives a certificate over HTTP for the same token', async () => {
    const token = await createToken({ folder: plane.at('state') }, { identity: orders, lifetimeMs: 60_000 });
    const key = await PrivateKey.generate('ecdsa-p256');
    const csr = await makeSigningRequest(key, orders, []).pem();
    const post = (authorization: string) =>
      plane.fetch('/api/v1/certificates', {
        method: 'POST',
        body: JSON.stringify({ csr }),
        headers: { authorization },
      });
    expect((await post('Bearer nonsense')).status).toBe(401);
    const { chain, roots } = JSON.parse(await (await post(`Bearer ${token}`)).text());
    const own = { chain: chain.join(''), key: key.reveal(), roots: roots['cluster.local'].join('') };
    expect(await clusters(own, node('shop', 'orders'))).toContain('outbound|9090||orders.shop.mesh');
  });

  it('leaves neither keys nor tokens in what can be looked at', async () => {
    await withToken();
    const places = ['findings', 'proxies', 'services', 'virtual-ips'].map((name) => `/api/v1/${name}`);
    const shown = await Promise.all(
      [...places, '/metrics', '/debug/collections'].map(async (at) => (await plane.fetch(at)).text()),
    );
    expect(shown.join('')).not.toMatch(/PRIVATE KEY|eyJ/);
  });
});
