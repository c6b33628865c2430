import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { CertificateAuthority } from '../../security/certificate-authority.ts';
import { cart, MemorySecret, requestFor } from '../../security/security-fixture.ts';
import { pack } from '../../xds-api/messages.ts';
import { planDownstreamTls, planUpstreamTls } from '../config/tls-plan.ts';
import { identifyPeer, type TrustedRoots } from './trusted-roots.ts';

const ours = { ...cart, trustDomain: 'ours.example' };
const theirs = { ...cart, trustDomain: 'theirs.example' };

async function domain(identity: typeof cart) {
  const authority = await CertificateAuthority.open({ trustDomain: identity.trustDomain, file: new MemorySecret() });
  const { chain } = await authority.issue(await requestFor(identity));
  return { roots: authority.roots(), chain: chain.map((pem) => new X509Certificate(pem).raw) };
}

it('roots speak for their own trust domain, and for no other', async () => {
  const [a, b] = await Promise.all([domain(ours), domain(theirs)]);
  const known = (chain: readonly Uint8Array[], trusted: TrustedRoots) =>
    identifyPeer(chain, trusted, ours, Date.now()).kind === 'known';
  expect(known(a.chain, { kind: 'own', roots: a.roots })).toBe(true);
  expect(known(b.chain, { kind: 'own', roots: [...a.roots, ...b.roots] })).toBe(false);
  const each = {
    kind: 'by-domain',
    roots: new Map([['ours.example', a.roots] as const, ['theirs.example', b.roots]]),
  } as const;
  expect([known(a.chain, each), known(b.chain, each)]).toEqual([true, true]);
  const swapped = { kind: 'by-domain', roots: new Map([['ours.example', b.roots] as const]) } as const;
  expect([known(a.chain, swapped), known(b.chain, swapped)]).toEqual([false, false]);
});

it('who names no peer is spoken to by nobody, and who wants no certificates is not listened for', () => {
  const sds = (name: string) => ({ name, sdsConfig: { ads: {} } });
  const commonTlsContext = {
    tlsCertificateSdsSecretConfigs: [sds('default')],
    validationContextSdsSecretConfig: sds('ROOTCA'),
  };
  const tls = 'envoy.extensions.transport_sockets.tls.v3';
  const upstream = pack(`${tls}.UpstreamTlsContext`, { commonTlsContext });
  expect(planUpstreamTls({ name: 'tls', typedConfig: upstream })?.peers).toEqual(new Set());
  const downstream = pack(`${tls}.DownstreamTlsContext`, { commonTlsContext });
  expect(() => planDownstreamTls({ name: 'tls', typedConfig: downstream })).toThrow(/require_client_certificate/);
});
