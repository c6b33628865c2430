/** One service with all that is in force for it: what `describe` shows. */
import type { Finding, ObjectRef } from '../../model/finding.ts';
import type { MeshService } from '../../model/mesh-service.ts';
import type { ServiceDescription } from '../../model/service-description.ts';
import type { Pipeline } from '../pipeline.ts';
import { allFindings, sortedValues } from './admin-views.ts';
import { ingressesOf, placesOf } from './policy-views.ts';

/**
 * `host` is a service key or a host name. Of several namespaces that declare a host, strangers' service is shown, and the
 * keys of the others are named. Undefined where there is none.
 */
export function describeService(pipeline: Pipeline, host: string): ServiceDescription | undefined {
  const { mesh } = pipeline;
  const [first, ...others] = mesh.hosts.get(host)?.services.map(({ key }) => key) ?? [];
  const service = mesh.meshServices.get(host) ?? mesh.meshServices.get(first ?? '');
  const [settings] = sortedValues(mesh.settings);
  if (service === undefined || settings === undefined) return undefined;
  const { key, provenance } = service.service;
  const written = [provenance.object, ...writersOf(service)];
  const concerns = (one: Finding): boolean =>
    written.some((origin) => isSame(one.object, origin)) ||
    one.message.split(/[\s,;:]+/).includes(service.service.host);
  const endpoints = [...mesh.groupsByService.lookup(key)];
  const ingresses = ingressesOf(mesh, key, endpoints);
  const grants = (service.egress ?? []).flatMap((port) => port.grants);
  const trafficSetting = mesh.trafficSettings.get(key);
  return {
    trustDomain: settings.trustDomain,
    service,
    endpoints,
    ingresses,
    ...(trafficSetting === undefined ? {} : { trafficSetting }),
    places: placesOf(pipeline, [...ingresses.map(({ ingress }) => ingress), ...grants]),
    findings: allFindings(pipeline).filter(concerns),
    others: key === first ? others : [],
  };
}

/** Who wrote how it is called. */
function writersOf({ policy, ports }: MeshService): readonly ObjectRef[] {
  const ofPorts = ports.flatMap(({ routes, split = [] }) => [routes, ...(routes?.routes ?? []), ...split]);
  return [policy, policy.overridden, ...ofPorts].flatMap((one) => one?.origin?.object ?? []);
}

function isSame(a: ObjectRef, b: ObjectRef): boolean {
  return a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '');
}
