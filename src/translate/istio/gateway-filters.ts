/**
 * At gateways: an EnvoyFilter for each server that speaks MetaProtocol, and the VirtualService without which Istio makes no
 * chain of filters for it. The filter stands in Istio's root namespace: the workloads of a gateway need not be where the
 * Gateway is.
 */
import type { GatewayPort } from '../../model/gateway-port.ts';
import { defaultIstioSettings } from '../../model/istio-settings.ts';
import type { MeshService, MeshSettings } from '../../model/mesh-service.ts';
import { envoyFilter, filterPatches, scopedLabels } from './envoy-filters.ts';
import { type IstioObject, type IstioTranslation, type IstioWriting, ownMetadata } from './istio-objects.ts';
import { objectName } from './object-names.ts';
import { outboundFilters } from './port-filters.ts';

/** `meshService`: that which the gateway's port is for. */
export function translateGatewayPort(
  gatewayPort: GatewayPort,
  meshService: MeshService,
  settings: MeshSettings,
  writing: IstioWriting,
): IstioTranslation {
  const meshPort = meshService.ports.find(({ port }) => port.number === gatewayPort.servicePort);
  if (meshPort === undefined) return { objects: [], findings: [] };
  const { istio = defaultIstioSettings } = settings;
  const { filters, findings } = outboundFilters(meshService, meshPort, {}, settings);
  const labels = filters === undefined ? 'nobody' : scopedLabels(filters.scope, gatewayPort.selector);
  if (filters === undefined || labels === 'nobody') return { objects: [], findings };
  const { namespace, gateway, number, listened, serverNames = [], origin } = gatewayPort;
  const identity = [namespace, gateway, number, ...serverNames];
  const name = objectName('gateway', `${namespace}.${gateway}-${number}`, identity);
  const metadataIn = (where: string) => ownMetadata(writing, origin.object, { namespace: where, name });
  // All names of a server stand at one chain of filters.
  const [serverName] = serverNames;
  const told = serverName === undefined ? {} : { serverName };
  const patches = listened.flatMap((port) => filterPatches({ side: 'gateway', port, ...told }, filters));
  // A gateway without a selector is for every gateway there is.
  const selected = labels !== undefined && Object.keys(labels).length > 0 ? labels : undefined;
  return {
    objects: [
      envoyFilter(metadataIn(istio.rootNamespace), patches, selected),
      virtualService(metadataIn(namespace), gatewayPort),
    ],
    findings,
  };
}

function virtualService(metadata: IstioObject['metadata'], gatewayPort: GatewayPort): IstioObject {
  const { namespace, gateway, number, host, servicePort } = gatewayPort;
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata,
    spec: {
      hosts: [host],
      gateways: [`${namespace}/${gateway}`],
      tcp: [{ match: [{ port: number }], route: [{ destination: { host, port: { number: servicePort } } }] }],
    },
  };
}
