/**
 * Whose traffic proxies counted: what they reported of their clusters, joined with the mesh model.
 *
 *   reports --> stands behind which services, got what at its ports, sent what to which services --+
 *   services, namespaces, proxies ----------------------------------------------------------------+--> resources, with edges
 *
 * What a proxy got counts for a service only where the mesh knows its identity behind it, at the address and port where it
 * stands; what it says of clusters that nobody has counts for nobody.
 */
import { isVisibleTo } from '../../mesh/services/visibility.ts';
import { parseSpiffeId } from '../../model/identity.ts';
import type { ProxyNode } from '../../model/proxy.ts';
import type { Service, ServiceKey } from '../../model/service.ts';
import { noTraffic, sumOfTraffic, type Traffic, type TrafficReport } from '../../model/traffic.ts';
import type { ResourceName, TrafficEdge, TrafficKind, TrafficResource } from '../../model/traffic-resource.ts';
import type { Pipeline } from '../pipeline.ts';

/** One proxy, in the terms of the mesh. */
interface Observed {
  readonly proxy: ProxyNode;
  /** By the port of the workload. */
  readonly got: ReadonlyMap<number, Traffic>;
  /** By key of the service that was called. */
  readonly sent: ReadonlyMap<ServiceKey, Traffic>;
  /** Behind which it stands, with the ports at which it does; in order of keys. */
  readonly behind: ReadonlyMap<ServiceKey, ReadonlySet<number>>;
}

/** How a kind of resources looks at what was observed. */
interface Look {
  readonly name: ResourceName;
  readonly labels: Readonly<Record<string, string>>;
  /** What of a proxy's traffic is the resource's; undefined for none. */
  readonly gotBy: (observed: Observed) => Traffic | undefined;
  readonly isSender: (observed: Observed) => boolean;
  readonly isMeant: (service: ServiceKey) => boolean;
  readonly peerOfService: (service: ServiceKey) => ResourceName;
  readonly peerOfProxy: (observed: Observed) => ResourceName;
}

export function trafficResources(
  pipeline: Pick<Pipeline, 'mesh'>,
  reports: readonly TrafficReport[],
  kind: TrafficKind,
  namespace: string | undefined,
  name?: string,
): readonly TrafficResource[] {
  const observed = reports.map((report) => observe(pipeline, report));
  const looks = looksOf(pipeline, observed, kind).filter(
    (look) =>
      (namespace === undefined || look.name.namespace === namespace) && (name === undefined || look.name.name === name),
  );
  return looks.map((look) => resourceOf(look, observed)).toSorted((a, b) => compareNames(a.name, b.name));
}

function observe(pipeline: Pick<Pipeline, 'mesh'>, { proxy, clusters }: TrafficReport): Observed {
  const got = new Map<number, Traffic>();
  const sent = new Map<ServiceKey, Traffic>();
  for (const [cluster, traffic] of clusters) {
    const [direction, port = '', , host = ''] = cluster.split('|');
    if (direction === 'inbound') got.set(Number(port), traffic);
    const service = direction === 'outbound' ? serviceCalled(pipeline, host, proxy.namespace) : undefined;
    if (service !== undefined) sent.set(service, sumOfTraffic([sent.get(service) ?? noTraffic, traffic]));
  }
  return { proxy, got, sent, behind: servicesBehind(pipeline, proxy) };
}

/** That of its own namespace first, as its proxy is told. */
function serviceCalled({ mesh }: Pick<Pipeline, 'mesh'>, host: string, namespace: string): ServiceKey | undefined {
  const services = mesh.hosts.get(host)?.services ?? [];
  const called =
    services.find((one) => one.namespace === namespace) ??
    services.find(({ visibility }) => isVisibleTo(visibility, namespace));
  return called?.key;
}

function servicesBehind({ mesh }: Pick<Pipeline, 'mesh'>, { identity, addresses }: ProxyNode): Observed['behind'] {
  const behind = new Map<ServiceKey, Set<number>>();
  for (const { service, endpoints } of mesh.endpointGroups.values()) {
    for (const endpoint of endpoints) {
      if (endpoint.identity !== identity || !addresses.includes(endpoint.address)) continue;
      behind.set(service, (behind.get(service) ?? new Set()).add(endpoint.port));
    }
  }
  return new Map([...behind].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function looksOf(pipeline: Pick<Pipeline, 'mesh'>, observed: readonly Observed[], kind: TrafficKind): readonly Look[] {
  const { mesh } = pipeline;
  const services = [...mesh.services.values()];
  const serviceNamed = (key: ServiceKey): ResourceName => {
    const service = mesh.services.get(key);
    return service === undefined ? { kind: 'Service', name: key } : nameOfService(service);
  };
  if (kind === 'services') return services.map((service) => lookOfService(service, serviceNamed));
  if (kind === 'pods') return observed.map((one) => lookOfProxy(one, serviceNamed));
  const namespaces = [...services.map(({ namespace }) => namespace), ...observed.map(({ proxy }) => proxy.namespace)];
  return [...new Set(namespaces)].map(lookOfNamespace);
}

function lookOfService(service: Service, serviceNamed: (key: ServiceKey) => ResourceName): Look {
  const { key, labels } = service;
  return {
    name: nameOfService(service),
    labels,
    gotBy: ({ got, behind }) => {
      const ports = behind.get(key);
      return ports === undefined ? undefined : sumOfTraffic([...ports].flatMap((port) => got.get(port) ?? []));
    },
    isSender: ({ behind }) => behind.has(key),
    isMeant: (called) => called === key,
    peerOfService: serviceNamed,
    peerOfProxy: ({ proxy, behind }) => {
      const [only, another] = behind.keys();
      return only === undefined || another !== undefined ? accountOf(proxy) : serviceNamed(only);
    },
  };
}

/** Callers count by service, and not by the endpoint that they came to: nobody's requests are known to be this one's. */
function lookOfProxy(one: Observed, serviceNamed: (key: ServiceKey) => ResourceName): Look {
  const { proxy } = one;
  return {
    name: { kind: 'Pod', namespace: proxy.namespace, name: proxy.workload || proxy.id },
    labels: proxy.labels,
    gotBy: (observed) => (observed === one ? sumOfTraffic(observed.got.values()) : undefined),
    isSender: (observed) => observed === one,
    isMeant: () => false,
    peerOfService: serviceNamed,
    peerOfProxy: ({ proxy: peer }) => accountOf(peer),
  };
}

function lookOfNamespace(namespace: string): Look {
  const named = (name: string): ResourceName => ({ kind: 'Namespace', name });
  return {
    name: named(namespace),
    labels: {},
    gotBy: ({ proxy, got }) => (proxy.namespace === namespace ? sumOfTraffic(got.values()) : undefined),
    isSender: ({ proxy }) => proxy.namespace === namespace,
    isMeant: (service) => service.startsWith(`${namespace}/`),
    peerOfService: (service) => named(service.slice(0, service.indexOf('/'))),
    peerOfProxy: ({ proxy }) => named(proxy.namespace),
  };
}

function resourceOf(look: Look, observed: readonly Observed[]): TrafficResource {
  return {
    name: look.name,
    labels: look.labels,
    traffic: sumOfTraffic(observed.flatMap((one) => look.gotBy(one) ?? [])),
    edges: () => edgesOf(look, observed),
  };
}

function edgesOf(look: Look, observed: readonly Observed[]): readonly TrafficEdge[] {
  const to = observed
    .filter(look.isSender)
    .flatMap(({ sent }) => [...sent].map(([service, traffic]) => ({ peer: look.peerOfService(service), traffic })));
  const from = observed.flatMap((one) =>
    [...one.sent]
      .filter(([service]) => look.isMeant(service))
      .map(([, traffic]) => ({ peer: look.peerOfProxy(one), traffic })),
  );
  return [...edges('from', from), ...edges('to', to)];
}

/** All of them are counted where the requests are made. */
function edges(
  direction: TrafficEdge['direction'],
  parts: readonly Pick<TrafficEdge, 'peer' | 'traffic'>[],
): readonly TrafficEdge[] {
  const groups = Map.groupBy(parts, ({ peer }) => `${peer.kind} ${peer.namespace ?? ''}/${peer.name}`);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, group]) => {
      const [first] = group;
      const traffic = sumOfTraffic(group.map((part) => part.traffic));
      return first === undefined ? [] : [{ direction, side: 'client' as const, peer: first.peer, traffic }];
    });
}

/** Of Kubernetes, its own name; of all others, the host. */
function nameOfService({ namespace, host, provenance }: Service): ResourceName {
  return { kind: 'Service', namespace, name: provenance.object.kind === 'Service' ? provenance.object.name : host };
}

function accountOf({ identity = '', namespace, serviceAccount }: ProxyNode): ResourceName {
  const known = parseSpiffeId(identity);
  return {
    kind: 'ServiceAccount',
    namespace: known?.namespace ?? namespace,
    name: known?.serviceAccount ?? serviceAccount,
  };
}

function compareNames(a: ResourceName, b: ResourceName): number {
  const keys = [a, b].map(({ namespace = '', name }) => `${namespace}/${name}`);
  return (keys[0] ?? '') < (keys[1] ?? '') ? -1 : 1;
}
