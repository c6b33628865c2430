/** A replica of a control plane as far as it gives virtual IPs, with the hosts that it is told of. */
import { Engine } from '../../../src/collections/engine.ts';
import { writableBy } from '../../../src/delivery/kubernetes/replicas/writership.ts';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { type LeaseKeeping, startLeaseKeeping } from '../../../src/main/keeping/lease-keeping.ts';
import { ClusterLeases } from '../../../src/main/kubernetes/cluster-leases.ts';
import { buildPipeline, type Pipeline } from '../../../src/main/pipeline.ts';
import { serviceEntry } from '../../../src/mesh/mesh-fixture.ts';
import { createLogger } from '../../../src/operations/log.ts';
import { setStates } from '../../../src/sources/resource-tables.ts';
import { ToldWritership } from './told-writership.ts';

const silent = createLogger({ level: 'error', format: 'json' }, () => {});

export class LeasingReplica {
  readonly pipeline: Pipeline = buildPipeline(new Engine());
  readonly writership: ToldWritership;
  #keeping: LeaseKeeping | undefined;

  private constructor(isWriter: boolean) {
    this.writership = new ToldWritership(isWriter);
  }

  static async start(server: ApiServer, isWriter: boolean, hosts: readonly string[] = []): Promise<LeasingReplica> {
    const replica = new LeasingReplica(isWriter);
    const { pipeline } = replica;
    pipeline.engine.batch(() => setStates(pipeline.sourced, 'live'));
    replica.want(...hosts);
    await replica.#keep(replica.#place(server));
    return replica;
  }

  /** One that has read the leases that there are before it was told of any host. */
  static async startBeforeHosts(server: ApiServer, hosts: readonly string[]): Promise<LeasingReplica> {
    const replica = new LeasingReplica(false);
    const { pipeline } = replica;
    const place = replica.#place(server);
    await place.begin(pipeline).read;
    pipeline.engine.batch(() => {
      setStates(pipeline.sourced, 'live');
      replica.want(...hosts);
    });
    await replica.#keep(place);
    return replica;
  }

  #place(server: ApiServer): ClusterLeases {
    const { writership } = this;
    return new ClusterLeases({
      server: writableBy(writership, server),
      revision: 'default',
      writership,
      waitMs: 30_000,
      signal: new AbortController().signal,
    });
  }

  async #keep(place: ClusterLeases): Promise<void> {
    this.#keeping = await startLeaseKeeping(this.pipeline, place, () => true, silent);
  }

  /** There are such hosts, in the namespace shop. */
  want(...hosts: readonly string[]): void {
    const { engine, sourced } = this.pipeline;
    engine.batch(() => {
      for (const host of hosts)
        sourced.resources.ServiceEntry.set(serviceEntry(`shop/${host.replaceAll('.', '-')}`, { hosts: [host] }));
    });
  }

  drop(...hosts: readonly string[]): void {
    const { engine, sourced } = this.pipeline;
    const { ServiceEntry } = sourced.resources;
    const gone = [...ServiceEntry.values()].filter(({ spec }) => spec.hosts.some((host) => hosts.includes(host)));
    engine.batch(() => {
      for (const { key } of gone) ServiceEntry.delete(key);
    });
  }

  /** The last batch that a collection had something to do in. */
  lastBatchOf(collection: string): number | undefined {
    return this.pipeline.engine.describe().find(({ name }) => name === collection)?.lastRunBatch;
  }

  /** Of hosts in use. */
  addresses(): Readonly<Record<string, string | undefined>> {
    const bound = [...this.pipeline.leases.values()].filter(({ state }) => state === 'bound');
    return Object.fromEntries(bound.map(({ key, ipv4 }) => [key.replace('shop/', ''), ipv4]));
  }

  codes(): readonly string[] {
    return this.#keeping?.findings().map(({ code }) => code) ?? [];
  }

  messages(): readonly string[] {
    return this.#keeping?.findings().map(({ message }) => message) ?? [];
  }

  async settled(): Promise<void> {
    await this.#keeping?.settled();
  }

  async stop(): Promise<void> {
    await this.#keeping?.close();
  }
}
