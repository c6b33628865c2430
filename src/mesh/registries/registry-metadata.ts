/**
 * Metadata that instances bear for other bridges, understood as those bridges do:
 *
 *   eureka2istio  asm-serviceentry                 the host; only within trust.hostSuffixes, since any instance may say it
 *   consul2istio  external                         outside of the mesh, when it is not empty
 *   dubbo2istio   aeraki_meta_app_namespace        the mesh namespace
 *                 aeraki_meta_app_service_account  the identity, and that the instance speaks mTLS
 *                 aeraki_meta_app_version          the label `version`
 *                 aeraki_meta_locality             the locality, where the registry has none
 *
 * `protocol` is understood everywhere. aeraki_meta_workload_selector counts nowhere: what a proxy of ours serves goes by
 * addresses, and with it whoever registers could have a filter put before any workload of Istio's.
 */
import type { Locality } from '../../model/endpoint.ts';
import { type Finding, finding } from '../../model/finding.ts';
import type { RegisteredService, RegistryInstance } from '../../model/registry.ts';
import type { RegistryType, ServiceRegistry } from '../../resources/kinds.ts';
import { isDnsLabel, isHostName, isLabelValue, withoutTrailingDot } from '../../resources/kubernetes-names.ts';
import { about } from '../resource-order.ts';

/** A snapshot may be one of any registry. */
const eureka: readonly RegistryType[] = ['Eureka', 'Snapshot'];
const consul: readonly RegistryType[] = ['Consul', 'Snapshot'];
const dubbo: readonly RegistryType[] = ['ZooKeeper', 'Etcd', 'Nacos', 'Snapshot'];

function understands({ spec }: ServiceRegistry, types: readonly RegistryType[]): boolean {
  return spec.mapping.compatibility && types.includes(spec.type);
}

export function askedHost(
  { firstNames, name }: RegisteredService,
  registry: ServiceRegistry,
  report: (refusal: Finding) => void,
): string | undefined {
  const written = firstNames?.['asm-serviceentry'];
  if (written === undefined || !understands(registry, eureka)) return undefined;
  const host = withoutTrailingDot(written.toLowerCase());
  if (isHostName(host) && endsIn(host, registry.spec.trust.hostSuffixes)) return host;
  const message = `${name}: an instance asks for the host ${host.slice(0, 300)}, which is within no suffix that is trusted.`;
  report(finding('ISTH1006', { ...about(registry), path: 'spec.trust.hostSuffixes', message }));
  return undefined;
}

export function endsIn(host: string, suffixes: readonly string[]): boolean {
  return suffixes.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));
}

/** The mesh namespace. */
export function namespaceOf({ firstNames }: RegisteredService, registry: ServiceRegistry): string {
  const asked = firstNames?.aeraki_meta_app_namespace;
  const isAsked = asked !== undefined && understands(registry, dubbo) && isDnsLabel(asked);
  return isAsked ? asked : registry.spec.mapping.namespace;
}

export function isExternal({ metadata, instances }: RegisteredService, registry: ServiceRegistry): boolean {
  if (!understands(registry, consul)) return false;
  return [metadata, ...instances.map((one) => one.metadata)].some(({ external = '' }) => external !== '');
}

interface InstanceHints {
  readonly labels: Readonly<Record<string, string>>;
  readonly locality: Locality;
  readonly identity?: string;
}

export function instanceHints(
  { metadata, locality }: RegistryInstance,
  registry: ServiceRegistry,
  trustDomain: string,
): InstanceHints {
  if (!understands(registry, dubbo)) return { labels: none, locality };
  const version = metadata.aeraki_meta_app_version ?? '';
  const account = metadata.aeraki_meta_app_service_account ?? '';
  const namespace = metadata.aeraki_meta_app_namespace ?? registry.spec.mapping.namespace;
  const isNowhere = locality.region === '' && locality.zone === '' && locality.subzone === '';
  return {
    labels: version !== '' && isLabelValue(version) ? { version } : none,
    locality: isNowhere ? localityOf(metadata.aeraki_meta_locality ?? '') : locality,
    ...(isDnsLabel(account) && isDnsLabel(namespace)
      ? { identity: `spiffe://${trustDomain}/ns/${namespace}/sa/${account}` }
      : {}),
  };
}

const none: Readonly<Record<string, string>> = {};

/** `region/zone/subzone`. */
function localityOf(text: string): Locality {
  const [region = '', zone = '', ...subzone] = text.split('/');
  return { region, zone, subzone: subzone.join('/') };
}
