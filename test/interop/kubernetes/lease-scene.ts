/** Replicas that write as often as they may, and what the API server saw of it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect } from 'vitest';
import type { LeaseTimes } from '../../../src/delivery/kubernetes/replicas/leadership.ts';
import { type ApiCollection, collectionPath, objectPath } from '../../../src/kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { leases } from '../../../src/kubernetes-api/built-in-collections.ts';
import { fieldOf, textOf } from '../../../src/kubernetes-api/plain-fields.ts';
import { Reflector } from '../../../src/kubernetes-api/reflector.ts';
import { systemClock } from '../../../src/model/clock.ts';
import type { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';

/** So much is the clock of the replica `ahead` ahead: longer than any lease here. */
export const aheadMs = 3_600_000;
/** Leases that tests see the end of. */
export const shortTimes: LeaseTimes = { leaseMs: 4_000, renewDeadlineMs: 2_500, retryMs: 400 };
/** Leases that do not end while a test waits for anything: whoever takes over was given what it takes. */
export const longTimes: LeaseTimes = { leaseMs: 600_000, renewDeadlineMs: 400_000, retryMs: 400 };

const configMaps: ApiCollection = { group: '', version: 'v1', plural: 'configmaps' };
const written = { namespace: 'default', name: 'written' };
export const writtenPath = objectPath(configMaps, written);

/** What became of an object, in the order of the whole cluster. */
interface Change {
  readonly version: bigint;
  readonly kind: 'write' | 'holder';
  /** Who wrote, or who holds the Lease from here on. */
  readonly who: string;
  /** Of the Lease, as it says: in milliseconds, by the clock of its holder. */
  readonly acquired: number;
  readonly renewed: number;
}

/** What a replica says of itself, on each change. */
export interface LeaseNews {
  readonly isWriter: boolean;
  /** Who holds the Lease, as far as it knows. */
  readonly holder: string;
}

interface Replica {
  readonly child: ChildProcess;
  readonly news: LeaseNews[];
}

export class LeaseScene {
  readonly #server: KubernetesServer;
  readonly #api: ApiServer;
  readonly #reflectors: readonly Reflector[];
  readonly #changes: Change[] = [];
  readonly #replicas = new Map<string, Replica>();

  private constructor(server: KubernetesServer, api: ApiServer) {
    this.#server = server;
    this.#api = api;
    this.#reflectors = [
      this.#record(configMaps, 'written', (object) => ['write', textOf(fieldOf(object, 'data'), 'by')]),
      this.#record(leases, 'isthmus', (object) => ['holder', textOf(fieldOf(object, 'spec'), 'holderIdentity')]),
    ];
  }

  static async begin(server: KubernetesServer): Promise<LeaseScene> {
    const api = await server.access();
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: written, data: { by: '' } };
    await api.send({ method: 'POST', path: collectionPath(configMaps, 'default'), body });
    return new LeaseScene(server, api);
  }

  /** `first`, which writes, and `ahead`, which knows that. */
  async twoReplicas(times: LeaseTimes): Promise<void> {
    await this.#start('first', times);
    await this.untilWritten('first');
    await this.#start('ahead', times);
    await this.untilTold('ahead', { isWriter: false, holder: 'first' });
  }

  /** Resolves when it runs: a new process takes its time on a machine that does much else. */
  async #start(identity: string, times: LeaseTimes): Promise<void> {
    const program = path.join(import.meta.dirname, 'lease-replica.ts');
    const child = fork(program, [this.#server.kubeconfig(), identity, JSON.stringify(times)], { stdio: 'inherit' });
    const replica: Replica = { child, news: [] };
    child.on('message', (news: LeaseNews) => replica.news.push(news));
    this.#replicas.set(identity, replica);
    await once(child, 'message');
  }

  /** Resolves when it has ended, where the signal ends it. */
  async signal(identity: string, signal: NodeJS.Signals): Promise<void> {
    const replica = this.#replicas.get(identity)?.child;
    const isLast = signal === 'SIGKILL' || signal === 'SIGTERM';
    const ended = replica !== undefined && isLast ? once(replica, 'exit') : undefined;
    replica?.kill(signal);
    await ended;
    if (isLast) this.#replicas.delete(identity);
  }

  /** Until the last that a replica said of itself is this. */
  async untilTold(identity: string, news: Partial<LeaseNews>): Promise<void> {
    await expect.poll(() => this.#replicas.get(identity)?.news.at(-1)).toMatchObject(news);
  }

  /** Until it has written so often more than now. */
  async untilWritten(who: string, more = 5): Promise<void> {
    const before = this.writes(who);
    await expect.poll(() => this.writes(who)).toBeGreaterThanOrEqual(before + more);
  }

  /** Until it has had the Lease from the API server so often more than now. */
  async untilRenewed(who: string, more: number): Promise<void> {
    const count = (): number => this.holding(who).length;
    const before = count();
    await expect.poll(count).toBeGreaterThanOrEqual(before + more);
  }

  /** How often it wrote, as far as was seen. */
  writes(who: string): number {
    return this.#changes.filter((change) => change.kind === 'write' && change.who === who).length;
  }

  /** The Lease as it was when this one held it, from first to last; nobody has no name. */
  holding(who: string): readonly Change[] {
    return this.#sorted().filter((change) => change.kind === 'holder' && change.who === who);
  }

  /** Writes of whoever did not hold the Lease, among all that were seen by now. Waits for whoever holds it to renew it. */
  async strayWrites(): Promise<readonly string[]> {
    const isHolder = ({ kind }: Change): boolean => kind === 'holder';
    const last = this.#sorted().at(-1)?.version ?? 0n;
    // Both are watched, each by itself: who held it is known of writes that are older than the last that was seen of the Lease.
    await expect.poll(() => (this.#sorted().findLast(isHolder)?.version ?? 0n) > last).toBe(true);
    let holder = '';
    const stray: string[] = [];
    for (const { kind, who, version } of this.#sorted().filter((change) => change.version <= last)) {
      if (kind === 'holder') holder = who;
      else if (who !== '' && who !== holder) stray.push(`${version}: ${who} wrote while ${holder} held the Lease`);
    }
    return stray;
  }

  async end(): Promise<void> {
    for (const [identity, { child }] of this.#replicas) {
      child.kill('SIGCONT');
      await this.signal(identity, 'SIGKILL');
    }
    for (const reflector of this.#reflectors) await reflector.close();
    for (const path of [writtenPath, objectPath(leases, { namespace: 'default', name: 'isthmus' })])
      await this.#api.send({ method: 'DELETE', path }).catch(() => {});
    this.#api.close();
  }

  #sorted(): readonly Change[] {
    return this.#changes.toSorted((a, b) => (a.version < b.version ? -1 : 1));
  }

  #record(
    collection: ApiCollection,
    name: string,
    read: (object: unknown) => readonly [Change['kind'], string | undefined],
  ): Reflector {
    const note = (object: unknown): void => {
      const version = BigInt(textOf(fieldOf(object, 'metadata'), 'resourceVersion') ?? '0');
      const [kind, who = ''] = read(object);
      const spec = fieldOf(object, 'spec');
      const [acquired, renewed] = ['acquireTime', 'renewTime'].map((time) => Date.parse(textOf(spec, time) ?? ''));
      this.#changes.push({ version, kind, who, acquired: acquired ?? Number.NaN, renewed: renewed ?? Number.NaN });
    };
    return new Reflector({
      server: this.#api,
      locate: async () => collectionPath(collection, 'default'),
      fields: `metadata.name=${name}`,
      clock: systemClock,
      onReplace: (objects) => objects.forEach(note),
      onEvents: (events) => {
        for (const { type, object } of events) if (type !== 'DELETED') note(object);
      },
      onState: () => {},
    });
  }
}
