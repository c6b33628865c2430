import { SignJWT } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import { TestClock } from '../model/test-clock.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';

const now = Date.UTC(2026, 10, 21);
const username = 'system:serviceaccount:shop:orders';
const known = { authenticated: true, audiences: ['isthmus'], user: { username } };

/** As an API server signs them; nobody here looks at the signature. */
function token({ sub = username, aud = 'isthmus', exp = now / 1000 + 600 } = {}): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(sub)
    .setAudience(aud)
    .setExpirationTime(exp)
    .sign(new Uint8Array(32));
}

function tokens(status: unknown) {
  const review = vi.fn(async () => status);
  const options = { trustDomain: () => 'cluster.local', review, clock: new TestClock(now) };
  return { review, tokens: new ServiceAccountTokens(options) };
}

describe('the token of a service account', () => {
  it('is whose the API server says', async () => {
    const { tokens: asked, review } = tokens(known);
    const written = await token();
    expect(await asked.authenticate(written)).toEqual({
      kind: 'identity',
      identity: { trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'orders' },
    });
    expect(review).toHaveBeenCalledExactlyOnceWith(written, 'isthmus');
  });

  it.each([
    ['for another audience', { aud: 'vault' }, 'it is not for the audience "isthmus"'],
    ['that has expired', { exp: now / 1000 - 61 }, 'the token has expired'],
    ['of a person', { sub: 'system:admin' }, 'it is no token of a service account'],
  ])('%s is refused without asking', async (_, content, reason) => {
    const { tokens: asked, review } = tokens(known);
    expect(await asked.authenticate(await token(content))).toEqual({ kind: 'refused', reason });
    expect(review).not.toHaveBeenCalled();
  });

  it.each([
    ['does not know', { authenticated: false }],
    ['knows for whom it is not meant', { ...known, audiences: ['vault'] }],
    ['knows without saying for whom', { authenticated: true, user: { username } }],
    ['knows as a person', { ...known, user: { username: 'system:admin' } }],
    ['says nothing of', undefined],
    ['speaks nonsense of', 'yes'],
  ])('is refused that the API server %s', async (_, status) => {
    expect(await tokens(status).tokens.authenticate(await token())).toMatchObject({ kind: 'refused' });
  });

  it.each(['', 'a.b.c', 'x'.repeat(20_000), 'e30.e30.e30'])('is none: %.20s', async (text) => {
    const { tokens: asked } = tokens(known);
    expect([asked.isOne(text), (await asked.authenticate(text)).kind]).toEqual([false, 'refused']);
  });
});
