/** What the authority keeps in the state folder: its roots with their keys, and how far a rotation of them has come. */
import { X509Certificate as NodeCertificate } from 'node:crypto';
import { fingerprintOf, isSelfSigned } from '../certificates/certificate-text.ts';
import { X509Certificate } from '../certificates/x509.ts';
import { messageOf } from '../model/errors.ts';
import type { Signer } from './certificate-profile.ts';
import { PrivateKey } from './private-key.ts';
import { type RootId, type RootRotation, trustedRoots } from './root-rotation.ts';

export interface Root extends Signer {
  readonly id: RootId;
  readonly pem: string;
}

export interface AuthorityState {
  readonly trustDomain: string;
  /** The longest life of a leaf that is allowed, in milliseconds. */
  readonly longestLeafMs: number;
  /** Later than any leaf that was signed before the last change of this state, by any root. */
  readonly leavesUntil: number;
  readonly rotation: RootRotation;
  /** Exactly those that the rotation trusts. */
  readonly roots: ReadonlyMap<RootId, Root>;
}

export function makeRootOf(pem: string, key: PrivateKey): Root {
  return { id: fingerprintOf(pem), pem, certificate: new X509Certificate(pem), key };
}

/** Holds private keys: for the sealed file, and nothing else. */
export function encodeState({ roots, ...rest }: AuthorityState): unknown {
  const written = [...roots.values()].map(({ pem, key }) => ({ certificate: pem, key: key.reveal() }));
  return { ...rest, roots: written };
}

/** Throws with what is wrong, in words that hold no key. */
export async function decodeState(json: unknown): Promise<AuthorityState> {
  if (!isRecord(json)) throw new Error('it is no object');
  const { trustDomain, longestLeafMs, leavesUntil, rotation, roots } = json;
  if (typeof trustDomain !== 'string') throw new Error('it names no trust domain');
  if (!isTime(longestLeafMs) || !isTime(leavesUntil)) throw new Error('it does not say how long leaves live');
  if (!isRotation(rotation)) throw new Error('its rotation is none');
  if (!Array.isArray(roots)) throw new Error('it has no roots');
  const read = await Promise.all(roots.map(decodeRoot));
  const byId = new Map(read.map((root) => [root.id, root]));
  for (const id of trustedRoots(rotation)) if (!byId.has(id)) throw new Error(`the root ${id} is missing`);
  return { trustDomain, longestLeafMs, leavesUntil, rotation, roots: byId };
}

async function decodeRoot(json: unknown): Promise<Root> {
  if (!isRecord(json) || typeof json.certificate !== 'string' || typeof json.key !== 'string')
    throw new Error('a root has no certificate or no key');
  const key = await PrivateKey.fromPem(json.key);
  const root = makeRootOf(json.certificate, key);
  const certificate = new NodeCertificate(json.certificate);
  if (!certificate.ca || !isSelfSigned(certificate)) throw new Error(`the root ${root.id} is no root`);
  const own = certificate.publicKey.export({ format: 'der', type: 'spki' });
  if (!own.equals(key.publicKey)) throw new Error(`the key of the root ${root.id} is that of another`);
  return root;
}

function isRotation(json: unknown): json is RootRotation {
  if (!isRecord(json) || typeof json.signing !== 'string') return false;
  if (json.phase === 'single') return true;
  if (!isTime(json.since)) return false;
  if (json.phase === 'introduced') return typeof json.next === 'string' && isTime(json.nextLeavesUntil);
  return json.phase === 'switched' && typeof json.previous === 'string' && isTime(json.previousLeavesUntil);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function faultOfState(error: unknown): string {
  return messageOf(error).replace(/\.$/, '');
}
