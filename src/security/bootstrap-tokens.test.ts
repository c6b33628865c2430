import { createPublicKey } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { type JWTPayload, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { TestClock } from '../model/test-clock.ts';
import { BootstrapTokens, type TokenOptions } from './bootstrap-tokens.ts';
import { PrivateKey } from './private-key.ts';
import { cart, hour, MemorySecret } from './security-fixture.ts';

const start = Date.UTC(2026, 10, 21);
const seconds = start / 1000;
const minute = 60_000;

function bench() {
  const file = new MemorySecret();
  const clock = new TestClock(start);
  const open = (options: Partial<TokenOptions> = {}) =>
    BootstrapTokens.open({ trustDomain: 'mesh.example', file, clock, ...options });
  /** The key that the control plane signs with, as who has stolen it would use it. */
  const sign = async (payload: JWTPayload, header: { readonly typ?: string; readonly alg?: string } = {}) => {
    const [{ id, key }] = JSON.parse(file.text ?? '').keys;
    const { signingKey } = await PrivateKey.fromPem(key);
    const protectedHeader = { alg: 'ES256', typ: 'isthmus-bootstrap+jwt', kid: id, ...header };
    return new SignJWT(payload).setProtectedHeader(protectedHeader).sign(signingKey);
  };
  return { file, clock, open, sign };
}

const good = {
  iss: 'isthmus',
  aud: 'isthmus',
  sub: 'spiffe://mesh.example/ns/shop/sa/cart',
  jti: '1',
  iat: seconds,
  exp: seconds + 600,
};

describe('a bootstrap token', () => {
  it('says for whom it is, and for which node', async () => {
    const tokens = await bench().open();
    expect(await tokens.authenticate(await tokens.issue({ identity: cart }))).toEqual({
      kind: 'identity',
      identity: cart,
    });
    const bound = await tokens.issue({ identity: cart, nodeId: 'sidecar~10.0.0.1~cart-1.shop~shop.svc' });
    expect(await tokens.authenticate(bound)).toMatchObject({
      identity: cart,
      nodeId: 'sidecar~10.0.0.1~cart-1.shop~shop.svc',
    });
  });

  it('ends after an hour, or earlier where that was asked for, a minute granted to clocks', async () => {
    const { open, clock } = bench();
    const tokens = await open();
    const [long, short] = [
      await tokens.issue({ identity: cart, lifetimeMs: 5 * hour }),
      await tokens.issue({ identity: cart, lifetimeMs: minute }),
    ];
    clock.advance(2 * minute - 1000);
    expect(await tokens.authenticate(short)).toMatchObject({ kind: 'identity' });
    clock.advance(1000);
    expect(await tokens.authenticate(short)).toEqual({ kind: 'refused', reason: 'the token has expired' });
    clock.advance(hour - minute - 1000);
    expect(await tokens.authenticate(long)).toMatchObject({ kind: 'identity' });
    clock.advance(1000);
    expect(await tokens.authenticate(long)).toMatchObject({ kind: 'refused' });
  });

  it('holds after a restart', async () => {
    const { open } = bench();
    const token = await (await open()).issue({ identity: cart });
    expect(await (await open()).authenticate(token)).toMatchObject({ kind: 'identity' });
  });

  it('is as the attacks on it below are, where they change nothing', async () => {
    const { open, sign } = bench();
    expect(await (await open()).authenticate(await sign(good))).toMatchObject({ kind: 'identity', identity: cart });
  });

  const { exp: _, ...endless } = good;
  const { iat: __, ...ageless } = good;
  it.each<[string, JWTPayload, string]>([
    ['for another audience', { ...good, aud: 'kubernetes' }, 'the claim aud of the token is not as it should be'],
    ['of another issuer', { ...good, iss: 'somebody' }, 'the claim iss of the token is not as it should be'],
    ['without an end', endless, 'the claim exp of the token is not as it should be'],
    ['without a beginning', ageless, 'the claim iat of the token is not as it should be'],
    ['from the future', { ...good, iat: seconds + 120 }, 'the claim iat of the token is not as it should be'],
    ['not valid yet', { ...good, nbf: seconds + 120 }, 'the claim nbf of the token is not as it should be'],
    [
      'older than any may be, whatever its end',
      { ...good, iat: seconds - 4000, exp: seconds + 1e9 },
      'the token is too old',
    ],
    [
      'for another trust domain',
      { ...good, sub: 'spiffe://other/ns/shop/sa/cart' },
      'the token is for another trust domain',
    ],
    ['for no workload', { ...good, sub: 'admin' }, 'the token is for no workload'],
    ['for a node that is none', { ...good, node: { $ne: '' } }, 'the token names no node'],
  ])('%s is refused', async (_name, payload, reason) => {
    const { open, sign } = bench();
    expect(await (await open()).authenticate(await sign(payload))).toEqual({ kind: 'refused', reason });
  });

  it('of another type, signed with the same key, is refused', async () => {
    const { open, sign } = bench();
    expect(await (await open()).authenticate(await sign(good, { typ: 'JWT' }))).toMatchObject({ kind: 'refused' });
  });

  it('signed by nobody, or with the public key as a secret, is refused', async () => {
    const { open, file } = bench();
    const tokens = await open();
    const part = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url');
    const [{ id, key }] = JSON.parse(file.text ?? '').keys;
    const header = { typ: 'isthmus-bootstrap+jwt', kid: id };
    for (const signature of ['', 'AAAA'])
      expect(await tokens.authenticate(`${part({ ...header, alg: 'none' })}.${part(good)}.${signature}`)).toMatchObject(
        { kind: 'refused' },
      );
    const secret = Buffer.from(createPublicKey(key).export({ format: 'pem', type: 'spki' }));
    const forged = await new SignJWT(good).setProtectedHeader({ ...header, alg: 'HS256' }).sign(secret);
    expect(await tokens.authenticate(forged)).toEqual({ kind: 'refused', reason: 'the token is not signed by ES256' });
  });

  it('of another control plane is refused', async () => {
    const [ours, theirs] = [await bench().open(), await bench().open()];
    expect(await ours.authenticate(await theirs.issue({ identity: cart }))).toEqual({
      kind: 'refused',
      reason: 'the token is signed by a key that is not in force',
    });
  });

  it('of which any character was changed is refused', async () => {
    const tokens = await bench().open();
    const token = await tokens.issue({ identity: cart });
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 3), fc.constantFrom(...'Ab0_-.='), async (at, letter) => {
        fc.pre(token[at] !== letter);
        const changed = token.slice(0, at) + letter + token.slice(at + 1);
        expect(await tokens.authenticate(changed)).toMatchObject({ kind: 'refused' });
      }),
    );
  });

  it('that is long is refused before anything of it is read', async () => {
    const tokens = await bench().open();
    const long = await tokens.authenticate('x'.repeat(4097));
    expect([long, await tokens.authenticate('x'.repeat(4096))]).toEqual([
      { kind: 'refused', reason: 'the token is longer than 4096 characters' },
      { kind: 'refused', reason: 'the token is no signed JWT' },
    ]);
  });

  it('is not made for what is no workload of the mesh', async () => {
    const tokens = await bench().open();
    for (const identity of [
      { ...cart, trustDomain: 'other' },
      { ...cart, namespace: '../x' },
    ])
      await expect(tokens.issue({ identity })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(tokens.issue({ identity: cart, nodeId: '' })).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('the key of bootstrap tokens', () => {
  it('that was rotated verifies what it has signed until that has expired', async () => {
    const { open, clock } = bench();
    const tokens = await open();
    const old = await tokens.issue({ identity: cart });
    await tokens.rotateKey();
    const restarted = await open();
    expect(await restarted.authenticate(old)).toMatchObject({ kind: 'identity' });
    expect(await tokens.authenticate(await tokens.issue({ identity: cart }))).toMatchObject({ kind: 'identity' });
    clock.advance(2 * hour);
    expect(await tokens.authenticate(old)).toEqual({
      kind: 'refused',
      reason: 'the token is signed by a key that is not in force',
    });
  });

  it('that was revoked verifies nothing', async () => {
    const { open, file } = bench();
    const tokens = await open();
    const old = await tokens.issue({ identity: cart });
    await tokens.rotateKey({ revoke: true });
    expect(await tokens.authenticate(old)).toMatchObject({
      reason: 'the token is signed by a key that is not in force',
    });
    expect(file.text?.match(/BEGIN/g)?.length).toBe(1);
  });

  it.each(['7', '{}', '{"keys":[]}', '{"keys":[{"id":"a","key":"b"}]}', '{"keys":[{"id":1,"key":"b"}]}'])(
    'in a file of %s is an error, and no new key',
    async (text) => {
      const { open, file } = bench();
      file.text = text;
      await expect(open()).rejects.toMatchObject({ code: 'STATE', message: /Put back a copy\.$/ });
      expect(file.text).toBe(text);
    },
  );

  it('is shown to the file alone', async () => {
    const { open, file } = bench();
    const tokens = await open();
    expect(file.text).toContain('BEGIN PRIVATE KEY');
    expect(inspect(tokens, { depth: 9, showHidden: true }) + JSON.stringify(tokens)).not.toContain('PRIVATE');
  });
});
