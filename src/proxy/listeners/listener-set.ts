/**
 * The listeners of one worker by name. A listener whose routes come by RDS stands at once, but reads nothing before its
 * first routes are there, or have been waited for; one whose plan changes keeps its old service until the new one is warm,
 * but lets in only whom the new one does.
 * One that is removed goes on for a while, since callers learn a little later than this proxy that they should go
 * elsewhere, unless its address is wanted.
 */
import type { ClusterDirectory } from '../clusters/cluster-directory.ts';
import type { ListenerPlan } from '../config/listener-plan.ts';
import type { MetaProtocolPlan } from '../config/metaprotocol-plan.ts';
import { Rejection } from '../config/rejection.ts';
import type { RouteTablePlan } from '../config/route-plan.ts';
import { secretsOf } from '../config/tls-plan.ts';
import { Site, type SiteSurroundings } from '../downstream/site.ts';
import type { StatsStore } from '../observation/stats-store.ts';
import type { RouteDirectory } from '../routing/route-directory.ts';
import { Departures, type ListenerEntry } from './departures.ts';
import { formatAddress, sameAddress } from './listen-addresses.ts';
import { guardedService, Listener, type Service, tcpService } from './listener.ts';

/** A listener that could not stand yet. */
interface Retry {
  readonly plan: ListenerPlan;
  readonly timer: NodeJS.Timeout;
}

const RETRY_MS = 1000;

export class ListenerSet {
  readonly #around: SiteSurroundings;
  readonly #routes: RouteDirectory;
  readonly #stats: StatsStore;
  readonly #directory: ClusterDirectory;
  /** Whether other workers listen on the same addresses. */
  readonly #shared: boolean;
  readonly #entries = new Map<string, ListenerEntry>();
  readonly #departures: Departures;
  readonly #draining = new Set<Listener>();
  readonly #retries = new Map<string, Retry>();
  /** Services that wait for their first routes before they replace one that stands: how to give them up. */
  readonly #pending = new Map<string, () => void>();
  #stopped = false;

  constructor(around: SiteSurroundings, routes: RouteDirectory, stats: StatsStore, shared: boolean) {
    this.#around = around;
    this.#routes = routes;
    this.#stats = stats;
    this.#directory = around.directory;
    this.#shared = shared;
    this.#departures = new Departures(around.runtime.limits.listenerGraceMs, (entry) => this.#retire(entry));
  }

  *listeners(): IterableIterator<Listener> {
    for (const { listener } of this.#entries.values()) yield listener;
  }

  /** Names of the route resources that listeners refer to, those that do not stand yet included; sorted. */
  routeNames(): readonly string[] {
    const names = new Set<string>();
    const plans = [...[...this.#entries.values()].map(({ listener }) => listener.plan), ...this.#retryPlans()];
    for (const { service } of plans) {
      if (service.kind === 'metaprotocol' && service.routes.kind === 'rds') names.add(service.routes.resourceName);
    }
    return [...names].sort();
  }

  /** Names of the secrets that listeners ask the control plane for, those that do not stand yet included. */
  *secretNames(): IterableIterator<string> {
    const plans = [...[...this.#entries.values()].map(({ listener }) => listener.plan), ...this.#retryPlans()];
    for (const { tls } of plans) if (tls !== undefined) yield* secretsOf(tls);
  }

  /** Resolves once the listener stands. Throws Rejection when it cannot; that is then tried again now and then. */
  async set(plan: ListenerPlan): Promise<void> {
    this.#giveUp(plan.name);
    const before = this.#entries.get(plan.name);
    if (before !== undefined && sameAddress(before.listener.plan.address, plan.address)) {
      this.#replace(plan, before);
      return;
    }
    const returned = this.#departures.comeBack(plan.address);
    if (returned !== undefined) {
      this.#entries.set(plan.name, returned);
      this.#replace(plan, returned);
      if (before !== undefined) this.#departures.begin(before);
      return;
    }
    const entry = this.#create(plan);
    try {
      this.#departures.makeWay(plan.address);
      await entry.listener.listen(this.#shared);
    } catch (error) {
      entry.release();
      this.#retry(plan);
      throw new Rejection(`cannot listen on ${formatAddress(plan.address)}: ${messageOf(error)}`);
    }
    this.#entries.set(plan.name, entry);
    if (before !== undefined) this.#departures.begin(before);
  }

  /** The listener goes on serving until its grace ends. */
  remove(name: string): void {
    this.#giveUp(name);
    const entry = this.#entries.get(name);
    this.#entries.delete(name);
    if (entry !== undefined) this.#departures.begin(entry);
  }

  /** Stops accepting; resolves when every connection has ended, at the latest after the drain time. */
  async drain(): Promise<void> {
    this.#stopped = true;
    for (const name of this.#retries.keys()) this.#stopRetry(name);
    this.#departures.endAll();
    for (const entry of this.#entries.values()) this.#retire(entry);
    await Promise.all([...this.#draining].map((listener) => listener.drain()));
  }

  destroy(): void {
    for (const { listener, release } of this.#entries.values()) {
      release();
      listener.destroy();
    }
    this.#departures.endAll();
    for (const listener of this.#draining) listener.destroy();
  }

  #create(plan: ListenerPlan): ListenerEntry {
    if (plan.service.kind === 'tcp') {
      const listener = new Listener(this.#around.runtime, plan, tcpService(plan, plan.service, this.#directory), true);
      return { listener, release: () => {} };
    }
    const site = this.#site(plan, plan.service);
    const listener = new Listener(
      this.#around.runtime,
      plan,
      { kind: 'metaprotocol', site },
      site.routes !== undefined,
    );
    return { listener, release: this.#followRoutes(site, plan.service, () => listener.warm()) };
  }

  #replace(plan: ListenerPlan, before: ListenerEntry): void {
    const { listener } = before;
    const put = (service: Service, release: () => void): void => {
      this.#entries.set(plan.name, { listener, release });
      listener.update(plan, service);
      before.release();
    };
    if (plan.service.kind === 'tcp') {
      put(tcpService(plan, plan.service, this.#directory), () => {});
      return;
    }
    const site = this.#site(plan, plan.service);
    let release: (() => void) | undefined;
    let warmed = false;
    const warm = (): void => {
      warmed = true;
      this.#pending.delete(plan.name);
      if (release !== undefined) put({ kind: 'metaprotocol', site }, release);
      listener.warm();
    };
    release = this.#followRoutes(site, plan.service, warm);
    if (warmed) {
      put({ kind: 'metaprotocol', site }, release);
      return;
    }
    listener.update(plan, guardedService(listener.service, plan, plan.service));
    this.#pending.set(plan.name, release);
  }

  #site(plan: ListenerPlan, service: MetaProtocolPlan): Site {
    return new Site(plan, service, this.#stats.protocol(service), this.#around);
  }

  /** Calls `warm` once: when the site has routes, or when they have been waited for long enough. */
  #followRoutes(site: Site, { routes }: MetaProtocolPlan, warm: () => void): () => void {
    if (routes.kind === 'inline') {
      warm();
      return () => {};
    }
    let timer: NodeJS.Timeout | undefined;
    let warmed = false;
    const warmOnce = (): void => {
      clearTimeout(timer);
      if (warmed) return;
      warmed = true;
      warm();
    };
    const unsubscribe = this.#routes.subscribe(routes.resourceName, {
      useRoutes: (table: RouteTablePlan) => {
        site.useRoutes(table);
        warmOnce();
      },
    });
    if (site.routes === undefined && routes.waitMs > 0) timer = setTimeout(warmOnce, routes.waitMs);
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }

  #retire({ listener, release }: ListenerEntry): void {
    release();
    this.#draining.add(listener);
    void listener.drain().then(() => this.#draining.delete(listener));
  }

  #retry(plan: ListenerPlan): void {
    if (this.#stopped) return;
    const again = (): void => {
      this.#retries.delete(plan.name);
      this.set(plan).catch((error: unknown) => {
        if (!(error instanceof Rejection)) throw error;
      });
    };
    this.#retries.set(plan.name, { plan, timer: setTimeout(again, RETRY_MS).unref() });
  }

  #retryPlans(): readonly ListenerPlan[] {
    return [...this.#retries.values()].map(({ plan }) => plan);
  }

  /** Forgets what was to become of the name. */
  #giveUp(name: string): void {
    this.#stopRetry(name);
    this.#pending.get(name)?.();
    this.#pending.delete(name);
  }

  #stopRetry(name: string): void {
    clearTimeout(this.#retries.get(name)?.timer);
    this.#retries.delete(name);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
