import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isIdentity, isSameIdentity, isTrustDomain, parseSpiffeId, spiffeId } from './identity.ts';

const cart = { trustDomain: 'mesh.example', namespace: 'shop', serviceAccount: 'cart' };

describe('a SPIFFE id', () => {
  it('is read as it is written', () => {
    expect(parseSpiffeId('spiffe://mesh.example/ns/shop/sa/cart')).toEqual(cart);
    expect(spiffeId(cart)).toBe('spiffe://mesh.example/ns/shop/sa/cart');
  });

  it.each([
    ['nothing', ''],
    ['another scheme', 'https://mesh.example/ns/shop/sa/cart'],
    ['an upper-case scheme', 'SPIFFE://mesh.example/ns/shop/sa/cart'],
    ['an upper-case trust domain', 'spiffe://Mesh.example/ns/shop/sa/cart'],
    ['no trust domain', 'spiffe:///ns/shop/sa/cart'],
    ['a port', 'spiffe://mesh.example:80/ns/shop/sa/cart'],
    ['a user', 'spiffe://me@mesh.example/ns/shop/sa/cart'],
    ['a query', 'spiffe://mesh.example/ns/shop/sa/cart?x=1'],
    ['a fragment', 'spiffe://mesh.example/ns/shop/sa/cart#x'],
    ['an escape', 'spiffe://mesh.example/ns/sh%6Fp/sa/cart'],
    ['a dot segment', 'spiffe://mesh.example/ns/../sa/cart'],
    ['a last slash', 'spiffe://mesh.example/ns/shop/sa/cart/'],
    ['a segment more', 'spiffe://mesh.example/ns/shop/sa/cart/x'],
    ['an empty namespace', 'spiffe://mesh.example/ns//sa/cart'],
    ['another order', 'spiffe://mesh.example/sa/cart/ns/shop'],
    ['a line feed', 'spiffe://mesh.example/ns/shop/sa/cart\n'],
    ['a zero byte', 'spiffe://mesh.example/ns/shop/sa/cart\0'],
    ['a namespace too long', `spiffe://mesh.example/ns/${'a'.repeat(64)}/sa/cart`],
    ['an account too long', `spiffe://mesh.example/ns/shop/sa/${'a'.repeat(254)}`],
    ['letters that look alike', 'spiffe://mesh.example/ns/shop/sa/c\u0430rt'],
  ])('with %s is refused', (_, text) => {
    expect(parseSpiffeId(text)).toBeUndefined();
  });

  it('that is accepted is the only way to write its identity', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9./%?#:@ -]{0,12}$/);
    fc.assert(
      fc.property(part, part, part, (trustDomain, namespace, serviceAccount) => {
        const identity = { trustDomain, namespace, serviceAccount };
        const read = parseSpiffeId(spiffeId(identity));
        expect(read).toEqual(isIdentity(identity) ? identity : undefined);
      }),
    );
  });
});

describe('identities', () => {
  it('are the same only if every part is', () => {
    expect(isSameIdentity(cart, { ...cart })).toBe(true);
    for (const part of ['trustDomain', 'namespace', 'serviceAccount'] as const)
      expect(isSameIdentity(cart, { ...cart, [part]: 'other' })).toBe(false);
  });

  it('have trust domains of lower-case DNS letters', () => {
    expect(['cluster.local', 'a', 'my_td'].map(isTrustDomain)).toEqual([true, true, true]);
    expect(['', 'A', 'a..b', '.a', 'a/b', 'a'.repeat(256)].map(isTrustDomain)).not.toContain(true);
  });
});
