/** A workload as a ServiceEntry or a WorkloadEntry writes it, and the endpoint that it makes for a port. */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { type Endpoint, type Locality, localityAt } from '../../model/endpoint.ts';
import type { WorkloadEntry, WorkloadSpec } from '../../resources/kinds.ts';

export interface LocatedEndpoint {
  readonly endpoint: Endpoint;
  readonly locality: Locality;
}

/** A workload with all that does not depend on the port. */
export interface Workload {
  readonly spec: WorkloadSpec;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `namespace/name` of its WorkloadEntry. */
  readonly name?: string;
}

const localityLabel = 'istio-locality';
const tlsModeLabel = 'security.istio.io/tlsMode';
const noLabels: Readonly<Record<string, string>> = {};

export function inlineWorkload(spec: WorkloadSpec, namespace: string): Workload {
  return { spec, namespace, labels: spec.labels ?? noLabels };
}

/** What the workload itself says of the port of this name; users name ports as they like, also as every object has fields. */
export function ownPort({ spec: { ports = {} } }: Workload, name: string): number | undefined {
  return Object.hasOwn(ports, name) ? ports[name] : undefined;
}

/** Labels of the object count as labels of the workload, and come first. */
function entryWorkload(entry: WorkloadEntry): Workload {
  const { namespace, name, labels } = entry.metadata;
  return { spec: entry.spec, namespace, labels: { ...entry.spec.labels, ...labels }, name: `${namespace}/${name}` };
}

/** The endpoint at a port of the workload. Weight 0, or none, is 1. A service account, or the label, means mTLS. */
export function locatedEndpoint(workload: Workload, port: number, trustDomain: string): LocatedEndpoint {
  const { spec, labels, namespace, name } = workload;
  const account = spec.serviceAccount ?? '';
  const endpoint: Endpoint = {
    address: spec.address ?? '',
    port,
    weight: Math.max(1, spec.weight ?? 1),
    health: 'healthy',
    labels,
    network: spec.network ?? '',
    tlsMode: account !== '' || labels[tlsModeLabel] === 'istio' ? 'istio' : 'disabled',
    ...(account === '' ? {} : { identity: `spiffe://${trustDomain}/ns/${namespace}/sa/${account}` }),
    ...(name === undefined ? {} : { workload: name }),
  };
  return { endpoint, locality: localityOf(spec.locality ?? labels[localityLabel]) ?? labelled(labels) };
}

/** Kubernetes' labels of nodes, which tools copy to what runs there. */
function labelled(labels: Workload['labels']): Locality {
  const { 'topology.kubernetes.io/region': region = '', 'topology.kubernetes.io/zone': zone = '' } = labels;
  return localityAt(region, zone);
}

/** `region/zone/subzone`; in a label, which has no slashes, divided by dots. */
function localityOf(written: string | undefined): Locality | undefined {
  if (written === undefined || written === '') return undefined;
  const [region = '', zone = '', ...subzone] = written.split(written.includes('/') ? '/' : '.');
  return localityAt(region, zone, subzone.join('/'));
}

/** WorkloadEntries under each of their labels, by namespace. */
export function workloadsByLabel(engine: Engine, entries: Collection<WorkloadEntry>): Index<Workload> {
  const workloads = engine.map('workloads', entries, entryWorkload);
  return engine.index('workloads by label', workloads, ({ namespace, labels }) =>
    Object.entries(labels).map(([label, value]) => labelKey(namespace, label, value)),
  );
}

/** The workloads of a namespace that bear all labels of a selector, which is not empty. */
export function selectWorkloads(
  context: Context,
  byLabel: Index<Workload>,
  namespace: string,
  selector: Readonly<Record<string, string>>,
): readonly Workload[] {
  const [first, ...others] = Object.entries(selector).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (first === undefined) return [];
  const candidates = context.lookup(byLabel, labelKey(namespace, ...first));
  return candidates.filter(({ labels }) => others.every(([label, value]) => labels[label] === value));
}

function labelKey(namespace: string, label: string, value: string): string {
  return `${namespace}/${label}=${value}`;
}
