import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IsthmusError } from '../model/errors.ts';
import type { Identity } from '../model/identity.ts';
import { decode, encode } from '../xds-api/messages.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { CertificateDesk, type DeskOptions } from './certificate-desk.ts';
import { postCertificate } from './http-certificate-service.ts';
import type { IssuanceRequest, Issuer } from './issuer.ts';
import { createCertificate } from './istio-certificate-service.ts';
import { cart, hour, MemorySecret, requestFor } from './security-fixture.ts';
import { TrustBundles } from './trust-bundles.ts';

const bank = { ...cart, serviceAccount: 'bank' };
const till = { ...cart, serviceAccount: 'till' };

async function bench(options: Partial<DeskOptions> = {}) {
  const issuer = await CertificateAuthority.open({ trustDomain: 'mesh.example', file: new MemorySecret() });
  const dnsNamesOf = ({ serviceAccount, namespace }: Identity) => [`${serviceAccount}.${namespace}`];
  const desk = new CertificateDesk({ issuer, dnsNamesOf, ...options });
  return { issuer, desk, bundles: new TrustBundles(issuer) };
}

const namesIn = (pem = '') => new X509Certificate(pem).subjectAltName;
const lifeOf = (pem = '') => {
  const { validFromDate, validToDate } = new X509Certificate(pem);
  return validToDate.getTime() - validFromDate.getTime();
};

/** An issuer that answers when told to. */
class SlowIssuer implements Issuer {
  readonly name = 'slow';
  readonly trustDomain = 'mesh.example';
  readonly asked: IssuanceRequest[] = [];
  error: Error = new IsthmusError('UNAVAILABLE', 'Vault is sealed');
  readonly #waiting: (() => void)[] = [];

  async issue(request: IssuanceRequest): Promise<never> {
    this.asked.push(request);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    throw this.error;
  }
  answerAll(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
  roots = () => [];
  onRootsChanged = () => () => undefined;
  findings = () => [];
  close = () => undefined;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => setImmediate(resolve));
}

describe('whoever asks for a certificate', () => {
  it('gets one for who they are, whatever names are in the request', async () => {
    const { desk } = await bench();
    const { request } = await requestFor(bank);
    const answer = await desk.issue({ csr: await request.pem() }, cart);
    if (answer.kind !== 'issued') throw new Error(answer.message);
    expect(namesIn(answer.certificate.chain[0])).toBe('URI:spiffe://mesh.example/ns/shop/sa/cart, DNS:cart.shop');
  });

  it('is known to have it, with the roots that came with it', async () => {
    const issued: unknown[] = [];
    const { desk, issuer } = await bench({ issued: (...one) => issued.push(one) });
    const { request } = await requestFor(bank);
    await desk.issue({ csr: await request.pem() }, cart);
    await desk.issue({ csr: 'x' }, cart);
    expect(issued).toEqual([[cart, expect.objectContaining({ roots: issuer.roots() })]]);
  });

  it('gets the life that was asked for, but no shorter than makes sense and no longer than is allowed', async () => {
    const { desk } = await bench();
    const { request } = await requestFor(cart);
    const lives = [];
    for (const lifetimeMs of [1, hour, 999 * hour]) {
      const answer = await desk.issue({ csr: await request.pem(), lifetimeMs }, cart);
      lives.push(answer.kind === 'issued' ? lifeOf(answer.certificate.chain[0]) : answer);
    }
    expect(lives).toEqual([60_000, hour, 24 * hour]);
    for (const lifetimeMs of [0, -1, Number.NaN])
      expect(await desk.issue({ csr: await request.pem(), lifetimeMs }, cart)).toMatchObject({ kind: 'invalid' });
  });

  it('is refused for another trust domain, and for what is no request', async () => {
    const { desk } = await bench();
    const { request } = await requestFor(cart);
    expect(await desk.issue({ csr: await request.pem() }, { ...cart, trustDomain: 'other' })).toMatchObject({
      kind: 'denied',
    });
    expect(await desk.issue({ csr: 'x' }, cart)).toMatchObject({ kind: 'invalid' });
    expect(await desk.issue({ csr: 'x'.repeat(99_999) }, cart)).toMatchObject({ kind: 'invalid' });
  });

  it('waits for a turn while others are served, is refused where too many wait, and is told what hinders', async () => {
    const issuer = new SlowIssuer();
    const { desk } = await bench({ issuer, concurrency: 2, maxWaiting: 3, maxWaitingOfOne: 2 });
    const csr = await (await requestFor(cart)).request.pem();
    const callers = [cart, cart, cart, cart, cart, bank, bank, till];
    const answers = callers.map((caller) => desk.issue({ csr }, caller));
    // The third of the cart that waits; the second of the bank, where three wait in all.
    for (const [at, name] of [
      [4, 'cart'],
      [6, 'bank'],
    ] as const)
      expect(await answers[at]).toEqual({
        kind: 'busy',
        message: `too many requests for certificates of spiffe://mesh.example/ns/shop/sa/${name} are waiting; ask again`,
      });
    for (const count of [2, 4, 6]) {
      await until(() => issuer.asked.length === count);
      issuer.answerAll();
    }
    expect(await answers[5]).toEqual({ kind: 'unavailable', message: 'Vault is sealed' });
    // Who has nothing waiting is let in however many others wait.
    expect(await answers[7]).toEqual({ kind: 'unavailable', message: 'Vault is sealed' });
    await Promise.all(answers);
    const again = desk.issue({ csr }, cart);
    await until(() => issuer.asked.length === 7);
    issuer.error = new IsthmusError('BAD_DATA', 'the role does not allow it');
    issuer.answerAll();
    expect(await again).toEqual({ kind: 'denied', message: 'the role does not allow it' });
  });

  it('waits for no more than one request of each other workload, however many another has made', async () => {
    const issuer = new SlowIssuer();
    const { desk } = await bench({ issuer, concurrency: 1 });
    const csr = await (await requestFor(cart)).request.pem();
    const flood = Array.from({ length: 3000 }, () => desk.issue({ csr }, bank));
    const others = [cart, cart, till].map((caller) => desk.issue({ csr }, caller));
    for (let count = 1; count <= 7; count++) {
      await until(() => issuer.asked.length === count);
      issuer.answerAll();
    }
    const served = issuer.asked.map(({ identity }) => identity.serviceAccount);
    expect(served).toEqual(['bank', 'bank', 'cart', 'till', 'bank', 'cart', 'bank']);
    await Promise.all(others);
    for (let count = 8; count <= 204; count++) {
      await until(() => issuer.asked.length === count);
      issuer.answerAll();
    }
    const refused = (await Promise.all(flood)).filter(({ kind }) => kind === 'busy');
    expect([issuer.asked.length, refused.length]).toEqual([204, 3000 - 201]);
  });
});

describe("Istio's certificate service", () => {
  const ask = async (request: Parameters<typeof encode<'istio.v1.auth.IstioCertificateRequest'>>[1], caller = cart) => {
    const { desk, issuer } = await bench();
    const answer = await createCertificate(encode('istio.v1.auth.IstioCertificateRequest', request), caller, desk);
    if (answer.kind === 'status') return answer;
    return { ...decode('istio.v1.auth.IstioCertificateResponse', answer.bytes), roots: issuer.roots() };
  };

  it('answers with the chain, the roots last', async () => {
    const { request } = await requestFor(cart);
    const answer = await ask({ csr: await request.pem(), validityDuration: 3600 });
    if (!('certChain' in answer)) throw new Error('refused');
    const { certChain = [], roots } = answer;
    expect([namesIn(certChain[0]), lifeOf(certChain[0]), certChain.at(-1)]).toEqual([
      'URI:spiffe://mesh.example/ns/shop/sa/cart, DNS:cart.shop',
      hour,
      roots.join(''),
    ]);
  });

  it('gives nobody the identity of another, nor a signer of their choice', async () => {
    const { request } = await requestFor(cart);
    const wish = (name: string) => ({ fields: { [name]: { stringValue: 'spiffe://mesh.example/ns/shop/sa/bank' } } });
    expect(await ask({ csr: await request.pem(), metadata: wish('ImpersonatedIdentity') })).toMatchObject({ code: 7 });
    expect(await ask({ csr: await request.pem(), metadata: wish('CertSigner') })).toMatchObject({ code: 3 });
    expect(await ask({ csr: await request.pem(), metadata: wish('ClusterID') })).toHaveProperty('certChain');
  });

  it('refuses with the status that fits', async () => {
    const { request } = await requestFor(cart);
    expect(await ask({})).toMatchObject({ kind: 'status', code: 3 });
    expect(await ask({ csr: await request.pem(), validityDuration: -1 })).toMatchObject({ code: 3 });
    expect(await ask({ csr: await request.pem() }, { ...cart, trustDomain: 'other' })).toMatchObject({ code: 7 });
  });

  it('refuses bytes of any kind', async () => {
    const { desk } = await bench();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await createCertificate(bytes, cart, desk)).toMatchObject({ kind: 'status' });
      }),
    );
    expect(await createCertificate(new Uint8Array(99_999), cart, desk)).toMatchObject({
      code: 3,
      message: /more than/,
    });
  });
});

describe('the HTTP form', () => {
  const post = async (body: unknown, caller = cart) => {
    const surroundings = await bench();
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const answer = await postCertificate(bytes, caller, surroundings);
    return { ...answer, body: JSON.parse(answer.body), issuer: surroundings.issuer };
  };

  it('answers with the chain, and the roots of every trust domain', async () => {
    const { request } = await requestFor(cart);
    const { status, headers, body, issuer } = await post({ csr: await request.pem(), lifetimeSeconds: 3600 });
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(namesIn(body.chain[0])).toContain('sa/cart');
    expect(body.roots).toEqual({ 'mesh.example': issuer.roots() });
    expect(lifeOf(body.chain[0])).toBe(hour);
    expect(Math.abs(Date.parse(body.notAfter) - new X509Certificate(body.chain[0]).validToDate.getTime())).toBeLessThan(
      1000,
    );
  });

  it.each<[string, unknown, number]>([
    ['no JSON', '{', 400],
    ['a list', '[]', 400],
    ['null', 'null', 400],
    ['no request', {}, 400],
    ['a request that is none', { csr: 'x' }, 400],
    ['a life that is no number', { csr: 'x', lifetimeSeconds: '1h' }, 400],
    ['more than a request can be', { csr: 'x'.repeat(40_000) }, 413],
  ])('refuses %s', async (_, body, status) => {
    expect(await post(body)).toMatchObject({ status, body: { error: expect.any(String) } });
  });

  it('says when to come again where nothing can be issued now', async () => {
    const issuer = new SlowIssuer();
    const surroundings = await bench({ issuer });
    const { request } = await requestFor(cart);
    const pending = postCertificate(Buffer.from(JSON.stringify({ csr: await request.pem() })), cart, surroundings);
    await until(() => issuer.asked.length === 1);
    issuer.answerAll();
    expect(await pending).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  });
});
