/** Route tables by resource name, and the sites that route by them. */
import type { RouteTablePlan } from '../config/route-plan.ts';

export interface RouteUser {
  useRoutes(table: RouteTablePlan): void;
}

export class RouteDirectory {
  readonly #tables = new Map<string, RouteTablePlan>();
  readonly #users = new Map<string, Set<RouteUser>>();

  get(name: string): RouteTablePlan | undefined {
    return this.#tables.get(name);
  }

  /** Every user of the name routes by the new table from its next request on. */
  set(name: string, table: RouteTablePlan): void {
    this.#tables.set(name, table);
    for (const user of this.#users.get(name) ?? []) user.useRoutes(table);
  }

  /** Calls `user` with the table as it is, if there is one, and with each later one. */
  subscribe(name: string, user: RouteUser): () => void {
    const users = this.#users.get(name) ?? new Set();
    this.#users.set(name, users.add(user));
    const table = this.#tables.get(name);
    if (table !== undefined) user.useRoutes(table);
    return () => {
      users.delete(user);
      if (users.size > 0) return;
      this.#users.delete(name);
      this.#tables.delete(name);
    };
  }
}
