import { expect, it } from 'vitest';
import type { IssuerPlace } from '../model/certificate-settings.ts';
import { IsthmusError } from '../model/errors.ts';
import { TestClock } from '../model/test-clock.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { faultOfIssued } from './issued-certificate.ts';
import { IssuerSuccession, type WantedIssuers } from './issuer-succession.ts';
import { cart, day, hour, MemorySecret, requestFor } from './security-fixture.ts';
import { SuccessionFile } from './succession-record.ts';

const { trustDomain } = cart;
const place = (name: string): IssuerPlace => ({ kind: 'BuiltIn', name });
const wanting = (name: string, ...trusted: readonly string[]): WantedIssuers => ({
  signing: place(name),
  trusted: trusted.map(place),
  leafLifetimeMs: day,
  settleMs: 60_000,
});

function bench() {
  const clock = new TestClock(Date.now());
  const recordFile = new MemorySecret();
  const files = new Map<string, MemorySecret>();
  const broken = new Set<string>();
  const around: { untrusting: readonly string[]; taken: number } = { untrusting: [], taken: 0 };
  const open = async (wanted: IssuerPlace) => {
    const name = wanted.kind === 'BuiltIn' ? wanted.name : '';
    if (broken.has(name)) throw new IsthmusError('BAD_DATA', `${name} cannot be used.`);
    const file = files.get(name) ?? new MemorySecret();
    files.set(name, file);
    return CertificateAuthority.open({ trustDomain, file, clock, settleMs: 0 });
  };
  const start = (wanted: WantedIssuers, first: IssuerPlace) =>
    IssuerSuccession.open({
      trustDomain,
      wanted,
      record: new SuccessionFile(recordFile),
      first,
      open,
      untrusting: () => around.untrusting,
      taken: () => around.taken++,
      clock,
    });
  return { clock, recordFile, broken, around, start };
}

it('trusts another issuer before it signs, and the one before until its last certificate has ended', async () => {
  const { clock, around, start } = bench();
  const succession = await start(wanting('a'), place('a'));
  const [ofA] = succession.roots();
  const old = await requestFor(cart);
  const issued = await succession.issue(old);
  await succession.want(wanting('b'));
  expect(succession.roots()).toHaveLength(2);
  expect(around.taken).toBe(0);
  clock.advance(60_000);
  await succession.want(wanting('b'));
  expect(around.taken).toBe(1);
  const fresh = await requestFor(cart);
  const { chain, roots } = await succession.issue(fresh);
  const ofB = roots.filter((root) => root !== ofA);
  const limits = { now: clock.now(), longestMs: day };
  expect(faultOfIssued(chain, ofB, fresh, limits)).toBeUndefined();
  // That of the issuer before is trusted to its end.
  clock.advance(day - hour);
  await succession.want(wanting('b'));
  expect(faultOfIssued(issued.chain, succession.roots(), old, limits)).toBeUndefined();
  clock.advance(2 * hour);
  await succession.want(wanting('b'));
  expect(succession.roots()).toEqual(ofB);
});

it('signs with no issuer whose root proxies do not know, and says for whom it waits', async () => {
  const { clock, around, start } = bench();
  const succession = await start(wanting('a'), place('a'));
  around.untrusting = ['cart-1', 'cart-2'];
  await succession.want(wanting('b'));
  clock.advance(hour);
  await succession.want(wanting('b'));
  expect(around.taken).toBe(0);
  expect(succession.findings()).toMatchObject([
    { code: 'ISTH1210', message: 'built in: 2 proxies do not trust its root yet: cart-1, cart-2.' },
  ]);
  around.untrusting = [];
  await succession.want(wanting('b'));
  expect(around.taken).toBe(1);
});

it('goes on with the issuer that signs while another cannot be opened, and tries that again by itself', async () => {
  const { clock, around, broken, start } = bench();
  broken.add('b');
  const succession = await start(wanting('a'), place('a'));
  await succession.want(wanting('b'));
  expect(succession.findings()).toMatchObject([{ code: 'ISTH1210', message: 'b cannot be used.' }]);
  await expect(succession.issue(await requestFor(cart))).resolves.toHaveProperty('chain');
  broken.clear();
  clock.advance(1_000);
  await expect.poll(() => succession.roots().length).toBe(2);
  clock.advance(60_000);
  await expect.poll(() => around.taken).toBe(1);
});

it('goes back at once to the issuer before, whose root is trusted all along', async () => {
  const { clock, around, start } = bench();
  const succession = await start(wanting('a'), place('a'));
  await succession.want(wanting('b', 'a'));
  clock.advance(60_000);
  await succession.want(wanting('b', 'a'));
  await succession.want(wanting('a', 'b'));
  expect(around.taken).toBe(2);
});

it('is where it was after a kill: who signed signs, until the other may', async () => {
  const { clock, around, recordFile, start } = bench();
  const before = await start(wanting('a'), place('a'));
  await before.want(wanting('b'));
  recordFile.failure = new Error('killed');
  clock.advance(60_000);
  await expect.poll(() => before.findings().map(({ message }) => message)).toContain('killed.');
  expect(around.taken).toBe(0);
  before.close();
  const after = await start(wanting('b'), place('a'));
  expect([after.roots().length, around.taken]).toEqual([2, 0]);
  clock.advance(60_000);
  await after.want(wanting('b'));
  expect(around.taken).toBe(1);
  after.close();
  const last = await start(wanting('b'), place('a'));
  expect([last.roots().length, around.taken]).toEqual([2, 1]);
});

it('takes no step when nobody is wanted to sign', async () => {
  const { start, around } = bench();
  const succession = await start(wanting('a'), place('a'));
  const { signing: _, ...nobody } = wanting('a', 'b');
  await succession.want(nobody);
  expect([succession.roots().length, around.taken]).toEqual([2, 0]);
});

it('issues for no longer than it is told to', async () => {
  const { clock, start } = bench();
  const succession = await start({ ...wanting('a'), leafLifetimeMs: hour }, place('a'));
  expect((await succession.issue(await requestFor(cart))).notAfter).toBeLessThanOrEqual(clock.now() + hour);
});
