/** One cluster as this worker uses it: its plan, its hosts, and the balancer over those that may get requests. */
import type { Balancer } from '../balancing/balanced-host.ts';
import { balancer } from '../balancing/balancer.ts';
import type { ClusterPlan } from '../config/cluster-plan.ts';
import type { PlannedHost } from '../config/endpoint-plan.ts';
import type { Runtime } from '../connections/runtime.ts';
import { ClusterStats } from '../observation/stats.ts';
import { Host } from './host.ts';

const MAX_ATTEMPTS = 3;

export class Cluster {
  readonly name: string;
  readonly stats = new ClusterStats();
  plan: ClusterPlan;
  /** Upstream connections of the pooled kind, against the plan's maximum. */
  connections = 0;
  /** Mirrored requests in flight. */
  mirrored = 0;
  #hosts = new Map<string, Host>();
  #planned: readonly PlannedHost[] = [];
  #balancer: Balancer<Host> = () => undefined;
  readonly #runtime: Runtime;

  constructor(runtime: Runtime, plan: ClusterPlan) {
    this.#runtime = runtime;
    this.name = plan.name;
    this.plan = plan;
  }

  get hosts(): readonly Host[] {
    return [...this.#hosts.values()];
  }

  updatePlan(plan: ClusterPlan): void {
    const isSpokenAlike = this.plan.tls?.key === plan.tls?.key;
    this.plan = plan;
    // What stands was opened to others, or by other means: it finishes what is in flight.
    if (!isSpokenAlike) for (const host of this.#hosts.values()) host.retire();
    this.#rebalance();
  }

  /** Hosts that stay keep their connections; those that go finish what is in flight. */
  updateHosts(planned: readonly PlannedHost[]): void {
    const before = this.#hosts;
    this.#hosts = new Map();
    this.#planned = planned;
    for (const { key, address, weight, healthy } of planned) {
      const host = before.get(key) ?? new Host(this.#runtime, this, key, address);
      before.delete(key);
      host.address = address;
      host.weight = weight;
      host.healthy = healthy;
      this.#hosts.set(key, host);
    }
    this.#rebalance();
    for (const gone of before.values()) gone.retire();
  }

  /** A host for a request; undefined when none is healthy. Hosts that just failed are passed over while others are there. */
  pick(hash: number, now: number): Host | undefined {
    const first = this.#balancer(hash, 0);
    if (first === undefined || first.avoidUntil <= now) return first;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const other = this.#balancer(hash, attempt);
      if (other !== undefined && other.avoidUntil <= now) return other;
    }
    return first;
  }

  /** Whether there is a host that did not fail just now. */
  offers(hash: number, now: number): boolean {
    return (this.pick(hash, now)?.avoidUntil ?? Number.POSITIVE_INFINITY) <= now;
  }

  retire(): void {
    this.updateHosts([]);
  }

  /** Only the first priority that has a healthy host is used. */
  #rebalance(): void {
    const healthy = this.#planned.filter((host) => host.healthy);
    const priority = Math.min(...healthy.map((host) => host.priority));
    const eligible: Host[] = [];
    for (const { key, priority: own } of healthy) {
      const host = this.#hosts.get(key);
      if (own === priority && host !== undefined) eligible.push(host);
    }
    this.#balancer = balancer(this.plan.balancing, eligible, Math.random);
  }
}
