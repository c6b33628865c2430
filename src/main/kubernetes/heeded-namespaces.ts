/** The namespaces that this control plane heeds, for what is published in them. */
import type { PublishingSurroundings } from '../../delivery/kubernetes/namespaces/namespace-publishing.ts';
import type { Namespace } from '../../resources/kinds.ts';
import { objectKey } from '../../resources/metadata.ts';
import type { ClusterSurroundings } from './cluster-part.ts';

export type NamespaceSurroundings = Pick<
  ClusterSurroundings,
  'pipeline' | 'server' | 'writership' | 'precedence' | 'revision' | 'events'
>;

export function heededNamespaces({ pipeline, ...around }: NamespaceSurroundings): PublishingSurroundings<Namespace> {
  const { server, writership, precedence, revision, events } = around;
  const { engine, resources } = pipeline;
  return {
    engine,
    namespaces: resources.Namespace,
    namespaceNamed: (name) => resources.Namespace.get(objectKey('Namespace', '', name)),
    server,
    writership,
    precedence,
    revision,
    events,
  };
}
