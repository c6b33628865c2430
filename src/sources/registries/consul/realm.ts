/** A part of Consul that has services of its own: a datacenter, and where the server has them a namespace in it. */
import type { RegistrySelectSpec } from '../../../resources/kinds.ts';
import type { ConsulOptions } from './consul-options.ts';

export interface Realm {
  /** The datacenter; empty for the agent's own. Scope and namespace of its services. */
  readonly scope: string;
  /** The namespace; empty for the token's own. */
  readonly group: string;
  /** `dc=…&ns=…`: what requests need to be about it. */
  readonly query: string;
}

/** spec.select.namespaces are datacenters, and spec.select.groups namespaces. */
export function realmsOf({ namespaces, groups }: RegistrySelectSpec, options: ConsulOptions): readonly Realm[] {
  const { partition, consistency } = options;
  const orOwn = (names: readonly string[]): readonly string[] => (names.length === 0 ? [''] : names);
  return orOwn(namespaces).flatMap((scope) =>
    orOwn(groups).map((group) => {
      const parts = Object.entries({ dc: scope, ns: group, partition })
        .filter(([, value]) => value !== '')
        .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
      return { scope, group, query: [...parts, ...(consistency === 'default' ? [] : [consistency])].join('&') };
    }),
  );
}

/** Path and query; with an index it waits until there is another. */
export function target(path: string, { query }: Realm, index: number, waitMs: number): string {
  const wait = index === 0 ? '' : `index=${index}&wait=${waitMs}ms`;
  const all = [query, wait].filter((part) => part !== '').join('&');
  return all === '' ? path : `${path}?${all}`;
}
