/**
 * Who of the workloads of one replica trusts the roots of now, as it tells the others while there are several roots: a proxy is
 * connected to one replica, and another one decides whether a root may be switched.
 *
 *   { roots, connected, waiting: [ids], more, holders: [[SPIFFE id, end of its certificate, trusts all]], compressed }
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { fieldOf } from '../../kubernetes-api/plain-fields.ts';
import type { RootId } from '../../security/root-rotation.ts';

export const trustTopic = 'trust';

interface SharedTrust {
  /** What all of this is about. */
  readonly roots: readonly RootId[];
  /** Proxies that take their roots from this replica. */
  readonly connected: number;
  /** Ids of those that have not acknowledged them, the first of them. */
  readonly waiting: readonly string[];
  /** How many wait besides. */
  readonly more: number;
  /** With a leaf that may be alive; undefined where they are too many to be told. */
  readonly holders?: readonly SharedHolder[];
}

interface SharedHolder {
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly isTrusting: boolean;
}

const mostNamed = 20;
/** With what a ConfigMap has room for: some 10,000 workloads. */
const longestHolders = 350 * 1024;
const mostBytes = 16 * 1024 * 1024;

export function sharedTrust(facts: {
  readonly roots: readonly RootId[];
  readonly connected: number;
  readonly waiting: readonly string[];
  readonly holders: readonly SharedHolder[];
}): unknown {
  const { roots, connected, waiting, holders } = facts;
  const list = JSON.stringify(holders.map(({ key, until, isTrusting }) => [key, until, isTrusting]));
  const told = gzipSync(list).toString('base64');
  return {
    roots: roots.toSorted(),
    connected,
    waiting: waiting.slice(0, mostNamed),
    more: Math.max(0, waiting.length - mostNamed),
    ...(told.length > longestHolders ? {} : { holders: told }),
  };
}

/** Undefined for what is none, or about other roots than those of now. */
function readSharedTrust(word: unknown, roots: readonly RootId[]): SharedTrust | undefined {
  const said = texts(fieldOf(word, 'roots'));
  if (said.length !== roots.length || !roots.every((root) => said.includes(root))) return undefined;
  const holders = readHolders(fieldOf(word, 'holders'));
  return {
    roots: said,
    connected: count(fieldOf(word, 'connected')),
    waiting: texts(fieldOf(word, 'waiting')),
    more: count(fieldOf(word, 'more')),
    ...(holders === undefined ? {} : { holders }),
  };
}

/** What other replicas say of the roots of now; `words`: by replica. */
export function trustElsewhere(
  words: ReadonlyMap<string, unknown>,
  roots: readonly RootId[],
): { readonly heard: readonly SharedTrust[]; readonly untrusting: readonly string[] } {
  const heard: SharedTrust[] = [];
  const untrusting: string[] = [];
  for (const [replica, word] of words) {
    const trust = readSharedTrust(word, roots);
    if (trust === undefined) untrusting.push(`the proxies of replica ${replica} (it has yet to tell of them)`);
    else {
      heard.push(trust);
      untrusting.push(...trust.waiting);
      if (trust.more > 0) untrusting.push(`${trust.more} more of replica ${replica}`);
      if (trust.holders === undefined) untrusting.push(`workloads of replica ${replica} (too many to be told)`);
    }
  }
  return { heard, untrusting };
}

function readHolders(compressed: unknown): readonly SharedHolder[] | undefined {
  if (typeof compressed !== 'string') return undefined;
  try {
    const bytes = gunzipSync(Buffer.from(compressed, 'base64'), { maxOutputLength: mostBytes });
    const list: unknown = JSON.parse(bytes.toString());
    return Array.isArray(list) ? list.flatMap((one: unknown) => readHolder(one) ?? []) : undefined;
  } catch {
    return undefined;
  }
}

function readHolder(value: unknown): SharedHolder | undefined {
  const fields: readonly unknown[] = Array.isArray(value) ? value : [];
  const [key, until, isTrusting] = fields;
  if (typeof key !== 'string' || typeof until !== 'number') return undefined;
  return { key, until, isTrusting: isTrusting === true };
}

function texts(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : []).filter((one: unknown) => typeof one === 'string');
}

function count(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.floor(value) : 0;
}
