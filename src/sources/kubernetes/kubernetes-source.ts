/**
 * The objects of a cluster, followed: one reflector a kind, all into the same tables and findings as files.
 *
 *   reflector --objects--> read (and nothing kept of what was sent) --> queue until every kind was seen --> tables, in one batch
 *        |                                                          `-- afterwards at once: what came together is one batch
 *        `----state----> syncing | live | stale, and what is said of kinds that cannot be seen
 *
 * A kind that there is not (yet) is waited for; one that may not be read is a finding, and all others are live without it.
 * A kind that vanishes with its objects is doubted for a while, since a server that comes back may not know it at once.
 * What never happens: a deletion while anything is not seen as it is now; one object's fault touching another; a read of
 * what we wrote ourselves.
 */
import type { SourceState } from '../../collections/collection.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import type { WatchEvent } from '../../kubernetes-api/collection-reading.ts';
import { Reflector, type ReflectorState, type Replacement } from '../../kubernetes-api/reflector.ts';
import { type Clock, systemClock } from '../../model/clock.ts';
import type { ReflectorSight } from '../../model/reflector-sight.ts';
import type { KindInfo } from '../../resources/kind-info.ts';
import { kinds } from '../../resources/kind-table.ts';
import type { Kind } from '../../resources/kinds.ts';
import type { ResourceReader } from '../../resources/reader.ts';
import { BatchSink } from '../batch-sink.ts';
import { OwnedFindings } from '../owned-findings.ts';
import { type SourceTables, setStates } from '../resource-tables.ts';
import type { Source } from '../source.ts';
import { ClusterContents } from './cluster-contents.ts';
import { NamespaceScope, type ScopeOptions } from './namespace-scope.ts';
import { type KnownObject, keyOfObject, readObject } from './object-reading.ts';
import { ServedKinds } from './served-kinds.ts';
import { type OutageNews, ServerOutage } from './server-outage.ts';
import { type Sight, sightFindings } from './sight-findings.ts';

export interface KubernetesSourceOptions extends ScopeOptions {
  readonly server: ApiServer;
  /** Of the server, for messages. */
  readonly url: string;
  readonly tables: SourceTables;
  readonly batch: (change: () => void) => void;
  readonly read: ResourceReader['read'];
  readonly clock?: Clock;
  /** The server as a whole went away, or is back. */
  readonly onOutage?: (news: OutageNews) => void;
  /** Told of each object as it is now, whether it is heeded or not, or that it is gone: its status is kept nowhere. */
  readonly onSeen?: (kind: Kind, object: unknown, isGone: boolean) => void;
  /** Kinds of these API groups are none of this mesh, by its operator's choice: they are not asked for, and nothing is missing without them. */
  readonly withoutGroups?: ReadonlySet<string>;
  /** For how long a kind that is gone with its objects is doubted. 60,000 ms when absent. */
  readonly doubtMs?: number;
}

type Change = (sink: BatchSink) => void;

/** What has run its course tells nothing of a mesh, and there may be many. */
const selections: { readonly [K in Kind]?: string } = { Pod: 'status.phase!=Succeeded,status.phase!=Failed' };

export class KubernetesSource implements Source {
  readonly #options: KubernetesSourceOptions;
  readonly #clock: Clock;
  readonly #served: ServedKinds;
  readonly #findings: OwnedFindings;
  readonly #contents: ClusterContents;
  readonly #outage: ServerOutage;
  readonly #kinds: readonly KindInfo<Kind>[];
  readonly #sights: Map<Kind, Sight>;
  /** Kinds that have been read whole, once at least. */
  readonly #read = new Set<string>();
  /** Those, and kinds of which it is clear that they cannot be read. */
  readonly #seen = new Set<Kind>();
  /** Until all have been seen: by kind, in the order in which it came. */
  readonly #queue = new Map<Kind, Change[]>();
  readonly #doubts = new Map<Kind, () => void>();
  readonly #started = Promise.withResolvers<void>();
  #reflectors: readonly Reflector[] = [];
  #state: SourceState = 'syncing';

  constructor(options: KubernetesSourceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { withoutGroups } = options;
    this.#kinds = kinds.filter(({ group }) => withoutGroups?.has(group) !== true);
    this.#sights = new Map(this.#kinds.map((kind) => [kind.kind, { kind, state: 'syncing', reason: '' }]));
    this.#outage = new ServerOutage(this.#clock, (news) => options.onOutage?.(news));
    this.#served = new ServedKinds(options.server, this.#clock);
    this.#findings = new OwnedFindings(options.tables.findings);
    this.#contents = new ClusterContents(options.tables, this.#findings, new NamespaceScope(options));
  }

  get state(): SourceState {
    return this.#state;
  }

  /** How each kind is seen. */
  reflectors(): readonly ReflectorSight[] {
    const { resources } = this.#options.tables;
    return this.#reflectors.flatMap((reflector, at) => {
      const kind = this.#kinds[at]?.kind;
      return kind === undefined ? [] : { purpose: 'mesh', kind, ...reflector.sight, objects: resources[kind].size };
    });
  }

  get isComplete(): boolean {
    return this.#state === 'live' && [...this.#sights.values()].every(({ state }) => state !== 'forbidden');
  }

  /** Resolves when of each kind it is known whether it can be read, and what can be has been. */
  async start(): Promise<void> {
    this.#options.batch(() => this.#options.tables.findings.setState('live'));
    this.#reflectors = this.#kinds.map((kind) => this.#follow(kind));
    await this.#started.promise;
  }

  async close(): Promise<void> {
    this.#served.close();
    for (const cancel of this.#doubts.values()) cancel();
    await Promise.all(this.#reflectors.map(async (reflector) => reflector.close()));
    this.#started.resolve();
  }

  #follow(info: KindInfo<Kind>): Reflector {
    const { kind } = info;
    const fields = selections[kind];
    return new Reflector({
      server: this.#options.server,
      clock: this.#clock,
      locate: async () => this.#served.locate(info),
      ...(fields === undefined ? {} : { fields }),
      beginReplacement: () => this.#replacement(kind),
      onEvents: (events) => this.#onEvents(kind, events),
      onState: (state) => this.#onState(info, state),
    });
  }

  /** Each object is read as it comes: what was sent is more than what is kept. */
  #replacement(kind: Kind): Replacement {
    const objects = new Map<string, KnownObject>();
    return {
      take: (value) => {
        this.#options.onSeen?.(kind, value, false);
        const known = readObject(kind, value, this.#options.read);
        if (known !== undefined) objects.set(known.key, known);
      },
      drop: (value) => {
        this.#options.onSeen?.(kind, value, true);
        const key = keyOfObject(kind, value);
        if (key !== undefined) objects.delete(key);
      },
      complete: () => {
        this.#seen.add(kind);
        this.#read.add(kind);
        this.#change(kind, (sink) => this.#contents.replace(kind, [...objects.values()], sink));
      },
    };
  }

  #onEvents(kind: Kind, events: readonly WatchEvent[]): void {
    this.#change(kind, (sink) => {
      for (const { type, object } of events) this.#heed(kind, type, object, sink);
    });
  }

  #heed(kind: Kind, type: string, value: unknown, sink: BatchSink): void {
    this.#options.onSeen?.(kind, value, type === 'DELETED');
    if (type === 'DELETED') {
      const key = keyOfObject(kind, value);
      if (key !== undefined) this.#contents.lose(kind, key, sink);
      return;
    }
    const known = readObject(kind, value, this.#options.read);
    if (known !== undefined) this.#contents.put(kind, known, sink);
  }

  #change(kind: Kind, change: Change): void {
    if (this.#state !== 'syncing') {
      this.#options.batch(() => change(new BatchSink(this.#options.tables)));
      return;
    }
    const queued = this.#queue.get(kind) ?? [];
    queued.push(change);
    this.#queue.set(kind, queued);
  }

  #onState(info: KindInfo<Kind>, { state, reason, fault }: ReflectorState): void {
    const { kind } = info;
    this.#doubts.get(kind)?.();
    this.#doubts.delete(kind);
    const isVanished = state === 'absent' && this.#contents.holds(kind);
    const word = fault === undefined ? {} : { fault };
    this.#sights.set(kind, { kind: info, state: isVanished ? 'vanished' : state, reason, ...word });
    if (state === 'absent' || state === 'forbidden') this.#seen.add(kind);
    if (isVanished) this.#doubt(info);
    this.#review();
    this.#outage.review([...this.#sights.values()]);
    if ([...this.#sights.values()].every((sight) => sight.state !== 'syncing')) this.#started.resolve();
  }

  #doubt(info: KindInfo<Kind>): void {
    const { kind } = info;
    const believe = (): void => {
      this.#doubts.delete(kind);
      this.#change(kind, (sink) => this.#contents.replace(kind, [], sink));
      this.#sights.set(kind, { kind: info, state: 'absent', reason: '' });
      this.#review();
    };
    this.#doubts.set(kind, this.#clock.after(this.#options.doubtMs ?? 60_000, believe));
  }

  /** Where the right is missing, what was read before stays. What keeps callers out, and was never read, is not known at all. */
  #isAsKnown({ kind, state }: Sight): boolean {
    if (state !== 'forbidden') return state === 'live' || state === 'absent';
    return kind.keepsOut !== true || this.#read.has(kind.kind);
  }

  /** Brings the state and what is said of it up to date; with the first sight of all kinds, all that was read. */
  #review(): void {
    const { tables, url } = this.#options;
    const sights = [...this.#sights.values()];
    const isAllSeen = this.#kinds.every(({ kind }) => this.#seen.has(kind));
    const isCurrent = sights.every((sight) => this.#isAsKnown(sight));
    const state = isAllSeen ? (isCurrent ? 'live' : 'stale') : 'syncing';
    const unseen = new Set<string>(sights.flatMap((one) => (one.state === 'forbidden' ? [one.kind.kind] : [])));
    this.#options.batch(() => {
      if (this.#state === 'syncing' && state !== 'syncing') this.#releaseQueue();
      this.#state = state;
      if (state !== 'syncing') setStates(tables, state, unseen);
      this.#findings.replace('sight', sightFindings(sights, url));
    });
  }

  /** Namespaces first: they say what is heeded of all others. */
  #releaseQueue(): void {
    const sink = new BatchSink(this.#options.tables);
    const inOrder = ['Namespace' as const, ...kinds.map(({ kind }) => kind).filter((kind) => kind !== 'Namespace')];
    for (const kind of inOrder) for (const change of this.#queue.get(kind) ?? []) change(sink);
    this.#queue.clear();
  }
}
