/**
 * The clusters of one worker: plans and endpoints come in, live clusters stand in the directory. A cluster that is
 * removed goes on for a while, as the listeners that lead to it do.
 */

import type { Message } from '../../xds-api/messages.ts';
import type { ClusterPlan } from '../config/cluster-plan.ts';
import { planEndpoints } from '../config/endpoint-plan.ts';
import { secretsOf } from '../config/tls-plan.ts';
import type { Runtime } from '../connections/runtime.ts';
import { Cluster } from './cluster.ts';
import type { ClusterDirectory } from './cluster-directory.ts';
import { DnsResolution, type Lookup } from './dns-resolution.ts';

type Assignment = Message<'envoy.config.endpoint.v3.ClusterLoadAssignment'>;

export class ClusterSet {
  readonly #runtime: Runtime;
  readonly #directory: ClusterDirectory;
  readonly #lookup: Lookup;
  readonly #assignments = new Map<string, Assignment>();
  /** Clusters that were removed and serve until their grace ends. */
  readonly #leaving = new Map<string, NodeJS.Timeout>();
  readonly #resolutions = new Map<string, DnsResolution>();

  constructor(runtime: Runtime, directory: ClusterDirectory, lookup: Lookup) {
    this.#runtime = runtime;
    this.#directory = directory;
    this.#lookup = lookup;
  }

  set(plan: ClusterPlan): void {
    this.#stay(plan.name);
    const place = this.#directory.place(plan.name);
    const cluster = place.cluster ?? new Cluster(this.#runtime, plan);
    cluster.updatePlan(plan);
    this.#resolutions.get(plan.name)?.stop();
    this.#resolutions.delete(plan.name);
    this.#resolve(cluster, plan);
    place.cluster = cluster;
  }

  remove(name: string): void {
    const { listenerGraceMs } = this.#runtime.limits;
    if (this.#leaving.has(name) || this.#directory.place(name).cluster === undefined) return;
    if (listenerGraceMs <= 0) this.#end(name);
    else this.#leaving.set(name, setTimeout(() => this.#end(name), listenerGraceMs).unref());
  }

  setEndpoints(name: string, assignment: Assignment): void {
    this.#assignments.set(name, assignment);
    for (const cluster of this.#directory.clusters()) {
      const { endpoints, byLocality } = cluster.plan;
      if (endpoints.kind === 'eds' && endpoints.resourceName === name)
        cluster.updateHosts(planEndpoints(assignment, byLocality));
    }
  }

  /** Names of the endpoint resources that clusters refer to, sorted. */
  endpointNames(): readonly string[] {
    const names = new Set<string>();
    for (const { name, plan } of this.#directory.clusters())
      if (plan.endpoints.kind === 'eds' && !this.#leaving.has(name)) names.add(plan.endpoints.resourceName);
    for (const name of this.#assignments.keys()) if (!names.has(name)) this.#assignments.delete(name);
    return [...names].sort();
  }

  /** Names of the secrets that clusters ask the control plane for. */
  *secretNames(): IterableIterator<string> {
    for (const { name, plan } of this.#directory.clusters())
      if (plan.tls !== undefined && !this.#leaving.has(name)) yield* secretsOf(plan.tls);
  }

  stop(): void {
    for (const name of this.#leaving.keys()) this.#stay(name);
    for (const resolution of this.#resolutions.values()) resolution.stop();
    for (const cluster of this.#directory.clusters()) cluster.retire();
  }

  #stay(name: string): void {
    clearTimeout(this.#leaving.get(name));
    this.#leaving.delete(name);
  }

  #end(name: string): void {
    this.#stay(name);
    const place = this.#directory.place(name);
    this.#resolutions.get(name)?.stop();
    this.#resolutions.delete(name);
    place.cluster?.retire();
    place.cluster = undefined;
  }

  #resolve(cluster: Cluster, { name, endpoints, byLocality }: ClusterPlan): void {
    switch (endpoints.kind) {
      case 'static':
        cluster.updateHosts(endpoints.hosts);
        break;
      case 'dns':
        this.#resolutions.set(name, new DnsResolution(endpoints, this.#lookup, (hosts) => cluster.updateHosts(hosts)));
        break;
      case 'eds': {
        const assignment = this.#assignments.get(endpoints.resourceName);
        if (assignment !== undefined) cluster.updateHosts(planEndpoints(assignment, byLocality));
        break;
      }
    }
  }
}
