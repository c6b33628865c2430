/** What decides who may call a service, out of the mesh model. No expression of a tenant is matched here. */
import { hostCandidates } from '../../mesh/services/host-names.ts';
import { isVisibleTo } from '../../mesh/services/visibility.ts';
import type { AccessPolicy, AccessRule } from '../../model/access.ts';
import type { AccessView, GuardedService } from '../../model/access-view.ts';
import type { EgressPort } from '../../model/egress.ts';
import { IsthmusError } from '../../model/errors.ts';
import { formatObject, type Place } from '../../model/finding.ts';
import type { MeshService } from '../../model/mesh-service.ts';
import { type ServiceKey, serviceKey } from '../../model/service.ts';
import { resourceKey } from '../../resources/kinds.ts';
import type { Pipeline } from '../pipeline.ts';
import { sortedValues } from './admin-views.ts';
import { nearHosts } from './near-hosts.ts';

/**
 * `written`: a service key, a host, or a name by which workloads of `namespace` call it. Of several services of one host,
 * that which this namespace gets. Undefined where there is none.
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
  const policies = identitiesOf(all).flatMap((identity) => mesh.accessPolicies.get(identity) ?? []);
  return {
    access: settings.access,
    trustDomain: settings.trustDomain,
    service: own,
    backends: others,
    policies,
    places: placesOf(pipeline, [...policies, ...(own.egress ?? [])]),
    others: (mesh.hosts.get(own.host)?.services ?? []).map(({ key }) => key).filter((key) => key !== own.key),
  };
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
  return {
    key,
    host,
    namespace,
    addresses,
    location,
    visibility,
    ...(retries === undefined ? {} : { retries }),
    ...(egress === undefined ? {} : { egress: egress.map(egressRules) }),
    ports: ports.map(({ port: { number, name, protocol }, split }) => ({
      number,
      name,
      protocol,
      ...(split === undefined ? {} : { split }),
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

/** Of splits, their routes say it. */
export function placesOf(
  { resources }: Pipeline,
  policies: readonly Pick<AccessPolicy, 'rules'>[],
): Readonly<Record<string, Place>> {
  const objects = policies.flatMap(({ rules }) => rules.map(({ object }) => object));
  const places = objects.flatMap((object) => {
    const kind = object.kind === 'Egress' ? 'Egress' : 'TrafficTarget';
    const key = resourceKey(kind, object.namespace ?? '', object.name);
    const place = object.kind === kind ? resources[kind].get(key)?.metadata.place : undefined;
    return place === undefined ? [] : [[formatObject(object), place] as const];
  });
  return Object.fromEntries(places);
}
