/**
 * What the proxies of one replica have not taken of objects, as it tells the others; and what all replicas say together.
 *
 *   { hasProxies, objects: [what is refused, or awaited for long] }
 *
 * What all have taken is not told: in a mesh that is well nobody writes anything.
 */
import { fieldOf, textOf } from '../../../kubernetes-api/plain-fields.ts';
import { fairShare } from '../../../model/fair-share.ts';
import type { Programming, ProxyRefusal, SomeProxies } from '../../../model/object-status.ts';

export const programmingTopic = 'programming';

export interface SharedProgramming {
  readonly hasProxies: boolean;
  readonly objects: readonly Programming[];
}

/** Where there are more, what is refused is told first, and each namespace has its share: what is not told counts as taken. */
const mostObjects = 200;
const longestReason = 500;
const mostNamed = 3;

/** As it is told: bounded, and the same in whatever order it comes. */
export function sharedProgramming(hasProxies: boolean, objects: readonly Programming[]): SharedProgramming {
  const sorted = objects.toSorted(byKey);
  const [refused, others] = [sorted.filter(isRefused), sorted.filter((one) => !isRefused(one))];
  const told = fairShare(refused, namespaceOf, mostObjects);
  const rest = fairShare(others, namespaceOf, mostObjects - told.length);
  return { hasProxies, objects: [...told, ...rest].sort(byKey).map(bounded) };
}

/** Nothing of what is no such word: it may be that of another version. */
export function readSharedProgramming(word: unknown): SharedProgramming {
  const objects = fieldOf(word, 'objects');
  return {
    hasProxies: fieldOf(word, 'hasProxies') === true,
    objects: (Array.isArray(objects) ? objects : []).flatMap((one: unknown) => readProgramming(one) ?? []),
  };
}

/** What one replica sees, and what others say of the same generation: who refuses counts before who has yet to answer. */
export function combined(own: Programming, others: readonly Programming[]): Programming {
  const { key, generation } = own;
  const same = [own, ...others.filter((other) => other.generation === generation)];
  const about = { key, ...(generation === undefined ? {} : { generation }) };
  const refusals = same.flatMap(({ refusal }) => refusal ?? []);
  if (refusals.length > 0)
    return { ...about, state: 'refused', refusal: { ...together(refusals), ...reasonOf(refusals) } };
  if (same.every(({ state }) => state === 'taken')) return own;
  const waiting = same.flatMap(({ waitsFor }) => waitsFor ?? []);
  return { ...about, state: 'pending', ...(waiting.length === 0 ? {} : { waitsFor: together(waiting) }) };
}

function byKey(a: Programming, b: Programming): number {
  return a.key < b.key ? -1 : 1;
}

function isRefused({ state }: Programming): boolean {
  return state === 'refused';
}

function namespaceOf({ key }: Programming): string {
  return key.split('/')[1] ?? '';
}

function together(all: readonly SomeProxies[]): SomeProxies {
  const count = all.reduce((sum, one) => sum + one.count, 0);
  const proxies = all.flatMap((one) => one.proxies).sort();
  return { count, proxies: proxies.slice(0, mostNamed) };
}

/** Of the proxy that is named first. */
function reasonOf(refusals: readonly ProxyRefusal[]): { readonly reason: string } {
  const [first] = refusals.toSorted((a, b) => ((a.proxies[0] ?? '') < (b.proxies[0] ?? '') ? -1 : 1));
  return { reason: first?.reason ?? '' };
}

function bounded(one: Programming): Programming {
  if (one.refusal === undefined || one.refusal.reason.length <= longestReason) return one;
  const reason = `${one.refusal.reason.slice(0, longestReason - 1).toWellFormed()}…`;
  return { ...one, refusal: { ...one.refusal, reason } };
}

function readProgramming(value: unknown): Programming | undefined {
  const [key, state, generation] = [textOf(value, 'key'), fieldOf(value, 'state'), fieldOf(value, 'generation')];
  if (key === undefined) return undefined;
  const about = { key, ...(typeof generation === 'number' ? { generation } : {}) };
  const refusal = readSome(fieldOf(value, 'refusal'));
  if (state === 'refused' && refusal !== undefined) {
    const reason = textOf(fieldOf(value, 'refusal'), 'reason') ?? '';
    return { ...about, state, refusal: { ...refusal, reason } };
  }
  const waitsFor = readSome(fieldOf(value, 'waitsFor'));
  return state === 'pending' ? { ...about, state, ...(waitsFor === undefined ? {} : { waitsFor }) } : undefined;
}

function readSome(value: unknown): SomeProxies | undefined {
  const [count, proxies] = [fieldOf(value, 'count'), fieldOf(value, 'proxies')];
  if (typeof count !== 'number' || !(count > 0) || !Array.isArray(proxies)) return undefined;
  return { count, proxies: proxies.filter((id: unknown) => typeof id === 'string').slice(0, mostNamed) };
}
