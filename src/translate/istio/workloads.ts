/** Endpoints as Istio knows them: by workload, with all of its ports. */
import type { Endpoint, EndpointGroup, Locality } from '../../model/endpoint.ts';
import type { Service, ServicePort } from '../../model/service.ts';

export type Labels = Readonly<Record<string, string>>;

/** The spec of a WorkloadEntry, and an endpoint of a ServiceEntry. */
export interface IstioWorkload {
  readonly address: string;
  readonly ports?: Readonly<Record<string, number>>;
  readonly labels?: Labels;
  readonly network?: string;
  readonly locality?: string;
  readonly weight?: number;
  readonly serviceAccount?: string;
}

export interface IstioWorkloads {
  /** Ports of the service that every one of the workloads has. */
  readonly ports: readonly ServicePort[];
  readonly workloads: readonly IstioWorkload[];
  /** What had to be left out, in words. */
  readonly leftOut: readonly string[];
}

interface Workload {
  readonly endpoint: Endpoint;
  readonly locality: Locality;
  /** Where it listens, by the number of the service's port. */
  readonly ports: Map<number, number>;
}

/**
 * Istio takes a workload that says nothing of a port to listen at the service's own number. So a port that some workloads
 * lack cannot be said: the port that most have counts, the workloads that have it, and the ports that all of these have.
 */
export function istioWorkloads(service: Service, groups: readonly EndpointGroup[]): IstioWorkloads {
  const all = mergedByWorkload(service, groups);
  const countOf = ({ number }: ServicePort): number => all.filter(({ ports }) => ports.has(number)).length;
  const main = service.ports.toSorted((a, b) => countOf(b) - countOf(a) || a.number - b.number)[0];
  const those = all.filter(({ ports }) => main !== undefined && ports.has(main.number));
  const [common, partial] = [true, false].map((isCommon) =>
    service.ports.filter(({ number }) => those.every(({ ports }) => ports.has(number)) === isCommon),
  );
  const leftOut = [
    ...(partial ?? []).map(({ name }) => `port ${name}, which not every endpoint has`),
    ...(those.length === all.length
      ? []
      : [`${all.length - those.length} endpoints, which lack port ${main?.name ?? ''}`]),
  ];
  const ports = common ?? [];
  return { ports, workloads: those.map((one) => istioWorkload(one, ports)), leftOut };
}

/** The model has an endpoint a port: those that agree on all but the port are one workload. */
function mergedByWorkload(service: Service, groups: readonly EndpointGroup[]): readonly Workload[] {
  const merged = new Map<string, Workload>();
  for (const group of groups.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    if (!service.ports.some(({ number }) => number === group.port)) continue;
    for (const endpoint of group.endpoints) {
      if (endpoint.health !== 'healthy') continue;
      const key = workloadKey(endpoint, group.locality, group.port, merged);
      const known = merged.get(key) ?? { endpoint, locality: group.locality, ports: new Map<number, number>() };
      known.ports.set(group.port, endpoint.port);
      merged.set(key, known);
    }
  }
  return [...merged.values()];
}

/** Two endpoints of one address at one port of the service are two workloads. */
function workloadKey(
  { address, labels, network, weight, identity }: Endpoint,
  locality: Locality,
  port: number,
  merged: ReadonlyMap<string, Workload>,
): string {
  const sorted = Object.entries(labels).sort();
  for (let copy = 0; ; copy++) {
    const key = JSON.stringify([address, locality, sorted, network, weight, identity, copy]);
    if (merged.get(key)?.ports.has(port) !== true) return key;
  }
}

function istioWorkload({ endpoint, locality, ports }: Workload, common: readonly ServicePort[]): IstioWorkload {
  const { address, labels, network, weight, identity } = endpoint;
  const place = [locality.region, locality.zone, locality.subzone].join('/').replace(/\/+$/, '');
  const serviceAccount = identity?.split('/sa/').at(1);
  const own = address.startsWith('unix://') ? [] : common.flatMap((port) => ownPort(port, ports));
  return {
    address,
    ...(own.length === 0 ? {} : { ports: Object.fromEntries(own) }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(network === '' ? {} : { network }),
    ...(place === '' ? {} : { locality: place }),
    ...(weight === 1 ? {} : { weight }),
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
  };
}

/** Said only where it is not the target port anyway. */
function ownPort(
  { number, name, targetPort }: ServicePort,
  ports: ReadonlyMap<number, number>,
): readonly [string, number][] {
  const own = ports.get(number);
  return own === undefined || own === targetPort ? [] : [[name, own]];
}
