/** What balancers see of a host, and what a balancer is. */

export interface BalancedHost {
  /** Stable name: equal on every worker and after every restart. */
  readonly key: string;
  /** Above 0. */
  readonly weight: number;
  /** Requests in flight. */
  readonly active: number;
}

/** `attempt` above 0 asks for another host than the attempts before it, where there is one. */
export type Balancer<H> = (hash: number, attempt: number) => H | undefined;
