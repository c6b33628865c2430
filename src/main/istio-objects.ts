/**
 * What Istio is told, as one named collection: `istio objects`, by `Kind/namespace/name`. Each part of it is derived for
 * one service, workload or gateway at a time, and only while somebody is to write: elsewhere it holds nothing.
 */
import type { Collection, Context } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import type { ResourceCollections } from '../mesh/inputs.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { routeTableKey } from '../mesh/routing/route-tables.ts';
import { serviceOwner } from '../mesh/services/service-owners.ts';
import { meshKey, settingsOf } from '../mesh/settings.ts';
import { awaitedAddresses } from '../mesh/virtual-ips/awaited-addresses.ts';
import { rangesOfIstioToo } from '../mesh/virtual-ips/istio-ranges.ts';
import { finding } from '../model/finding.ts';
import type { Service, ServiceKey } from '../model/service.ts';
import type { VirtualIpLease } from '../model/virtual-ip.ts';
import { translateAlias } from '../translate/istio/alias-services.ts';
import { translateGatewayPort } from '../translate/istio/gateway-filters.ts';
import { translateInboundFilters } from '../translate/istio/inbound-filters.ts';
import {
  type IstioObject,
  type IstioTranslation,
  type IstioWriting,
  istioObjectKey,
} from '../translate/istio/istio-objects.ts';
import { translateOutboundFilters } from '../translate/istio/outbound-filters.ts';
import { isToldToIstio, translateServiceEntry, untoldEndpoints } from '../translate/istio/service-entries.ts';

interface IstioSources {
  readonly mesh: Mesh;
  readonly resources: ResourceCollections;
  readonly leases: Collection<VirtualIpLease>;
  /** Hosts for whom there is no address. */
  readonly addressless: Collection<ServiceKey>;
}

/** `writing`: for whom, under `mesh`. */
export function istioObjects(
  engine: Engine,
  { mesh, resources, leases, addressless }: IstioSources,
  writing: Collection<IstioWriting>,
): Collection<IstioObject> {
  const written = <I>(
    name: string,
    inputs: Collection<I>,
    translate: (input: I, writing: IstioWriting, context: Context) => IstioTranslation,
  ): Collection<IstioObject> =>
    engine.flatMap(
      name,
      inputs,
      (input, context) => {
        const forWhom = context.get(writing, meshKey);
        return forWhom === undefined ? [] : reported(context, translate(input, forWhom, context));
      },
      { key: istioObjectKey },
    );
  const isAwaited = awaitedAddresses(engine, { leases, addressless, virtualIpRanges: mesh.virtualIpRanges });
  const serviceEntries = written('istio service entries', mesh.meshServices, (meshService, forWhom, context) => {
    const { service } = meshService;
    if (!isToldToIstio(meshService, forWhom)) {
      return { objects: [], findings: untoldEndpoints(meshService, serviceOwner(context, resources, service)) };
    }
    const told = translateServiceEntry(meshService, context.lookup(mesh.groupsByService, service.key), forWhom);
    return isAwaited(service, context) ? awaiting(told) : told;
  });
  const rulesOf = (context: Context, service: Service) => (port: number) => {
    const key = routeTableKey(service.key, port);
    const routes = context.get(mesh.virtualServiceRoutes, key);
    const redis = context.get(mesh.redisPorts, key);
    return {
      ...serviceOwner(context, resources, service),
      ...(routes === undefined ? {} : { routes }),
      ...(redis === undefined ? {} : { redis }),
    };
  };
  const leasesByAddress = engine.index('leases by address that is dialled', leases, ({ ipv4, ipv6 }) =>
    [ipv4, ipv6].flatMap((address) => address ?? []),
  );
  const isOfOthers =
    (context: Context, { key, namespace, headless }: Service) =>
    (address: string): boolean => {
      // Whose Pod it is, nobody can write down.
      const pods = context.lookup(mesh.podsByAddress, address);
      if (pods.length > 0) return !pods.some((pod) => pod.namespace === namespace);
      return (
        headless &&
        (context.get(mesh.reservedAddresses, address)?.services.some((one) => one !== key) === true ||
          context.lookup(leasesByAddress, address).some((lease) => lease.key !== key))
      );
    };
  const outbound = written('istio outbound filters', mesh.meshServices, (meshService, forWhom, context) => {
    const { service } = meshService;
    const called = {
      meshService,
      owner: serviceOwner(context, resources, service),
      groups: service.headless ? context.lookup(mesh.groupsByService, service.key) : [],
      isOfOthers: isOfOthers(context, service),
      rulesOf: rulesOf(context, service),
      isAwaited: isToldToIstio(meshService, forWhom) && isAwaited(service, context),
    };
    const told = translateOutboundFilters(called, settingsOf(context, mesh.settings), forWhom);
    return called.isAwaited ? awaiting(told) : told;
  });
  const inbound = written('istio inbound filters', mesh.meshServices, (meshService, forWhom, context) => {
    const { service } = meshService;
    const served = {
      meshService,
      owner: serviceOwner(context, resources, service),
      groups: context.lookup(mesh.groupsByService, service.key),
      policies: context.lookup(mesh.requestPolicies, service.namespace),
      rulesOf: rulesOf(context, service),
    };
    return translateInboundFilters(served, settingsOf(context, mesh.settings), forWhom);
  });
  const gateways = written('istio gateway filters', mesh.gatewayPorts, (port, forWhom, context) => {
    const meshService = context.get(mesh.meshServices, port.service);
    if (meshService === undefined) return { objects: [], findings: [] };
    return translateGatewayPort(port, meshService, settingsOf(context, mesh.settings), forWhom);
  });
  const aliases = written('istio alias services', mesh.aliases, (alias, forWhom, context) =>
    translateAlias(alias, settingsOf(context, mesh.settings), forWhom),
  );
  engine.map('istio address ranges', mesh.virtualIpRanges, (ranges, context) => {
    if (context.get(writing, meshKey)?.sharesObjects !== true) return undefined;
    for (const [own, theirs] of rangesOfIstioToo(ranges)) {
      const message = `${own} and ${theirs}, from which Istio gives addresses, have addresses in common.`;
      const object = { kind: 'MeshConfig', name: meshKey };
      context.report(finding('ISTH1711', { object, path: 'spec.virtualIps', message }));
    }
    return undefined;
  });
  return engine.merge('istio objects', [serviceEntries, outbound, inbound, gateways, aliases]);
}

/** What is there of them stays as it is until the address is known. */
function awaiting({ objects, findings }: IstioTranslation): IstioTranslation {
  return { objects: objects.map((object) => ({ ...object, awaitsAddress: true })), findings };
}

function reported(context: Context, { objects, findings }: IstioTranslation): readonly IstioObject[] {
  for (const one of findings) context.report(one);
  return objects;
}
