/** What is kept of an object in the cluster: enough to tell whether it is as it is wanted, and to change exactly this one. */

import { hash } from 'node:crypto';
import { bearsOwnLabels } from '../../../model/ownership.ts';
import { managedEntries, ownedPart, record, text } from './owned-fields.ts';
import { placeOf } from './wanted-object.ts';

/** Who writes, for the API server. */
export const fieldManager = 'isthmus';

export interface LiveObject {
  /** `namespace/name`. */
  readonly place: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** It waits for somebody's finalizer. */
  readonly isTerminating: boolean;
  /** It bears the labels of this control plane. */
  readonly isOurs: boolean;
  /** We wrote something of it. Labels alone can be copied. */
  readonly isApplied: boolean;
  /** Of what we own of it. */
  readonly digest: string;
  /** Who else wrote last, and who of all claims to manage it: for messages. */
  readonly otherWriter: string;
}

/** Undefined for what is no object. */
export function liveObjectOf(value: unknown, revision: string): LiveObject | undefined {
  const { metadata } = record(value);
  const { name, namespace, uid, resourceVersion, deletionTimestamp, labels } = record(metadata);
  if (typeof name !== 'string' || typeof uid !== 'string' || typeof resourceVersion !== 'string') return undefined;
  const entries = managedEntries(metadata);
  const own = entries.find(({ manager, operation }) => manager === fieldManager && operation === 'Apply');
  const others = entries.filter(({ manager, subresource }) => manager !== fieldManager && subresource === '');
  const last = others.toSorted((a, b) => (a.time < b.time ? 1 : -1))[0];
  return {
    place: placeOf({ namespace: text(namespace), name }),
    uid,
    resourceVersion,
    isTerminating: deletionTimestamp !== undefined,
    isOurs: bearsOwnLabels(record(labels), revision),
    isApplied: own !== undefined,
    digest: digestOf(own === undefined ? undefined : ownedPart(value, own.fields)),
    otherWriter: last?.manager ?? '',
  };
}

/** Equal for equal content, in whatever order. */
export function digestOf(value: unknown): string {
  return hash('sha256', canonicalText(value), 'base64url').slice(0, 22);
}

/** JSON with the keys of each object in their order. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (isPlain(part) ? sorted(part) : part)) ?? '';
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(value: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
