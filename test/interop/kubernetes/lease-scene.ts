/** Replicas that write as often as they may, and what the API server saw of it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { LeaseTimes } from '../../../src/delivery/kubernetes/leadership.ts';
import { type ApiCollection, collectionPath, objectPath } from '../../../src/kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { fieldOf, textOf } from '../../../src/kubernetes-api/plain-fields.ts';
import { Reflector } from '../../../src/kubernetes-api/reflector.ts';
import { systemClock } from '../../../src/model/clock.ts';
import type { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';

export const shortTimes: LeaseTimes = { leaseMs: 4_000, renewDeadlineMs: 2_500, retryMs: 400 };

const configMaps: ApiCollection = { group: '', version: 'v1', plural: 'configmaps' };
const leases: ApiCollection = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };
const written = { namespace: 'default', name: 'written' };
export const writtenPath = objectPath(configMaps, written);

/** What became of an object, in the order of the whole cluster. */
export interface Change {
  readonly version: bigint;
  readonly kind: 'write' | 'holder';
  /** Who wrote, or who holds the Lease from here on. */
  readonly who: string;
  /** When it was seen. */
  readonly at: number;
}

export class LeaseScene {
  readonly #server: KubernetesServer;
  readonly #api: ApiServer;
  readonly #reflectors: readonly Reflector[];
  readonly #changes: Change[] = [];
  readonly #replicas = new Map<string, ChildProcess>();

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

  replica(identity: string): void {
    const program = path.join(import.meta.dirname, 'lease-replica.ts');
    this.#replicas.set(identity, fork(program, [this.#server.kubeconfig(), identity], { stdio: 'inherit' }));
  }

  /** Resolves when it has ended, where the signal ends it. */
  async signal(identity: string, signal: NodeJS.Signals): Promise<void> {
    const replica = this.#replicas.get(identity);
    const isLast = signal === 'SIGKILL' || signal === 'SIGTERM';
    const ended = replica !== undefined && isLast ? once(replica, 'exit') : undefined;
    replica?.kill(signal);
    await ended;
    if (isLast) this.#replicas.delete(identity);
  }

  /** All that was seen, by versions. */
  changes(): readonly Change[] {
    return this.#changes.toSorted((a, b) => (a.version < b.version ? -1 : 1));
  }

  writesOf(who: string): readonly Change[] {
    return this.changes().filter((change) => change.kind === 'write' && change.who === who);
  }

  /** Writes of whoever did not hold the Lease. */
  strayWrites(): readonly string[] {
    let holder = '';
    const stray: string[] = [];
    for (const { kind, who, version } of this.changes()) {
      if (kind === 'holder') holder = who;
      else if (who !== '' && who !== holder) stray.push(`${version}: ${who} wrote while ${holder} held the Lease`);
    }
    return stray;
  }

  async end(): Promise<void> {
    for (const [identity, replica] of this.#replicas) {
      replica.kill('SIGCONT');
      await this.signal(identity, 'SIGKILL');
    }
    for (const reflector of this.#reflectors) await reflector.close();
    for (const path of [writtenPath, objectPath(leases, { namespace: 'default', name: 'isthmus' })])
      await this.#api.send({ method: 'DELETE', path }).catch(() => {});
    this.#api.close();
  }

  #record(
    collection: ApiCollection,
    name: string,
    read: (object: unknown) => readonly [Change['kind'], string | undefined],
  ): Reflector {
    const note = (object: unknown): void => {
      const version = BigInt(textOf(fieldOf(object, 'metadata'), 'resourceVersion') ?? '0');
      const [kind, who = ''] = read(object);
      this.#changes.push({ version, kind, who, at: performance.now() });
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
