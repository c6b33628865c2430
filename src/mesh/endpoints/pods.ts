/** Pods as the workloads behind endpoints: who they are, and by which labels they are told apart. */
import type { Collection, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { Pod } from '../../resources/kinds.ts';

/** What changes with a Pod's state is left out, so that it touches no endpoint. */
export interface PodWorkload {
  /** `namespace/name`. */
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Which no other Pod has: none of its node's. */
  readonly ips: readonly string[];
}

export interface PodTables {
  readonly byName: Index<PodWorkload>;
  readonly byAddress: Index<PodWorkload>;
}

export function podWorkloads(engine: Engine, pods: Collection<Pod>): PodTables {
  const workloads = engine.map('pod workloads', pods, ({ metadata, spec }): PodWorkload => {
    const { namespace, name, labels } = metadata;
    const { serviceAccount, hostNetwork } = spec;
    return { name: `${namespace}/${name}`, namespace, serviceAccount, labels, ips: hostNetwork ? [] : spec.ips };
  });
  return {
    byName: engine.index('pod workloads by name', workloads, ({ name }) => [name]),
    byAddress: engine.index('pod workloads by address', workloads, ({ ips }) => ips),
  };
}
