/** For tests: TrafficSplits in short form. */
import { type Metadata, resourceKey, type TrafficSplit } from '../../resources/kinds.ts';

/** `id`: `namespace/name`; `service`: the root; `backends`: name -> weight. */
export function trafficSplit(
  id: string,
  service: string,
  backends: Readonly<Record<string, number>>,
  { matches = [], ...metadata }: Partial<Metadata> & { readonly matches?: readonly string[] } = {},
): TrafficSplit {
  const [namespace = '', name = ''] = id.split('/');
  return {
    kind: 'TrafficSplit',
    apiVersion: 'split.smi-spec.io/v1alpha4',
    key: resourceKey('TrafficSplit', namespace, name),
    metadata: { namespace, name, labels: {}, annotations: {}, ...metadata },
    spec: {
      service,
      backends: Object.entries(backends).map(([backend, weight]) => ({ service: backend, weight })),
      matches,
    },
  };
}
