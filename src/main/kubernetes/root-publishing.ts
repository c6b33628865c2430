/**
 * The roots of the mesh, as a ConfigMap in each namespace with proxies: by them a proxy knows its control plane, before it has a
 * certificate. A Pod can mount what is in its own namespace alone.
 */

import { publishInNamespaces } from '../../delivery/kubernetes/namespaces/namespace-publishing.ts';
import type { Namespace, Pod } from '../../resources/kinds.ts';
import { defaultInjectionSettings, injectionKeys } from '../../translate/injection/injection-settings.ts';
import type { ClusterPart, ClusterSurroundings } from './cluster-part.ts';
import { heededNamespaces, type NamespaceSurroundings } from './heeded-namespaces.ts';

type RootSurroundings = NamespaceSurroundings & Pick<ClusterSurroundings, 'roots'>;

/** As Pods mount it; of all revisions, whose mesh is one. */
const roots = { name: defaultInjectionSettings.rootsConfigMap, key: 'roots.pem', role: 'roots' } as const;

export function startRootPublishing(surroundings: RootSurroundings): ClusterPart {
  const { engine, resources } = surroundings.pipeline;
  /** How many Pods with a proxy of ours there are in a namespace, however they came by it. */
  const injected = new Map<string, number>();
  const published = publishInNamespaces(heededNamespaces(surroundings), {
    map: roots,
    isMade: true,
    contentFor: (namespace) =>
      isLabelled(namespace) || injected.has(namespace.metadata.name) ? surroundings.roots()?.join('') : undefined,
    unwritten: 'ISTH1612',
  });
  const count = (pod: Pod | undefined, by: number): void => {
    if (pod === undefined || !isInjected(pod)) return;
    const { namespace } = pod.metadata;
    const there = (injected.get(namespace) ?? 0) + by;
    if (there > 0) injected.set(namespace, there);
    else injected.delete(namespace);
    published.look(namespace);
  };
  const stop = engine.sink(resources.Pod, (diff) => {
    for (const { before, after } of diff) {
      count(after, 1);
      count(before, -1);
    }
  });
  return {
    findings: () => published.findings(),
    close: async () => {
      stop();
      await published.close();
    },
  };
}

/** Somebody said something of proxies in it: also where Pods have none unless they ask for one. */
function isLabelled({ metadata }: Namespace): boolean {
  return metadata.labels[injectionKeys.inject] !== undefined;
}

/** By the webhook, or by `isthmus inject`. */
function isInjected({ metadata }: Pod): boolean {
  return metadata.annotations[injectionKeys.injected] !== undefined;
}
