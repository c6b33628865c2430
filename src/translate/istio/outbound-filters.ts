/**
 * Before callers: an EnvoyFilter for each port of a service whose requests are read, with a patch for each listener that
 * Istio makes for it. Istio calls a listener after the first address of the proxy's own family, and a headless service's
 * after each of its endpoints, with the number of the service's port.
 */
import type { ServiceOwner } from '../../mesh/services/service-owners.ts';
import type { EndpointGroup } from '../../model/endpoint.ts';
import { type Finding, finding } from '../../model/finding.ts';
import { defaultIstioSettings } from '../../model/istio-settings.ts';
import type { MeshPort, MeshService, MeshSettings } from '../../model/mesh-service.ts';
import { callerNamespaces, envoyFilter, filterPatches, scopedLabels } from './envoy-filters.ts';
import { type IstioTranslation, type IstioWriting, ownMetadata } from './istio-objects.ts';
import { objectName } from './object-names.ts';
import { outboundFilters, type PortReading, type PortRules } from './port-filters.ts';

const nothing: IstioTranslation = { objects: [], findings: [] };

export interface CalledService {
  readonly meshService: MeshService;
  readonly owner: ServiceOwner;
  /** Those of the service; none but a headless one is called at its endpoints. */
  readonly groups: readonly EndpointGroup[];
  /** Whether somebody else is called at one of its addresses, or of its endpoints. */
  readonly isOfOthers?: (address: string) => boolean;
  readonly rulesOf: (port: number) => PortRules;
  /** Its address is still to be told. */
  readonly isAwaited?: boolean;
}

export function translateOutboundFilters(
  called: CalledService,
  settings: MeshSettings,
  writing: IstioWriting,
): IstioTranslation {
  const { meshService, rulesOf, isAwaited = false } = called;
  if (meshService.service.provenance.source === 'egress') return nothing;
  const ports = meshService.ports.map((meshPort) => {
    const reading = outboundFilters(meshService, meshPort, rulesOf(meshPort.port.number), settings);
    const { addresses, why } = listenerAddresses(called, meshPort, writing);
    const unlistened =
      why === undefined || isAwaited || reading.filters === undefined ? [] : [withoutListener(meshService, why)];
    return {
      objects:
        isAwaited || addresses.length > 0
          ? portObjects(meshService, meshPort, reading, addresses, settings, writing)
          : [],
      findings: [...reading.findings, ...unlistened],
    };
  });
  return { objects: ports.flatMap(({ objects }) => objects), findings: ports.flatMap(({ findings }) => findings) };
}

function portObjects(
  { service }: MeshService,
  { port: { number }, routes }: MeshPort,
  { filters, clusters = [] }: PortReading,
  addresses: readonly string[],
  { istio = defaultIstioSettings }: MeshSettings,
  writing: IstioWriting,
) {
  const labels = filters === undefined ? undefined : scopedLabels(filters.scope);
  if (filters === undefined || labels === 'nobody') return [];
  const atListeners = addresses.flatMap((address) =>
    filterPatches({ side: 'outbound', address, port: number }, filters),
  );
  const patches = [...atListeners, ...clusters];
  const name = objectName('outbound', `${service.host}-${number}`, [service.namespace, service.host, number]);
  const { visibility } = service;
  const audience = visibility.kind === 'public' ? 'all' : visibility.namespaces;
  return callerNamespaces(istio, audience, routes?.exportedTo?.namespaces ?? 'all').map((namespace) =>
    envoyFilter(ownMetadata(writing, service.provenance.object, { namespace, name }), patches, labels),
  );
}

interface ListenerAddresses {
  readonly addresses: readonly string[];
  /** Why there is none. */
  readonly why?: string;
}

function listenerAddresses(
  {
    meshService: { service, addresses, sharedAt = [] },
    owner: { allocated = [], spelled = {} },
    groups,
    isOfOthers = () => false,
  }: CalledService,
  { port: { number, name } }: MeshPort,
  { sharesObjects }: IstioWriting,
): ListenerAddresses {
  if (service.headless) {
    const endpoints = groups.filter(({ port }) => port === number).flatMap((group) => group.endpoints);
    const all = [...new Set(endpoints.map(({ address }) => address))].sort();
    // Anybody may write down any address: what is called there stays as who has it wants it.
    const addresses = all.filter((address) => !isOfOthers(address));
    if (addresses.length === all.length) return { addresses };
    return { addresses, why: `endpoints at port ${name} whose addresses are those of others, who are called there` };
  }
  const { source } = service.provenance;
  if (sharesObjects && source === 'service-entry' && service.addresses.length === 0) {
    // What we would lease for it, nobody tells Istio: the object is the user's.
    if (allocated.length > 0) return { addresses: allocated };
    return { addresses: [], why: `no address that Istio knows: write spec.addresses, or port ${name} is plain TCP` };
  }
  const isShared = (address: string) => sharedAt.some((one) => one.address === address && one.port === number);
  const own = addresses.filter((address) => !isShared(address) && !isOfOthers(address));
  const isUsers = sharesObjects && source === 'service-entry';
  if (own.length > 0) return { addresses: isUsers ? own.map((address) => spelled[address] ?? address) : own };
  return {
    addresses: [],
    why:
      addresses.length > 0
        ? `no address of its own for port ${name}: other hosts are at the same one`
        : `no single address that callers dial for port ${name}`,
  };
}

function withoutListener({ service }: MeshService, why: string): Finding {
  return finding('ISTH0714', { object: service.provenance.object, message: `${service.host} has ${why}.` });
}
