/** How a proxy comes to a certificate and keeps it, by the commands of its own: from nobody but the control plane, and for nobody but itself. */
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { EnvoyBootstrapWish } from '../../src/cli/actions.ts';
import { ProxyCertificateKeeping } from '../../src/main/certificates/proxy-certificates.ts';
import { certificateFiles, readProxyCertificate } from '../../src/main/certificates/proxy-certificates-folder.ts';
import { createToken, readRoots } from '../../src/main/certificates/token-making.ts';
import { makeEnvoyBootstrap } from '../../src/main/envoy/envoy-bootstrap-making.ts';
import type { Clock } from '../../src/model/clock.ts';
import { createLogger } from '../../src/operations/log.ts';
import { InProcessPlane, serviceEntry } from '../e2e/in-process-plane.ts';

const workload = {
  name: 'orders-1',
  namespace: 'shop',
  serviceAccount: 'orders',
  addresses: ['10.0.0.7'],
  labels: {},
};
const day = 24 * 3_600_000;

describe('the certificate of a proxy', () => {
  let plane: InProcessPlane;
  let wish: EnvoyBootstrapWish;

  beforeEach(async () => {
    plane = await InProcessPlane.create();
    await plane.write('orders.yaml', serviceEntry('orders'));
    const { xdsTlsAddress: xdsTls } = await plane.serve(['orders.yaml'], { xdsTls: '127.0.0.1:0' });
    await plane.write('roots.pem', await readRoots({ folder: plane.at('state') }));
    await useToken('orders');
    wish = {
      workload,
      xdsTls,
      certificates: plane.at('certificates'),
      tokenFile: plane.at('token'),
      roots: plane.at('roots.pem'),
      trustDomain: 'cluster.local',
      rootNamespace: 'isthmus-system',
      admin: '127.0.0.1:15000',
      strict: false,
    };
  });

  async function useToken(serviceAccount: string): Promise<void> {
    const identity = { trustDomain: 'cluster.local', namespace: 'shop', serviceAccount };
    await plane.write('token', await createToken({ folder: plane.at('state') }, { identity, lifetimeMs: 60_000 }));
  }

  const leaf = async (): Promise<X509Certificate> =>
    new X509Certificate(await readFile(certificateFiles(plane.at('certificates')).chain));

  it('is got with a token, names the workload, and fits the key that was made beside it', async () => {
    const bootstrap = await makeEnvoyBootstrap(wish);
    const held = await readProxyCertificate(plane.at('certificates'));
    const certificate = new X509Certificate(held.chain);
    expect(certificate.subjectAltName).toContain('URI:spiffe://cluster.local/ns/shop/sa/orders');
    expect(certificate.publicKey.export({ format: 'der', type: 'spki' }).equals(held.key.publicKey)).toBe(true);
    expect(held.roots).toBe(await readRoots({ folder: plane.at('state') }));
    const written = JSON.stringify(bootstrap);
    expect(written).not.toMatch(/PRIVATE KEY|eyJ/);
    // Envoy, too, believes nobody else with a certificate of the mesh.
    expect(written).toContain('"exact":"spiffe://cluster.local/ns/isthmus-system/sa/isthmus"');
  });

  it('is not taken with a token of another workload', async () => {
    await useToken('payments');
    await expect(makeEnvoyBootstrap(wish)).rejects.toThrow(
      /token of --token-file is for spiffe:.*sa\/payments, not for spiffe:.*sa\/orders: the token decides/,
    );
    await expect(leaf()).rejects.toThrow('ENOENT');
  });

  it('is not asked for where the token is refused, with the reason', async () => {
    await plane.write('token', 'nonsense');
    await expect(makeEnvoyBootstrap(wish)).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringContaining('refused'),
    });
  });

  it('is asked of nobody whom the given roots do not verify', async () => {
    const other = await InProcessPlane.create();
    await other.write('orders.yaml', serviceEntry('orders'));
    await other.serve(['orders.yaml'], { xdsTls: '127.0.0.1:0' });
    await plane.write('roots.pem', await readRoots({ folder: other.at('state') }));
    await expect(makeEnvoyBootstrap(wish)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(
        /^The roots of --roots do not verify .*"isthmus token roots" prints those of now\.$/,
      ),
    });
  });

  it('is asked of nobody who has a certificate of the mesh, and is not the control plane', async () => {
    await expect(makeEnvoyBootstrap({ ...wish, rootNamespace: 'elsewhere' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('instead of spiffe://cluster.local/ns/elsewhere/sa/isthmus'),
    });
  });

  it('is got anew with the token that is there by then, once it has ended', async () => {
    await makeEnvoyBootstrap(wish);
    const first = await readProxyCertificate(plane.at('certificates'));
    const { certificates = '', xdsTls = '', rootNamespace } = wish;
    const [token, roots] = [{ tokenFile: plane.at('token') }, { roots: plane.at('roots.pem') }];
    const time = new SteppedClock();
    const lines: string[] = [];
    const log = createLogger({ level: 'info', format: 'json' }, (line) => lines.push(line));
    await plane.write('token', 'nonsense');
    const source = { certificates, xdsTls, rootNamespace, ...token, ...roots };
    const keeping = await ProxyCertificateKeeping.start(source, log, time);
    onTestFinished(() => keeping.close());
    time.step(2 * day);
    await expect.poll(() => lines.join()).toContain('The bootstrap token is refused');
    await useToken('orders');
    time.step(2.1 * day);
    await expect.poll(async () => (await readProxyCertificate(plane.at('certificates'))).chain).not.toBe(first.chain);
    expect((await leaf()).subjectAltName).toContain('sa/orders');
  });

  it('is renewed by itself before it ends, with another key', async () => {
    await makeEnvoyBootstrap(wish);
    const first = await readProxyCertificate(plane.at('certificates'));
    const { certificates = '', xdsTls = '', rootNamespace } = wish;
    const time = new SteppedClock();
    const renewed = Promise.withResolvers<void>();
    const log = createLogger(
      { level: 'info', format: 'json' },
      (line) => line.includes('renewed') && renewed.resolve(),
    );
    const keeping = await ProxyCertificateKeeping.start({ certificates, xdsTls, rootNamespace }, log, time);
    onTestFinished(() => keeping.close());
    time.step(0.85 * day);
    await renewed.promise;
    const second = await readProxyCertificate(plane.at('certificates'));
    expect(second.chain).not.toBe(first.chain);
    expect(second.key.publicKey).not.toEqual(first.key.publicKey);
    expect((await leaf()).subjectAltName).toContain('sa/orders');
  });

  it('that is half-written by somebody is told of, and neither asked with nor kept, until it is whole again', async () => {
    await makeEnvoyBootstrap(wish);
    const { certificates = '', xdsTls = '', rootNamespace } = wish;
    const { chain } = certificateFiles(certificates);
    const whole = await readFile(chain, 'utf8');
    const time = new SteppedClock();
    const lines: string[] = [];
    const log = createLogger({ level: 'info', format: 'json' }, (line) => lines.push(line));
    const keeping = await ProxyCertificateKeeping.start({ certificates, xdsTls, rootNamespace }, log, time);
    onTestFinished(() => keeping.close());
    await writeFile(chain, whole.slice(0, whole.length / 2));
    time.step(0.85 * day);
    await expect.poll(() => lines.join('')).toMatch(/ISTH1207.*cannot be used: cert-chain.pem holds no certificate/);
    expect(await readFile(chain, 'utf8')).toBe(whole.slice(0, whole.length / 2));
    await writeFile(chain, whole);
    await expect
      .poll(() => {
        time.step(60_000);
        return lines.join('');
      })
      .toContain('"renewed"');
    expect(await readFile(chain, 'utf8')).not.toBe(whole);
  });

  it('has new roots in its files at once, and the control plane knows that they are there', async () => {
    await makeEnvoyBootstrap(wish);
    const { certificates = '', xdsTls = '', rootNamespace } = wish;
    const log = createLogger({ level: 'error', format: 'json' });
    const keeping = await ProxyCertificateKeeping.start({ certificates, xdsTls, rootNamespace }, log);
    onTestFinished(() => keeping.close());
    const ask = async (resource: string, method = 'GET') => {
      const answer = await plane.fetch(`/api/v1/certificates${resource}`, { method });
      return JSON.parse(await answer.text());
    };
    const first = await readProxyCertificate(certificates);
    await expect.poll(() => ask('')).toMatchObject({ proxies: { connected: 1, trusting: 1 } });
    expect(await ask('/rotation?step=begin', 'POST')).toMatchObject({ kind: 'done' });
    await expect.poll(() => ask('')).toMatchObject({ proxies: { connected: 1, trusting: 1 } });
    const { pem } = await ask('/roots');
    const second = await readProxyCertificate(certificates);
    expect(second.roots).toBe(pem);
    expect(second.roots).not.toBe(first.roots);
    expect([second.chain, second.key.reveal()]).toEqual([first.chain, first.key.reveal()]);
  });
});

/** The wall clock, ahead by as much as it was stepped; whatever waits runs then. */
class SteppedClock implements Clock {
  #ahead = 0;
  #waiting = new Set<() => void>();

  now(): number {
    return Date.now() + this.#ahead;
  }

  after(_ms: number, run: () => void): () => void {
    this.#waiting.add(run);
    return () => this.#waiting.delete(run);
  }

  step(ms: number): void {
    this.#ahead += ms;
    const due = [...this.#waiting];
    this.#waiting.clear();
    for (const run of due) run();
  }
}
