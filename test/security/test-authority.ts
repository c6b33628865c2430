/** For tests: the authority of a trust domain, whose root issues whatever is asked of it. */
import { X509Certificate as Certificate } from '../../src/certificates/x509.ts';
import type { Identity } from '../../src/model/identity.ts';
import { makeLeaf, makeRoot } from '../../src/security/certificate-profile.ts';
import { PrivateKey } from '../../src/security/private-key.ts';

export class TestAuthority {
  readonly pem: string;
  readonly #key: PrivateKey;

  private constructor(pem: string, key: PrivateKey) {
    this.pem = pem;
    this.#key = key;
  }

  static async make(trustDomain: string): Promise<TestAuthority> {
    const key = await PrivateKey.generate('ecdsa-p256');
    const now = Date.now();
    const validity = { notBefore: now - 60_000, notAfter: now + 86_400_000 };
    return new TestAuthority(await makeRoot(key, trustDomain, validity), key);
  }

  get key(): string {
    return this.#key.reveal();
  }

  async issue(identity: Identity): Promise<{ readonly cert: string; readonly key: string }> {
    const key = await PrivateKey.generate('ecdsa-p256');
    const now = Date.now();
    const validity = { notBefore: now - 60_000, notAfter: now + 3_600_000 };
    const content = { identity, dnsNames: [], publicKey: key.publicKey, validity };
    const signer = { certificate: new Certificate(this.pem), key: this.#key };
    return { cert: await makeLeaf(signer, content), key: key.reveal() };
  }
}
