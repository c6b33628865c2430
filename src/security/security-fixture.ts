/** For tests: a file of secrets in memory, and what is issued for. */
import type { Identity } from '../model/identity.ts';
import type { SecretFile } from './authority-settings.ts';
import type { IssuanceRequest } from './issuer.ts';
import { PrivateKey } from './private-key.ts';
import { makeSigningRequest } from './signing-request.ts';

export const cart: Identity = { trustDomain: 'mesh.example', namespace: 'shop', serviceAccount: 'cart' };
export const hour = 3_600_000;
export const day = 24 * hour;

export class MemorySecret implements SecretFile {
  readonly place = '/state/secret';
  readonly remedy = 'Put back a copy.';
  openToOthers = false;
  /** As JSON would bring it back. */
  text: string | undefined;
  /** The next write fails with this. */
  failure: Error | undefined;

  async read(): Promise<unknown> {
    return this.text === undefined ? undefined : JSON.parse(this.text);
  }

  async write(value: unknown): Promise<void> {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    this.text = JSON.stringify(value);
  }

  async isOpenToOthers(): Promise<boolean> {
    return this.openToOthers;
  }
}

export interface RequestForTests extends IssuanceRequest {
  readonly key: PrivateKey;
}

export async function requestFor(identity: Identity, lifetimeMs?: number): Promise<RequestForTests> {
  const key = await PrivateKey.generate('ecdsa-p256');
  const dnsNames = [`${identity.serviceAccount}.${identity.namespace}`];
  const request = makeSigningRequest(key, identity, dnsNames);
  return { identity, dnsNames, request, key, ...(lifetimeMs === undefined ? {} : { lifetimeMs }) };
}
