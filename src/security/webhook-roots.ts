/**
 * The roots that vouch for our webhooks, and which of them signs: a function of their ages, so that all replicas that read the
 * same roots agree without a word.
 *
 *   made --> announced: API servers were told of it --> signs, `settle` later --> goes, when none of its leaves can be alive
 *                                                          the next one is made when a third of its life is left --^
 */
import { X509Certificate } from '../certificates/x509.ts';
import { makeRoot, type Signer } from './certificate-profile.ts';
import { PrivateKey } from './private-key.ts';

/** Times in milliseconds. */
export interface WebhookLives {
  readonly rootMs: number;
  readonly leafMs: number;
  /** How long all have to learn of a root before it signs. */
  readonly settleMs: number;
}

/** Oldest first. Never empty. */
export type WebhookRoots = readonly [WebhookRoot, ...WebhookRoot[]];

export interface WebhookRoot extends Signer {
  readonly pem: string;
  /** Since when API servers know it, milliseconds since the epoch; the first of all needs none. */
  readonly announced?: number;
}

/** The one whose leaves are to be served with. */
export function signingRoot([first, ...later]: WebhookRoots, now: number, { settleMs }: WebhookLives): WebhookRoot {
  return later.findLast(({ announced }) => announced !== undefined && now >= announced + settleMs) ?? first;
}

/** PEM, one behind the other: what API servers have to believe. */
export function bundleOf(roots: WebhookRoots): string {
  return roots.map(({ pem }) => pem).join('');
}

/** The roots that there should be now; the very same where nothing is to be done. */
export async function rotatedRoots(
  roots: WebhookRoots | undefined,
  now: number,
  lives: WebhookLives,
): Promise<WebhookRoots> {
  if (roots === undefined) return [await newRoot(now, lives)];
  const kept = withoutFormer(roots, now, lives);
  const newest = kept.at(-1);
  const left = (newest?.certificate.notAfter.getTime() ?? 0) - now;
  return left > lives.rootMs / 3 ? kept : [...kept, await newRoot(now, lives)];
}

/** A root before one that has signed for longer than a leaf lives has none that is alive. */
function withoutFormer(roots: WebhookRoots, now: number, { leafMs, settleMs }: WebhookLives): WebhookRoots {
  const replaced = ({ announced }: WebhookRoot): boolean =>
    announced !== undefined && now >= announced + 2 * settleMs + leafMs;
  const at = roots.findLastIndex(replaced);
  const [first, ...rest] = roots.slice(Math.max(0, at));
  return at <= 0 || first === undefined ? roots : [first, ...rest];
}

/** Once API servers believe all of them. The very same where they were told before. */
export function announcedRoots(roots: WebhookRoots, now: number): WebhookRoots {
  const [first, ...rest] = roots;
  if (roots.every(({ announced }) => announced !== undefined)) return roots;
  const tell = (root: WebhookRoot): WebhookRoot => ({ announced: now, ...root });
  return [tell(first), ...rest.map(tell)];
}

const backdateMs = 3_600_000;

async function newRoot(now: number, { rootMs }: WebhookLives): Promise<WebhookRoot> {
  const key = await PrivateKey.generate('ecdsa-p256');
  const pem = await makeRoot(key, 'isthmus webhooks', { notBefore: now - backdateMs, notAfter: now + rootMs });
  return { pem, key, certificate: new X509Certificate(pem) };
}

/** Holds private keys: for the Secret, and nothing else. */
export function encodeRoots(roots: WebhookRoots): unknown {
  return {
    format: 'isthmus-webhook-roots/1',
    roots: roots.map(({ pem, key, announced }) => ({
      certificate: pem,
      key: key.reveal(),
      ...(announced === undefined ? {} : { announced }),
    })),
  };
}

/** Undefined for what holds none, or not whole ones; the reason would repeat what nobody may read. */
export async function decodeRoots(value: unknown): Promise<WebhookRoots | undefined> {
  const written = fieldsOf(value).roots;
  if (!Array.isArray(written)) return undefined;
  const [first, ...rest] = await Promise.all(written.map(decodeRoot));
  const others = rest.filter((root) => root !== undefined);
  return first === undefined || others.length !== rest.length ? undefined : [first, ...others];
}

async function decodeRoot(value: unknown): Promise<WebhookRoot | undefined> {
  const { certificate: pem, key, announced } = fieldsOf(value);
  if (typeof pem !== 'string' || typeof key !== 'string') return undefined;
  try {
    const root = { pem, key: await PrivateKey.fromPem(key), certificate: new X509Certificate(pem) };
    return typeof announced === 'number' ? { ...root, announced } : root;
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
