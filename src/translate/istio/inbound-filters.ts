/**
 * Before workloads: EnvoyFilters for each port of a service whose requests are read or whose callers are narrowed, for the
 * workloads that the service selects. Istio tells connections apart there by the port that the workload listens on, which
 * need not be the service's. Who may connect stands in an object of its own: all proxies keep to it, whatever they read.
 */
import type { ServiceOwner } from '../../mesh/services/service-owners.ts';
import type { EndpointGroup } from '../../model/endpoint.ts';
import { type Finding, finding } from '../../model/finding.ts';
import type { MeshPort, MeshService, MeshSettings } from '../../model/mesh-service.ts';
import type { RequestPolicy } from '../../model/request-policy.ts';
import type { Service } from '../../model/service.ts';
import { type ConfigPatch, envoyFilter, filterPatches, type PortFilters, scopedLabels } from './envoy-filters.ts';
import { accessFilters, accessFindings, servedPolicies } from './inbound-access.ts';
import { type IstioObject, type IstioTranslation, type IstioWriting, ownMetadata } from './istio-objects.ts';
import { objectName } from './object-names.ts';
import { inboundFilters, type PortRules, type ServedPort } from './port-filters.ts';

export interface ServedService {
  readonly meshService: MeshService;
  readonly owner: ServiceOwner;
  /** Those of the service. */
  readonly groups: readonly EndpointGroup[];
  /** All of its namespace. */
  readonly policies: readonly RequestPolicy[];
  readonly rulesOf: (port: number) => PortRules;
}

export function translateInboundFilters(
  served: ServedService,
  settings: MeshSettings,
  writing: IstioWriting,
): IstioTranslation {
  const { service, ports } = served.meshService;
  if (service.provenance.source === 'egress') return { objects: [], findings: [] };
  const translations = ports.map((meshPort) => portTranslation(served, meshPort, settings, writing));
  return {
    objects: translations.flatMap(({ objects }) => objects),
    findings: translations.flatMap(({ findings }) => findings),
  };
}

function portTranslation(
  { meshService: { service }, owner: { selector }, groups, policies: inNamespace, rulesOf }: ServedService,
  meshPort: MeshPort,
  settings: MeshSettings,
  writing: IstioWriting,
): IstioTranslation {
  const port = servedPort(service, meshPort);
  const { policies, findings } = servedPolicies(port, inNamespace, groups);
  if (selector === undefined) return { objects: [], findings: unselected(port, policies) };
  const numbers = targetPorts(meshPort, groups);
  const rules = rulesOf(meshPort.port.number);
  const readings = numbers.map((number) => ({ number, reading: inboundFilters(port, number, rules, settings) }));
  const reading = readings.flatMap(({ number, reading: { filters } }) =>
    filters === undefined ? [] : { number, filters },
  );
  const write = (what: string, at: readonly PortAt[]): readonly IstioObject[] =>
    objects(what, service, meshPort, at, selector, writing);
  return {
    objects: [
      ...write(
        'access',
        numbers.map((number) => ({ number, filters: accessFilters(policies, number) })),
      ),
      ...write('inbound', reading),
    ],
    findings: [
      ...findings,
      ...accessFindings(port, policies),
      ...(readings[0]?.reading.findings ?? []),
      ...contradiction(port, reading, selector),
    ],
  };
}

interface PortAt {
  /** What the workload listens on. */
  readonly number: number;
  readonly filters: PortFilters;
}

function objects(
  what: string,
  service: Service,
  { port: { number } }: MeshPort,
  at: readonly PortAt[],
  selector: Readonly<Record<string, string>>,
  writing: IstioWriting,
): readonly IstioObject[] {
  const [first] = at;
  const labels = first === undefined ? 'nobody' : scopedLabels(first.filters.scope, selector);
  const patches: readonly ConfigPatch[] = at.flatMap(({ number: targetPort, filters }) =>
    filterPatches({ side: 'inbound', targetPort }, filters),
  );
  if (patches.length === 0 || labels === 'nobody') return [];
  const { namespace, host, provenance } = service;
  const name = objectName(what, `${host}-${number}`, [namespace, host, number]);
  return [envoyFilter(ownMetadata(writing, provenance.object, { namespace, name }), patches, labels)];
}

function servedPort({ host, namespace, provenance }: Service, { port, codec, routes }: MeshPort): ServedPort {
  const { localRateLimit, globalRateLimit, origin } = routes ?? {};
  return {
    host,
    namespace,
    declaredBy: provenance.object,
    port,
    ...(codec === undefined ? {} : { codec }),
    ...(localRateLimit === undefined ? {} : { localRateLimit }),
    ...(globalRateLimit === undefined ? {} : { globalRateLimit }),
    ...(origin === undefined ? {} : { origin }),
  };
}

/** Each that some endpoint of the port stands at, ascending; where there is none yet, the one that is written. */
function targetPorts({ port: { number, targetPort } }: MeshPort, groups: readonly EndpointGroup[]): readonly number[] {
  const endpoints = groups.filter(({ port }) => port === number).flatMap((group) => group.endpoints);
  const found = new Set(endpoints.map(({ port }) => port).filter((port) => port > 0));
  return found.size === 0 ? [targetPort] : [...found].sort((a, b) => a - b);
}

/** Rules that have to hold before workloads, of a service that selects none. */
function unselected(port: ServedPort, policies: readonly RequestPolicy[]): readonly Finding[] {
  const message = `${port.host} selects no workloads by their labels: Istio's proxies before them keep to nothing that is asked for port ${port.port.number}.`;
  const access = policies.map(({ object, place }) =>
    finding('ISTH0714', { object, message, ...(place === undefined ? {} : { place }) }),
  );
  return [...unkeptLimits(port, message), ...access];
}

/** Limits before workloads that cannot have the labels of those whose proxies read the port. */
function contradiction(
  port: ServedPort,
  [first]: readonly PortAt[],
  selector: Readonly<Record<string, string>>,
): readonly Finding[] {
  if (first === undefined || scopedLabels(first.filters.scope, selector) !== 'nobody') return [];
  const message = `No workload of ${port.host} can have the labels that the MeshConfig asks of proxies that read port ${port.port.number}.`;
  return unkeptLimits(port, message);
}

function unkeptLimits({ localRateLimit, globalRateLimit, origin }: ServedPort, message: string): readonly Finding[] {
  const isLimited = localRateLimit !== undefined || globalRateLimit !== undefined;
  return origin === undefined || !isLimited ? [] : [finding('ISTH0714', { ...origin, message })];
}
