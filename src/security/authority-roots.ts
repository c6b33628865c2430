/** The roots of the built-in authority: read from its file, or made. */
import { IsthmusError } from '../model/errors.ts';
import type { AuthoritySettings } from './authority-settings.ts';
import { type AuthorityState, decodeState, faultOfState, makeRootOf, type Root } from './authority-state.ts';
import { makeRoot } from './certificate-profile.ts';
import { PrivateKey } from './private-key.ts';

/** A root is made valid a day ago: peers may learn of it before their clocks are set. */
const rootBackdateMs = 24 * 3_600_000;

/** What the file holds. Throws STATE where it cannot be used, or is of another trust domain. */
export async function readState(stored: unknown, { file, trustDomain }: AuthoritySettings): Promise<AuthorityState> {
  const state = await decodeState(stored).catch((cause: unknown) => {
    throw new IsthmusError('STATE', `${file.place} cannot be used: ${faultOfState(cause)}. ${file.remedy}`, { cause });
  });
  if (state.trustDomain === trustDomain) return state;
  throw new IsthmusError(
    'STATE',
    `${file.place} has the roots of the trust domain ${state.trustDomain}, not of ${trustDomain}. Set the trust domain back, or put the file aside to begin with new roots.`,
  );
}

/** What it holds at first: one root, which signs. */
export async function firstState(settings: AuthoritySettings): Promise<AuthorityState> {
  const root = await newRoot(settings);
  const { trustDomain, leafLifetimeMs } = settings;
  const roots = new Map([[root.id, root]]);
  const rotation = { phase: 'single', signing: root.id } as const;
  return { trustDomain, longestLeafMs: leafLifetimeMs, leavesUntil: 0, rotation, roots };
}

export async function newRoot({ clock, rootAlgorithm, rootLifetimeMs, trustDomain }: AuthoritySettings): Promise<Root> {
  const key = await PrivateKey.generate(rootAlgorithm);
  const now = clock.now();
  const validity = { notBefore: now - rootBackdateMs, notAfter: now + rootLifetimeMs };
  return makeRootOf(await makeRoot(key, trustDomain, validity), key);
}
