/** Who may call a service: by each rule that has a say, whom it is for and what it permits. Pure. */
import type { AccessRule } from '../../model/access.ts';
import type { AccessView, GuardedPort, GuardedService } from '../../model/access-view.ts';
import { formatObject, type ObjectRef, type Place } from '../../model/finding.ts';
import { parseSpiffeId } from '../../model/identity.ts';
import { type NamedCondition, pathRegexOf, type RoutedRequest } from '../../model/routed-request.ts';
import { isHttp } from '../../model/service.ts';
import { outsideSources } from './policy-ingress.ts';
import { serviceAt } from './policy-verdict.ts';

/** One caller, by one rule of one identity. */
export interface PermittedCaller {
  /** A SPIFFE id; any: whoever has a certificate of the mesh. In words, one from outside the mesh. */
  readonly caller: string;
  /** The service behind whose ports the identity stands: not that asked for where a split leads elsewhere. */
  readonly host: string;
  /** The SPIFFE id that permits it; absent outside the mesh. */
  readonly identity?: string;
  /** Of the service. */
  readonly ports: readonly number[];
  readonly requests: AccessRule['requests'];
  readonly object: ObjectRef;
  readonly place?: Place;
}

/** In the order of services, identities, rules and callers. */
export function permittedCallers(view: AccessView, ports: readonly GuardedPort[]): readonly PermittedCaller[] {
  if (view.service.egress !== undefined) return outsideCallers(view, ports);
  const fromMesh = guardedBy(view, ports).flatMap(({ service, ports: concerned }) => {
    const behind = new Set(concerned.flatMap(({ endpoints }) => endpoints.flatMap(({ identity }) => identity ?? [])));
    return [...behind].sort().flatMap((identity) => {
      const rules = view.policies.find(({ key }) => key === identity)?.rules ?? [];
      return rules.flatMap((rule) => callersBy(view, rule, identity, service.host, concerned));
    });
  });
  return [...fromMesh, ...fromOutside(view, ports)];
}

function fromOutside(view: AccessView, ports: readonly GuardedPort[]): readonly PermittedCaller[] {
  return outsideSources(view, ports).map(({ ingress: { object, requests }, ...source }) => {
    const place = view.places[formatObject(object)];
    const more = { host: view.service.host, requests, object };
    return { ...source, ...more, ...(place === undefined ? {} : { place }) };
  });
}

function outsideCallers({ service, places }: AccessView, ports: readonly GuardedPort[]): readonly PermittedCaller[] {
  const asked = (service.egress ?? []).filter(({ number }) => ports.some((port) => port.number === number));
  return asked.flatMap(({ number, rules }) =>
    rules.flatMap(({ sources, requests, object }) => {
      const place = places[formatObject(object)];
      const callers = sources === 'any' ? ['any'] : sources;
      const by = { requests, object, ...(place === undefined ? {} : { place }) };
      return callers.map((caller) => ({ caller, host: service.host, ports: [number], ...by }));
    }),
  );
}

/** Where what is sent to the ports may come to. */
function guardedBy(
  view: AccessView,
  ports: readonly GuardedPort[],
): readonly { readonly service: GuardedService; readonly ports: readonly GuardedPort[] }[] {
  const own = ports.filter(({ split = [] }) => !split.some(({ requests }) => requests === 'any'));
  const elsewhere = new Map<string, Set<number>>();
  for (const { destination } of ports.flatMap(({ split = [] }) => split.flatMap((route) => route.destinations))) {
    const numbers = elsewhere.get(destination.host) ?? new Set();
    elsewhere.set(destination.host, numbers.add(destination.port));
  }
  const { service } = view;
  const numbersAt = (host: string): ReadonlySet<number> => elsewhere.get(host) ?? new Set();
  const still = new Set([...own.map(({ number }) => number), ...numbersAt(service.host)]);
  const hosts = [...elsewhere.keys()].filter((host) => host !== service.host).sort();
  const backends = hosts.flatMap((host) => {
    const backend = serviceAt(view, host);
    return backend === undefined ? [] : [{ service: backend, numbers: numbersAt(host) }];
  });
  return [{ service, numbers: still }, ...backends].map(({ service: at, numbers }) => ({
    service: at,
    ports: at.ports.filter(({ number }) => numbers.has(number)),
  }));
}

function callersBy(
  view: AccessView,
  rule: AccessRule,
  identity: string,
  host: string,
  ports: readonly GuardedPort[],
): readonly PermittedCaller[] {
  if (rule.requests !== 'any' && rule.requests.length === 0) return [];
  const open = ports.filter(
    ({ protocol, endpoints }) =>
      (rule.requests === 'any' || isHttp(protocol)) &&
      endpoints.some((one) => one.identity === identity && (rule.ports === 'any' || rule.ports.includes(one.port))),
  );
  if (open.length === 0) return [];
  const place = view.places[formatObject(rule.object)];
  const callers = rule.sources === 'any' ? ['any'] : rule.sources;
  return callers.map((caller) => ({
    caller,
    host,
    identity,
    ports: open.map(({ number }) => number),
    requests: rule.requests,
    object: rule.object,
    ...(place === undefined ? {} : { place }),
  }));
}

/** `namespace/account` for one of the mesh's own trust domain. */
export function formatIdentity(id: string | undefined, trustDomain: string): string {
  if (id === undefined) return 'outside the mesh';
  const known = parseSpiffeId(id);
  return known?.trustDomain === trustDomain ? `${known.namespace}/${known.serviceAccount}` : id;
}

export function formatRequests(requests: readonly RoutedRequest[] | 'any'): string {
  return requests === 'any' ? 'any' : requests.map(formatCondition).join(' or ');
}

/** `GET,POST /books user-agent=.*`, without what is for any. */
export function formatCondition(condition: RoutedRequest): string {
  const { methods, headers, query = [], withoutHeaders = [], sourceNamespace } = condition;
  const named = ({ name, regex }: NamedCondition) => (regex === undefined ? name : `${name}=${regex}`);
  const parts = [
    methods.join(','),
    pathRegexOf(condition),
    ...headers.map(named),
    ...query.map((one) => `?${named(one)}`),
    ...withoutHeaders.map((one) => `not ${named(one)}`),
    ...(sourceNamespace === undefined ? [] : [`from ${sourceNamespace}`]),
  ];
  return parts.filter((part) => part !== '').join(' ') || 'any HTTP';
}

/** `TrafficTarget shop/books (mesh.yaml:3:1)`. */
export function formatSource(object: ObjectRef, place: Place | undefined): string {
  const where = place === undefined ? '' : ` (${place.file}:${place.line}:${place.column})`;
  return `${formatObject(object)}${where}`;
}
