/** Policies of Istio for the workloads of a namespace, or of all where they stand in a root namespace, ours or Istio's, by their labels. */
import type { Context, Index } from '../../collections/collection.ts';
import { defaultIstioSettings } from '../../model/istio-settings.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import { compareText } from '../resource-order.ts';

export interface WorkloadPolicy {
  readonly key: string;
  readonly namespace: string;
  /** All of them are to be there; empty for every workload of the namespace. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface SelectedWorkload {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** In order of their keys. `index`: by namespace. */
export function selectedPolicies<P extends WorkloadPolicy>(
  context: Context,
  index: Index<P>,
  settings: MeshSettings,
  workload: SelectedWorkload,
): readonly P[] {
  return policiesIn(context, index, settings, [workload.namespace])
    .filter(({ labels }) => Object.entries(labels).every(([name, value]) => workload.labels[name] === value))
    .toSorted((a, b) => compareText(a.key, b.key));
}

/** Those of the namespaces, whichever workloads they select, and those of the root namespaces. */
export function policiesIn<P extends WorkloadPolicy>(
  context: Context,
  index: Index<P>,
  { rootNamespace, istio = defaultIstioSettings }: MeshSettings,
  namespaces: readonly string[],
): readonly P[] {
  const all = [...new Set([rootNamespace, istio.rootNamespace, ...namespaces])];
  return all.flatMap((namespace) => context.lookup(index, namespace));
}
