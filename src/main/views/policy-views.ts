/** What decides who may call a service, out of the mesh model. No expression of a tenant is matched here. */
import { ingressKey } from '../../mesh/access/ingress-backends.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { hostCandidates } from '../../mesh/services/host-names.ts';
import { isVisibleTo } from '../../mesh/services/visibility.ts';
import type { AccessPolicy, AccessRule } from '../../model/access.ts';
import type { AccessView, GuardedService } from '../../model/access-view.ts';
import type { EgressPort } from '../../model/egress.ts';
import type { EndpointGroup } from '../../model/endpoint.ts';
import { IsthmusError } from '../../model/errors.ts';
import { formatObject, type ObjectRef, type Place } from '../../model/finding.ts';
import { parseSpiffeId } from '../../model/identity.ts';
import { defaultIstioSettings } from '../../model/istio-settings.ts';
import type { MeshService, MeshSettings } from '../../model/mesh-service.ts';
import { type ServiceKey, serviceKey } from '../../model/service.ts';
import { resourceKey } from '../../resources/kinds.ts';
import type { Pipeline } from '../pipeline.ts';
import { sortedValues } from './admin-views.ts';
import { nearHosts } from './near-hosts.ts';

/**
 * `written`: a service key, a host, or a name by which workloads of `namespace` call it. Of several services of one host,
 * that which this namespace gets. Undefined where there is none. Throws BAD_DATA where more decides than is told.
 */
export function accessView(pipeline: Pipeline, written: string, namespace: string | undefined): AccessView | undefined {
  const { mesh } = pipeline;
  const [settings] = sortedValues(mesh.settings);
  const service = findMeshService(pipeline, written, namespace);
  if (service === undefined || settings === undefined) return undefined;
  const backends = backendsOf(service).flatMap((key) => mesh.meshServices.get(key) ?? []);
  const all = [service, ...backends].map((one) => guarded(pipeline, one));
  const [own, ...others] = all;
  if (own === undefined) return undefined;
  const identities = identitiesOf(all);
  const policies = identities.flatMap((identity) => mesh.accessPolicies.get(identity) ?? []);
  requireTold(pipeline, settings, [service, ...backends]);
  const namespaces = new Set(identities.flatMap((identity) => parseSpiffeId(identity)?.namespace ?? []));
  const objects = [
    ...rulesOf(policies),
    ...rulesOf(own.egress ?? []),
    ...(own.ingresses ?? []).map(({ ingress }) => ingress),
  ];
  return {
    access: settings.access,
    trustDomain: settings.trustDomain,
    service: own,
    backends: others,
    policies,
    requestPolicies: [...namespaces].sort().flatMap((one) => [...mesh.requestPolicies.lookup(one)]),
    places: placesOf(pipeline, objects),
    others: (mesh.hosts.get(own.host)?.services ?? []).map(({ key }) => key).filter((key) => key !== own.key),
  };
}

/** What is decided by labels of workloads is not told here: an answer without regard to it would be another one. */
function requireTold(
  { resources }: Pipeline,
  { access, rootNamespace, istio = defaultIstioSettings }: MeshSettings,
  services: readonly MeshService[],
): void {
  if (access === 'Disabled') return;
  const namespaces = new Set([rootNamespace, istio.rootNamespace, ...services.map(({ service }) => service.namespace)]);
  const policy = sortedValues(resources.AuthorizationPolicy).find(
    ({ spec, metadata }) =>
      spec.action !== 'AUDIT' && spec.targetRefs.length === 0 && namespaces.has(metadata.namespace),
  );
  if (policy === undefined) return;
  const { kind, metadata } = policy;
  const name = formatObject({ kind, namespace: metadata.namespace, name: metadata.name });
  throw new IsthmusError(
    'BAD_DATA',
    `${name} may decide who calls here, by labels of workloads, for which this does not answer: see its findings.`,
  );
}

/** For commands that look at manifests. Throws BAD_DATA where there is no such service, with the names that come near. */
export function requireAccessView(pipeline: Pipeline, written: string, namespace: string | undefined): AccessView {
  const view = accessView(pipeline, written, namespace);
  if (view !== undefined) return view;
  const near = nearHosts(written, pipeline.mesh.hosts.keys());
  const hint = near.length === 0 ? '"isthmus services" lists what there is.' : `Did you mean ${near.join(' or ')}?`;
  throw new IsthmusError('BAD_DATA', `There is no service "${written}". ${hint}`);
}

function findMeshService({ mesh }: Pipeline, written: string, namespace: string | undefined): MeshService | undefined {
  const exact = mesh.meshServices.get(written);
  if (exact !== undefined) return exact;
  const clusterDomain = sortedValues(mesh.settings)[0]?.clusterDomain ?? '';
  for (const host of hostCandidates(written, namespace ?? '', clusterDomain)) {
    const services = mesh.hosts.get(host)?.services ?? [];
    const best =
      services.find((one) => one.namespace === namespace) ??
      services.find(({ visibility }) => namespace !== undefined && isVisibleTo(visibility, namespace)) ??
      services[0];
    if (best !== undefined) return mesh.meshServices.get(best.key);
  }
  return undefined;
}

/** Backends of a split are services of its own namespace. */
function backendsOf({ service, ports }: MeshService): readonly ServiceKey[] {
  const hosts = ports.flatMap(({ split = [] }) =>
    split.flatMap(({ destinations }) => destinations.map(({ destination }) => destination.host)),
  );
  const keys = new Set(hosts.map((host) => serviceKey(service.namespace, host)));
  keys.delete(service.key);
  return [...keys].sort();
}

function guarded({ mesh }: Pipeline, { service, addresses, ports, retries, egress }: MeshService): GuardedService {
  const { key, host, namespace, location, visibility } = service;
  const groups = [...mesh.groupsByService.lookup(key)];
  const ingresses = ingressesOf(mesh, key, groups);
  return {
    key,
    host,
    namespace,
    addresses,
    location,
    visibility,
    ...(retries === undefined ? {} : { retries }),
    ...(egress === undefined ? {} : { egress: egress.map(egressRules) }),
    ...(ingresses.length === 0 ? {} : { ingresses }),
    ports: ports.map(({ port: { number, name, protocol }, split, codec }) => ({
      number,
      name,
      protocol,
      ...(split === undefined ? {} : { split }),
      ...(codec === undefined ? {} : { codec: codec.protocol.codec }),
      endpoints: groups
        .filter(({ port }) => port === number)
        .flatMap(({ endpoints }) => endpoints)
        .map(({ address, port, health, identity, workload }) => ({
          address,
          port,
          health,
          ...(identity === undefined ? {} : { identity }),
          ...(workload === undefined ? {} : { workload }),
        })),
    })),
  };
}

/** What workloads of a service take from outside the mesh, in order of their own ports. */
export function ingressesOf(
  { ingresses }: Mesh,
  key: ServiceKey,
  groups: readonly EndpointGroup[],
): NonNullable<GuardedService['ingresses']> {
  const ports = new Set(groups.flatMap(({ endpoints }) => endpoints.map(({ port }) => port)));
  return [...ports]
    .sort((a, b) => a - b)
    .flatMap((port) => {
      const ingress = ingresses.get(ingressKey(key, port))?.ingress;
      return ingress === undefined ? [] : [{ port, ingress }];
    });
}

function egressRules({ number, grants }: EgressPort): {
  readonly number: number;
  readonly rules: readonly AccessRule[];
} {
  return {
    number,
    rules: grants.map(({ object, callers, requests }) => ({ object, sources: callers, ports: 'any', requests })),
  };
}

function identitiesOf(services: readonly GuardedService[]): readonly string[] {
  const endpoints = services.flatMap(({ ports }) => ports.flatMap((port) => port.endpoints));
  return [...new Set(endpoints.flatMap(({ identity }) => identity ?? []))].sort();
}

/** Where what decides is written. Of splits and policies for requests, they say it themselves. */
export function placesOf(
  { resources }: Pipeline,
  said: readonly { readonly object: ObjectRef }[],
): Readonly<Record<string, Place>> {
  const places = said.flatMap(({ object }) => {
    const kind = deciding.find((one) => one === object.kind);
    if (kind === undefined) return [];
    const key = resourceKey(kind, object.namespace ?? '', object.name);
    const place = resources[kind].get(key)?.metadata.place;
    return place === undefined ? [] : [[formatObject(object), place] as const];
  });
  return Object.fromEntries(places);
}

const deciding = ['TrafficTarget', 'Egress', 'IngressBackend'] as const;

function rulesOf(policies: readonly Pick<AccessPolicy, 'rules'>[]): readonly AccessRule[] {
  return policies.flatMap(({ rules }) => rules);
}
