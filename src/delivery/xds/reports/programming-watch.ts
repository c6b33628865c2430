/**
 * Which objects every proxy has taken, looked up twice a second while something is open.
 *
 *   object at a new generation --> pending --no proxy has an answer due since then--> taken
 *                                     `------a proxy refuses what is made of it------> refused
 *
 * Of the proxies that another replica serves it knows by that one's word: what they refuse, and whom it has awaited for long. So an
 * object counts as taken only when the others have had the time to say otherwise.
 */
import type { Diff, Table } from '../../../collections/collection.ts';
import type { ObjectRef } from '../../../model/finding.ts';
import type { ObjectStatus, Programming, SomeProxies } from '../../../model/object-status.ts';
import type { ProxyNode } from '../../../model/proxy.ts';
import type { XdsServer } from '../server.ts';
import { combined, type SharedProgramming, sharedProgramming } from './shared-programming.ts';
import type { Refusal } from './stream-refusals.ts';

const mostNamed = 3;
/** After which those are named that have not answered. */
const longMs = 30_000;
/** After which other replicas are told of those that have not answered. */
const tellMs = 1_500;
/** In which other replicas have told what their proxies make of a generation: they look, write, and are heard. */
const othersMs = 4_000;

type ProxySight = Pick<XdsServer, 'refusals' | 'laggards' | 'hasProxies'>;

export interface ProgrammingWatchOptions {
  /** Filled by it. */
  readonly table: Table<Programming>;
  readonly batch: (change: () => void) => void;
  readonly xds: ProxySight;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Of the resource that an object is; undefined for what is none that is read. */
  readonly keyOf: (object: ObjectRef) => string | undefined;
  /** What other replicas say. */
  readonly others: () => readonly SharedProgramming[];
}

export class ProgrammingWatch {
  readonly #options: ProgrammingWatchOptions;
  /** When the generation at hand was first seen, by key; of those that some proxy may have yet to answer. */
  readonly #pending = new Map<string, number>();
  #generations = new Map<string, number | undefined>();

  constructor(options: ProgrammingWatchOptions) {
    this.#options = options;
  }

  /** For the other replicas: what proxies of this one make of objects, but for those that all have taken. */
  own(hasProxies: boolean): SharedProgramming {
    return sharedProgramming(hasProxies, [...this.#own.values()]);
  }

  /** A sink of object statuses, after that by which proxies are told. */
  readonly follow = (diff: Diff<ObjectStatus>): void => {
    const gone: string[] = [];
    for (const { key, after } of diff) {
      if (after === undefined) {
        this.#generations.delete(key);
        this.#pending.delete(key);
        this.#own.delete(key);
        this.#unseen.delete(key);
        gone.push(key);
      } else if (!this.#generations.has(key) || this.#generations.get(key) !== after.generation) {
        this.#generations.set(key, after.generation);
        this.#pending.set(key, this.#options.now());
      }
    }
    const held = gone.filter((key) => this.#options.table.has(key));
    if (held.length === 0) return;
    this.#options.batch(() => {
      for (const key of held) this.#options.table.delete(key);
    });
  };

  look(): void {
    const refusals = this.#refusalsByObject();
    const others = this.#options.others();
    const told = Map.groupBy(
      others.flatMap(({ objects }) => objects),
      ({ key }) => key,
    );
    const isWithoutProxies = !this.#options.xds.hasProxies && others.every(({ hasProxies }) => !hasProxies);
    if (!isWithoutProxies) this.#askForUnseen();
    const touched = new Set([...this.#pending.keys(), ...refusals.keys(), ...told.keys(), ...this.#open]);
    this.#open = new Set([...refusals.keys(), ...told.keys()].filter((key) => this.#generations.has(key)));
    if (touched.size === 0) return;
    const laggardsSince = this.#laggardsByTime();
    const heardAt = others.some(({ hasProxies }) => hasProxies)
      ? this.#options.now() - othersMs
      : Number.POSITIVE_INFINITY;
    const changes = [...touched].flatMap((key) => {
      if (!this.#generations.has(key)) return [];
      const since = this.#pending.get(key);
      const laggards = since === undefined ? [] : laggardsSince(since);
      const own = this.#programmingOf(key, since, laggards, refusals.get(key) ?? []);
      this.#note(own, since);
      const isAwaited = since !== undefined && since > heardAt;
      if (laggards.length === 0 && !isAwaited) this.#pending.delete(key);
      const seen = isAwaited && own.state === 'taken' ? { ...own, state: 'pending' as const } : own;
      const now = this.#sighted(combined(seen, told.get(key) ?? []), isWithoutProxies);
      return isSame(this.#options.table.get(key), now) ? [] : [now];
    });
    if (changes.length === 0) return;
    this.#options.batch(() => {
      for (const one of changes) this.#options.table.set(one);
    });
  }

  /** Keys of objects that some proxy refused, or another replica spoke of, when it was last looked. */
  #open: ReadonlySet<string> = new Set();
  /** What is told to others: what was refused, or is awaited for longer than it takes. */
  readonly #own = new Map<string, Programming>();

  /** Taken while no proxy was connected. */
  readonly #unseen = new Set<string>();

  /** Now that proxies are there, what nobody could take is theirs to take. */
  #askForUnseen(): void {
    for (const key of this.#unseen) if (!this.#pending.has(key)) this.#pending.set(key, this.#options.now());
    this.#unseen.clear();
  }

  /** Only what is looked at while no proxy is there says so: what proxies have taken stays so. */
  #sighted(programming: Programming, isWithoutProxies: boolean): Programming {
    if (!isWithoutProxies || programming.state !== 'taken') return programming;
    this.#unseen.add(programming.key);
    return { ...programming, isWithoutProxies };
  }

  #note(own: Programming, since: number | undefined): void {
    const isLate = own.state === 'pending' && since !== undefined && this.#options.now() - since > tellMs;
    if (own.state === 'refused' || isLate) this.#own.set(own.key, own);
    else this.#own.delete(own.key);
  }

  #programmingOf(
    key: string,
    since: number | undefined,
    laggards: readonly ProxyNode[],
    refusals: readonly Refusal[],
  ): Programming {
    const generation = this.#generations.get(key);
    const own = { key, ...(generation === undefined ? {} : { generation }) };
    // What was refused before this generation came may be mended by it: it counts once there is no answer to wait for.
    const counted = refusals.filter(({ at }) => laggards.length === 0 || since === undefined || at >= since);
    if (counted.length > 0)
      return { ...own, state: 'refused', refusal: { ...some(counted), reason: reasonOf(counted) } };
    if (laggards.length === 0) return { ...own, state: 'taken' };
    const isLong = since !== undefined && this.#options.now() - since > longMs;
    const waiting = isLong ? { waitsFor: some(laggards.map((proxy) => ({ proxy }))) } : {};
    return { ...own, state: 'pending', ...waiting };
  }

  #refusalsByObject(): ReadonlyMap<string, readonly Refusal[]> {
    const { keyOf } = this.#options;
    const found = new Map<string, Refusal[]>();
    for (const refusal of this.#options.xds.refusals()) {
      for (const key of new Set(refusal.objects.flatMap((object) => keyOf(object) ?? []))) {
        const known = found.get(key);
        if (known === undefined) found.set(key, [refusal]);
        else known.push(refusal);
      }
    }
    return found;
  }

  /** Objects that came together are asked for once. */
  #laggardsByTime(): (since: number) => readonly ProxyNode[] {
    const known = new Map<number, readonly ProxyNode[]>();
    return (since) => {
      const found = known.get(since) ?? this.#options.xds.laggards(since);
      known.set(since, found);
      return found;
    };
  }
}

function some(refusals: readonly { readonly proxy: ProxyNode }[]): SomeProxies {
  const ids = [...new Set(refusals.map(({ proxy }) => proxy.id))].sort();
  return { count: ids.length, proxies: ids.slice(0, mostNamed) };
}

/** Of the proxy that is named first. */
function reasonOf(refusals: readonly Refusal[]): string {
  const [first] = refusals.toSorted((a, b) => (a.proxy.id < b.proxy.id ? -1 : 1));
  return first?.message ?? '';
}

function isSame(before: Programming | undefined, now: Programming): boolean {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(now);
}
