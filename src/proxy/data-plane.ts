/**
 * One worker's data plane.
 *
 *   resource changes --plan--> immutable plans --bind--> listeners, sites, route tables, clusters
 *   bytes of callers --frames--> requests --limits, route, cluster, host--> upstream connections --replies--> callers
 *
 * It knows nothing of where resources come from, and keeps what it has when a change is refused: each change is taken
 * whole or not at all, and one that is refused harms no other.
 */
import { lookup } from 'node:dns/promises';
import { decode } from '../xds-api/messages.ts';
import { ClusterDirectory } from './clusters/cluster-directory.ts';
import { ClusterSet } from './clusters/cluster-set.ts';
import { planCluster } from './config/cluster-plan.ts';
import { convertHttpRoutes } from './config/http-routes.ts';
import { type ListenerPlan, planListener } from './config/listener-plan.ts';
import { Rejection } from './config/rejection.ts';
import { type Applied, type InertFilters, type ResourceChange, resourceMessages } from './config/resources.ts';
import { planRoutes } from './config/route-plan.ts';
import { planSecret } from './config/secret-plan.ts';
import { machineNow } from './connections/machine-clock.ts';
import { type PlaneNews, type ProxyLimits, Runtime } from './connections/runtime.ts';
import { BucketStore } from './filters/token-buckets.ts';
import { ListenerSet } from './listeners/listener-set.ts';
import { AccessLogFiles } from './observation/access-log.ts';
import { StatsStore } from './observation/stats-store.ts';
import { RouteDirectory } from './routing/route-directory.ts';
import type { ConfigurationTarget, ResourceNames } from './xds-client/configuration.ts';

export interface DataPlaneOptions {
  readonly limits: ProxyLimits;
  /** Token buckets, in memory that all workers share. */
  readonly bucketMemory: SharedArrayBuffer;
  /** Whether other workers listen on the same addresses. */
  readonly sharedAddresses: boolean;
  readonly news: PlaneNews;
}

export class DataPlane implements ConfigurationTarget {
  readonly runtime: Runtime;
  readonly stats = new StatsStore();
  readonly directory = new ClusterDirectory();
  readonly listeners: ListenerSet;
  readonly logFiles: AccessLogFiles;
  readonly #clusters: ClusterSet;
  readonly #routes = new RouteDirectory();

  constructor({ limits, bucketMemory, sharedAddresses, news }: DataPlaneOptions) {
    this.runtime = new Runtime(limits, news);
    this.logFiles = new AccessLogFiles((log) => news.logUnwritable(log));
    this.#clusters = new ClusterSet(this.runtime, this.directory, addressesOf);
    const around = {
      runtime: this.runtime,
      directory: this.directory,
      buckets: new BucketStore(bucketMemory, machineNow),
      logFiles: this.logFiles,
    };
    this.listeners = new ListenerSet(around, this.#routes, this.stats, sharedAddresses);
  }

  /** Never rejects for what a resource says. */
  async apply(changes: readonly ResourceChange[]): Promise<Applied> {
    const rejections: { kind: ResourceChange['kind']; name: string; reason: string }[] = [];
    const inert: InertFilters[] = [];
    for (const change of changes) {
      try {
        await this.#applyOne(change, inert);
      } catch (error) {
        rejections.push({ kind: change.kind, name: change.name, reason: reasonOf(error) });
      }
    }
    return { rejections, inert };
  }

  resourceNames(): ResourceNames {
    const secrets = new Set([...this.#clusters.secretNames(), ...this.listeners.secretNames()]);
    return {
      endpoints: this.#clusters.endpointNames(),
      secrets: [...secrets].sort(),
      routes: this.listeners.routeNames(),
    };
  }

  /** Lets requests in flight finish, then closes everything. */
  async stop(): Promise<void> {
    await this.listeners.drain();
    this.destroy();
    await this.logFiles.close();
  }

  destroy(): void {
    this.listeners.destroy();
    this.#clusters.stop();
  }

  async #applyOne({ kind, name, body }: ResourceChange, inert: InertFilters[]): Promise<void> {
    switch (kind) {
      case 'cluster':
        if (body === undefined) this.#clusters.remove(name);
        else this.#clusters.set(planCluster(decode(resourceMessages.cluster, body)));
        break;
      case 'endpoints':
        // Endpoints go with their cluster; a removal of the resource alone leaves the last ones in force.
        if (body !== undefined) this.#clusters.setEndpoints(name, decode(resourceMessages.endpoints, body));
        break;
      case 'secret':
        // A secret that has gone leaves what was had of it: nobody is trusted more by that, and it ends by itself.
        if (body !== undefined) this.runtime.secrets.set(name, planSecret(decode(resourceMessages.secret, body)));
        break;
      case 'listener':
        if (body === undefined) this.listeners.remove(name);
        else await this.#setListener({ ...planListener(decode(resourceMessages.listener, body)), name }, inert);
        break;
      case 'routes':
        if (body !== undefined)
          this.#routes.set(name, planRoutes(convertHttpRoutes(decode(resourceMessages.routes, body))));
        break;
      case 'nativeRoutes':
        if (body !== undefined) this.#routes.set(name, planRoutes(decode(resourceMessages.nativeRoutes, body)));
        break;
    }
  }

  async #setListener(plan: ListenerPlan, inert: InertFilters[]): Promise<void> {
    await this.listeners.set(plan);
    if (plan.inertFilters.length > 0) inert.push({ listener: plan.name, filters: plan.inertFilters });
  }
}

/** A resource whose bytes or contents are wrong is refused with what is wrong; whatever else happens is told as well. */
function reasonOf(error: unknown): string {
  if (error instanceof Rejection) return error.message;
  return error instanceof Error ? `cannot be read: ${error.message}` : 'cannot be read';
}

async function addressesOf(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
