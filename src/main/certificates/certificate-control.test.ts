import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { SyncState } from '../../delivery/xds/reports/status.ts';
import { spiffeId } from '../../model/identity.ts';
import { TestClock } from '../../model/test-clock.ts';
import { createCertificateMetrics } from '../../operations/certificate-metrics.ts';
import { createLogger } from '../../operations/log.ts';
import { BootstrapTokens } from '../../security/bootstrap-tokens.ts';
import { CertificateAuthority } from '../../security/certificate-authority.ts';
import { CertificateDesk } from '../../security/certificate-desk.ts';
import { LeafHolders } from '../../security/leaf-holders.ts';
import { cart, day, MemorySecret } from '../../security/security-fixture.ts';
import { TrustBundles } from '../../security/trust-bundles.ts';
import { dnsNamesOf, WorkloadCertificates } from '../../security/workload-certificates.ts';
import { CertificateControl, type SecretStream } from './certificate-control.ts';
import type { MeshAuthority } from './mesh-authority.ts';

const secrets = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';
const identity = spiffeId(cart);

function stream(id: string, state: SyncState, typeUrl = secrets): SecretStream {
  return { proxy: { id, identity }, types: [{ typeUrl, state }] };
}

async function mesh() {
  const clock = new TestClock(Date.now());
  const streams: SecretStream[] = [];
  const chains: (readonly string[])[] = [];
  const kept: WorkloadCertificates[] = [];
  const registry = new Registry();
  const file = new MemorySecret();
  const authorities: MeshAuthority[] = [];
  const elsewhere = new Map<string, unknown>();
  const control = new CertificateControl({
    authority: () => authorities[0],
    streams: () => streams,
    kept: () => kept,
    metrics: () => metrics,
    saidElsewhere: () => elsewhere,
    log: createLogger({ format: 'json', level: 'error' }),
  });
  const { untrusting } = control;
  const { trustDomain } = cart;
  const rotating = await CertificateAuthority.open({ trustDomain, file, clock, untrusting });
  const holders = new LeafHolders({ records: new Map(), note: () => {} }, clock);
  const tokens = await BootstrapTokens.open({ trustDomain, file: new MemorySecret() });
  const desk = new CertificateDesk({ issuer: rotating, dnsNamesOf });
  authorities.push({
    issuer: rotating,
    rotating: () => rotating,
    want: async () => {},
    ...{ tokens, desk, bundles: new TrustBundles(rotating) },
    holders,
    findings: () => rotating.findings(),
    close: async () => {},
  });
  const metrics = createCertificateMetrics(registry, control.status);
  const certificates = new WorkloadCertificates({
    issuer: rotating,
    clock,
    onSecrets: (_id, held) => held !== undefined && chains.push(held.chain),
  });
  kept.push(certificates);
  certificates.want(identity);
  await expect.poll(() => chains.length).toBe(1);
  return { control, clock, streams, chains, registry, file, holders, elsewhere };
}

describe('the certificates of a mesh', () => {
  it('tell who signs, who is trusted, and how many certificates each root has', async () => {
    const { control } = await mesh();
    expect(control.status()).toMatchObject({
      trustDomain: 'mesh.example',
      issuer: 'built in',
      rotation: { phase: 'single', steps: [{ step: 'begin' }] },
      roots: [{ role: 'signing', leaves: 1 }],
      leaves: { count: 1, failing: 0 },
    });
  });

  it('name the proxies that have not acknowledged the roots, and refuse to sign with a root that they do not know', async () => {
    const { control, clock, streams } = await mesh();
    streams.push(stream('cart-1', 'SYNCED'), stream('cart-2', 'STALE'), stream('old-1', 'STALE', 'of another type'));
    await control.rotate('begin', false);
    clock.advance(60_000);
    expect(control.status()?.proxies).toEqual({ connected: 2, trusting: 1, waiting: ['cart-2'] });
    const refusal = { kind: 'unsafe', reason: '1 proxy does not trust the new root yet: cart-2' };
    expect(await control.rotate('switch', false)).toEqual(refusal);
    streams.splice(1, 1, stream('cart-2', 'SYNCED'));
    expect(await control.rotate('switch', false)).toMatchObject({ kind: 'done' });
  });

  it('are not signed with a new root while a workload with one is away that was not seen to trust it, and it is named', async () => {
    const { control, clock, streams } = await mesh();
    control.acknowledged(secrets, { identity }, day);
    await control.rotate('begin', false);
    clock.advance(60_000);
    expect(control.status()?.proxies).toEqual({ connected: 0, trusting: 0, waiting: [] });
    const refusal = await control.rotate('switch', false);
    expect(refusal).toMatchObject({
      kind: 'unsafe',
      reason: expect.stringContaining(
        '1 proxy does not trust the new root yet: spiffe://mesh.example/ns/shop/sa/cart (',
      ),
    });
    streams.push(stream('cart-1', 'SYNCED'));
    expect(control.status()?.proxies).toEqual({ connected: 1, trusting: 1, waiting: [] });
    // It is seen to trust it, and may go.
    streams.pop();
    expect(await control.rotate('switch', false)).toMatchObject({ kind: 'done' });
  });

  it('are not signed with a new root before the proxies of other replicas trust it as well', async () => {
    const { control, clock, elsewhere, streams, holders } = await mesh();
    const till = spiffeId({ ...cart, serviceAccount: 'till' });
    elsewhere.set('other', undefined);
    expect(control.told()).toBeUndefined();
    await control.rotate('begin', false);
    clock.advance(60_000);
    const reason = async (): Promise<unknown> => Reflect.get((await control.rotate('switch', false)) ?? {}, 'reason');
    expect(await reason()).toContain('the proxies of replica other (it has yet to tell of them)');
    // What the other one would tell, told by this one: they are of one kind.
    streams.push(stream('cart-2', 'STALE'));
    holders.given(till, clock.now() + day);
    const word = JSON.parse(JSON.stringify(control.told()));
    expect(word).toMatchObject({ connected: 1, waiting: ['cart-2'], more: 0 });
    streams.splice(0);
    holders.trusting(till, word.roots);
    elsewhere.set('other', word);
    expect(await reason()).toBe('1 proxy does not trust the new root yet: cart-2');
    expect(control.status()?.proxies).toEqual({ connected: 1, trusting: 0, waiting: ['cart-2'] });
    elsewhere.set('other', { ...word, waiting: [] });
    expect(await control.rotate('switch', false)).toMatchObject({ kind: 'done' });
  });

  it('are not signed with a new root while a workload is away that another replica gave its certificate', async () => {
    const [giver, writer] = [await mesh(), await mesh()];
    giver.control.acknowledged(secrets, { identity }, day);
    for (const { control } of [giver, writer]) await control.rotate('begin', false);
    // Both have the same roots, as replicas do.
    const told = (roots: unknown): unknown => ({ ...JSON.parse(JSON.stringify(giver.control.told())), roots });
    const own = JSON.parse(JSON.stringify(writer.control.told()));
    writer.clock.advance(60_000);
    writer.elsewhere.set('giver', told(own.roots));
    expect(await writer.control.rotate('switch', false)).toMatchObject({
      kind: 'unsafe',
      reason: expect.stringContaining(`${identity} (not seen with it`),
    });
    // Known from then on, also when the other one is gone.
    writer.elsewhere.clear();
    expect(writer.control.untrusting()).toHaveLength(1);
  });

  it('count a workload no more that takes no certificate from here, or whose certificate has ended while it was away', async () => {
    const { control, clock, holders } = await mesh();
    control.acknowledged('of another type', { identity: spiffeId({ ...cart, serviceAccount: 'till' }) }, day);
    control.acknowledged(secrets, {}, day);
    await control.rotate('begin', false);
    clock.advance(60_000);
    expect(control.untrusting()).toEqual([]);
    holders.given(identity, clock.now() + day);
    expect(control.untrusting()).toHaveLength(1);
    clock.advance(day + 600_000);
    expect(control.untrusting()).toEqual([]);
    expect(await control.rotate('switch', false)).toMatchObject({ kind: 'done' });
  });

  it('are of the new root within minutes after it was switched to, and of the old one again after it was aborted', async () => {
    const { control, clock, chains } = await mesh();
    await control.rotate('begin', false);
    clock.advance(60_000);
    await control.rotate('switch', false);
    expect(control.status()?.roots).toMatchObject([
      { role: 'signing', leaves: 0 },
      { role: 'previous', leaves: 1 },
    ]);
    // Roots are told again with the certificate that there is; the third is the new one.
    const before = chains.length;
    clock.advance(600_000);
    await expect.poll(() => chains.length).toBe(before + 1);
    expect(control.status()?.roots).toMatchObject([{ role: 'signing', leaves: 1 }, { leaves: 0 }]);
    expect(await control.rotate('abort', false)).toMatchObject({
      kind: 'done',
      status: { rotation: { phase: 'introduced' } },
    });
    clock.advance(600_000);
    await expect.poll(() => control.status()?.roots[0]).toMatchObject({ role: 'signing', leaves: 1 });
  });

  it('keep the old root until its last certificate has ended, and then forget it', async () => {
    const { control, clock } = await mesh();
    await control.rotate('begin', false);
    clock.advance(60_000);
    await control.rotate('switch', false);
    expect(await control.rotate('finish', false)).toMatchObject({ kind: 'unsafe' });
    clock.advance(day);
    expect(await control.rotate('finish', false)).toMatchObject({ kind: 'done' });
    expect(control.status()?.roots).toHaveLength(1);
  });

  it('renew before their time when they are told to', async () => {
    const { control, clock, chains } = await mesh();
    expect(control.renew(0, 'spiffe://mesh.example/ns/shop/sa/none')).toBe(0);
    expect(control.renew(0, identity)).toBe(1);
    clock.advance(1);
    await expect.poll(() => chains.length).toBe(2);
    expect(chains[1]).not.toEqual(chains[0]);
  });

  it('are measured, and no measure or status holds a key', async () => {
    const { control, registry, file } = await mesh();
    await control.rotate('begin', false);
    const text = await registry.metrics();
    expect(text).toContain('isthmus_roots_trusted 2');
    expect(text).toContain('isthmus_certificates_held 1');
    expect(text).toContain('isthmus_root_rotation_steps_total{step="begin"} 1');
    expect(text).toMatch(/isthmus_root_not_after_timestamp_seconds \d+/);
    expect(file.text).toContain('PRIVATE KEY');
    expect(`${text}${JSON.stringify(control.status())}${control.roots()}`).not.toContain('PRIVATE KEY');
  });
});
