/**
 * IngressBackends: what a workload's port takes from outside the mesh.
 *
 *   IngressBackend + the services and groups that it names, endpoints of its sources --> ingress of a service's port
 *
 * Each port has one policy, the oldest; a second is a finding, and so is whatever leaves one without effect. A source that
 * is not there, or that nothing can tell from others, lets nobody in.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { EndpointGroup } from '../../model/endpoint.ts';
import { type FindingDetails, finding, formatObject } from '../../model/finding.ts';
import type { FindingCode } from '../../model/finding-catalogue.ts';
import type { PortIngress } from '../../model/ingress.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { Service } from '../../model/service.ts';
import type { HTTPRouteGroup, IngressBackend, IngressBackendService } from '../../resources/kinds.ts';
import { isIpAddress } from '../endpoints/ip-address.ts';
import { about, byAge, type Described } from '../resource-order.ts';
import { ownService } from '../services/own-service.ts';
import { settingsOf } from '../settings.ts';
import { namedRequests } from './named-requests.ts';

interface Tables {
  readonly settings: Collection<MeshSettings>;
  readonly services: Collection<Service>;
  readonly groupsByService: Index<EndpointGroup>;
  readonly ingressBackends: Collection<IngressBackend>;
  readonly routeGroups: Collection<HTTPRouteGroup>;
}

export interface BackendIngress {
  /** `<service key>|<target port>`. */
  readonly key: string;
  readonly ingress: PortIngress;
}

interface Candidate extends BackendIngress {
  readonly id: string;
  readonly policy: Described;
  readonly path: string;
}

export function ingressKey(service: string, targetPort: number): string {
  return `${service}|${targetPort}`;
}

/** By service key and target port. */
export function backendIngresses(engine: Engine, tables: Tables): Collection<BackendIngress> {
  const candidates = engine.flatMap(
    'ingress backends',
    tables.ingressBackends,
    (policy, context) => candidatesOf(policy, context, tables),
    { key: ({ id }: Candidate) => id },
  );
  return engine.groupBy(
    'ingress by port',
    candidates,
    ({ key }) => [key],
    (key, members, context) => {
      const [first, ...others] = members.toSorted((a, b) => byAge(a.policy, b.policy));
      if (first === undefined) return undefined;
      for (const { policy, path } of others) {
        const message = `${formatObject(first.ingress.object)} is in force for ${key} instead.`;
        context.report(finding('ISTH1412', { ...about(policy), path, message }));
      }
      return { key, ingress: first.ingress };
    },
  );
}

function candidatesOf(policy: IngressBackend, context: Context, tables: Tables): readonly Candidate[] {
  const { kind, key, metadata, spec } = policy;
  const { access, disabledPolicies = [] } = settingsOf(context, tables.settings);
  const report = (code: FindingCode, details: Omit<FindingDetails, 'object'>) =>
    context.report(finding(code, { ...about(policy), ...details }));
  if (disabledPolicies.includes('IngressBackend')) {
    const message = "It is switched off by featureFlags.enableIngressBackendPolicy of Open Service Mesh's MeshConfig.";
    report('ISTH1411', { message });
    return [];
  }
  if (access === 'Disabled' && spec.backends.length > 0)
    report('ISTH1413', { message: 'The mesh speaks plaintext with everybody: it keeps nobody out.' });
  const sources = sourcesOf(policy, context, tables);
  const requests = namedRequests(policy, context, tables.routeGroups);
  return spec.backends.flatMap((backend, at) => {
    const path = `spec.backends[${at}]`;
    const service = ownService(metadata.namespace, backend.name, context, tables);
    if (service === undefined) {
      report('ISTH1410', { path, message: `There is no ${backend.name} in namespace ${metadata.namespace}.` });
      return [];
    }
    const ports = portsOf(service, context, tables);
    if (ports.length > 0 && !ports.includes(backend.port)) {
      const message = `No workload of ${service.host} listens on port ${backend.port}, as far as is known.`;
      report('ISTH1410', { path: `${path}.port.number`, message });
    }
    const who = openFor(backend, sources);
    if (typeof who === 'string') {
      report('ISTH1411', { path, message: `${who}: nobody gets in by it.` });
      return [];
    }
    if (requests.length === 0) return [];
    return [
      {
        id: `${key}|${at}`,
        policy: { kind, key, metadata },
        path,
        key: ingressKey(service.key, backend.port),
        ingress: { object: about(policy).object, requests, ...who },
      },
    ];
  });
}

interface Sources {
  readonly ranges: readonly string[];
  readonly principals: readonly string[];
  /** Whether a Service or a range is written, whatever is left of it. */
  readonly namesRanges: boolean;
}

/** Of both kinds one has to hold. What is left open is text: why nobody is let in. */
function openFor({ tls }: IngressBackendService, sources: Sources): Pick<PortIngress, 'ranges' | 'tls'> | string {
  const { ranges, principals, namesRanges } = sources;
  if (namesRanges && ranges.length === 0) return 'None of its sources has an address';
  if (tls === undefined) return namesRanges ? { ranges } : 'In plain text nobody can be told but by his address';
  const { sniHosts, validatesClients } = tls;
  const isAnybody = principals.includes('*');
  const open = { ranges: namesRanges ? ranges : ('any' as const) };
  if (!validatesClients)
    return namesRanges || isAnybody
      ? { ...open, tls: { sniHosts } }
      : 'Without their certificates its clients can only be told by their addresses';
  if (principals.length === 0) return 'No source says whose certificates it takes';
  return { ...open, tls: { sniHosts, principals: isAnybody ? 'any' : principals } };
}

function sourcesOf(policy: IngressBackend, context: Context, tables: Tables): Sources {
  const ranges = new Set<string>();
  const principals = new Set<string>();
  const { sources } = policy.spec;
  for (const [at, source] of sources.entries()) {
    if (source.kind === 'AuthenticatedPrincipal') principals.add(source.name);
    else if (source.kind === 'IPRange') ranges.add(source.range);
    else {
      const service = ownService(source.namespace, source.name, context, tables);
      const addresses = service === undefined ? [] : addressesOf(service, context, tables);
      for (const address of addresses) ranges.add(`${address}/${address.includes(':') ? 128 : 32}`);
      if (addresses.length > 0) continue;
      const what = service === undefined ? 'There is no' : 'There is no endpoint with an address of';
      const message = `${what} ${source.name} in namespace ${source.namespace}: nobody is let in by it.`;
      context.report(finding('ISTH1414', { ...about(policy), path: `spec.sources[${at}]`, message }));
    }
  }
  const namesRanges = sources.some(({ kind }) => kind !== 'AuthenticatedPrincipal');
  return { ranges: [...ranges].sort(), principals: [...principals].sort(), namesRanges };
}

function addressesOf({ key }: Service, context: Context, { groupsByService }: Tables): readonly string[] {
  const endpoints = context.lookup(groupsByService, key).flatMap((group) => group.endpoints);
  return [...new Set(endpoints.map(({ address }) => address).filter(isIpAddress))];
}

function portsOf({ key }: Service, context: Context, { groupsByService }: Tables): readonly number[] {
  const endpoints = context.lookup(groupsByService, key).flatMap((group) => group.endpoints);
  return [...new Set(endpoints.map(({ port }) => port))];
}
