/** Clusters by name. A route holds on to a name's place, so that it finds the cluster when it comes, goes and returns. */
import type { Cluster } from './cluster.ts';

export interface ClusterPlace {
  readonly name: string;
  cluster: Cluster | undefined;
}

export class ClusterDirectory {
  readonly #places = new Map<string, ClusterPlace>();

  place(name: string): ClusterPlace {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = { name, cluster: undefined };
      this.#places.set(name, place);
    }
    return place;
  }

  *clusters(): IterableIterator<Cluster> {
    for (const { cluster } of this.#places.values()) if (cluster !== undefined) yield cluster;
  }
}
