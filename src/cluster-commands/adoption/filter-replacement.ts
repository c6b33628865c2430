/**
 * Whether an EnvoyFilter of ours does what one of Aeraki's does: at each place at which that one patches, for each proxy that
 * it selects. Where ours selects fewer, the others would have no filter at all once the old one is gone.
 *
 *   place     the listener of an address, the port behind `virtualInbound`, the port of a gateway
 *   selected  by namespace, by the labels of workloads, by what nodes say of themselves, by the server name of TLS
 */
import { fieldOf, textOf } from '../../kubernetes-api/plain-fields.ts';
import { objectName } from '../../translate/istio/object-names.ts';
import { type ForeignObject, textsOf } from './foreign-object.ts';

interface Patch {
  readonly place: string;
  /** Of TLS, where the patch is for connections that ask for it alone: at gateways. */
  readonly serverName?: string;
  /** Of proxies, beside the listener. */
  readonly proxy: unknown;
  /** Of the filter's configuration. */
  readonly type: string;
}

/**
 * What `own` lacks, in words; an empty text for nothing, and undefined where it is not for the same at all.
 * `rootNamespace`: whose EnvoyFilters hold for all namespaces; undefined where that is not known.
 */
export function lackOfFilter(own: ForeignObject, other: ForeignObject, rootNamespace?: string): string | undefined {
  const [ours, theirs] = [patchesOf(own), patchesOf(other)];
  const isInbound = theirs.some(({ place }) => place.startsWith(inbound));
  if (theirs.length === 0 || (isInbound && !isForSameService(own, other))) return undefined;
  const lacks = theirs.map((patch) => lackAt(patch, ours, isInbound));
  if (lacks.includes(undefined)) return undefined;
  // Before workloads it stands where they are: the name says of which namespace.
  const isReached = isInbound || own.namespace === other.namespace || own.namespace === rootNamespace;
  const inNamespace = isReached ? '' : `is for namespace ${own.namespace} alone`;
  const lack = [...lacks, lackOfLabels(own, other), inNamespace].find((one) => one !== '');
  return lack === undefined ? '' : `${own.name} ${lack}`;
}

const inbound = 'port ';

/** Before workloads there is one listener for all: the host and the port tell, which both write into the names of objects. */
function isForSameService(own: ForeignObject, other: ForeignObject): boolean {
  const [, host = '', port] = /^aeraki-inbound-(.+)-(\d+)$/.exec(other.name) ?? [];
  if (port === undefined) return false;
  return own.name === objectName('inbound', `${host}-${port}`, [own.namespace, host.toLowerCase(), Number(port)]);
}

function lackAt({ place, serverName }: Patch, ours: readonly Patch[], isInbound: boolean): string | undefined {
  const lacks = ours
    .filter((patch) => patch.place === place)
    .map((patch) => lackOfNames(patch, serverName) || lackOfNodes(patch));
  if (lacks.length > 0) return lacks.find((lack) => lack === '') ?? lacks[0];
  const ports = ours.map((patch) => patch.place).join(', ');
  return isInbound ? `is at ${ports}, where its workloads listen, and not at ${place}` : undefined;
}

/** Aeraki's is for every server of a port. Which of them have one of ours no single object tells: a person says so. */
function lackOfNames({ place, serverName }: Patch, theirs: string | undefined): string {
  if (serverName === undefined || serverName === theirs) return '';
  const remedy = 'where each server there has one of ours, adopt the old one by its name: KIND/NAMESPACE/NAME';
  return `is for the server name ${serverName} alone, the old one for all at ${place}: ${remedy}`;
}

/** Aeraki asks nodes for nothing. */
function lackOfNodes({ proxy, type }: Patch): string {
  if (proxy === undefined) return '';
  const asked = Object.entries(textsOf(fieldOf(proxy, 'metadata'))).map((entry) => entry.join(': '));
  const setting = settings.find(([part]) => type.includes(part))?.[1];
  const remedy =
    setting === undefined ? '' : `: MeshConfig.spec.istio.${setting} has to name all that have the old one`;
  return `is for proxies whose nodes say ${asked.join(', ') || 'something else'} alone${remedy}`;
}

/** By the filter: who says which proxies can take it. */
const settings = [
  ['meta_protocol_proxy', 'metaProtocolProxies'],
  ['kafka_broker', 'kafkaProxies'],
] as const;

/** What has to be empty is had by nobody: so Aeraki writes where it knows of no workloads. */
function lackOfLabels(own: ForeignObject, other: ForeignObject): string {
  const [asked, selected] = [labelsOf(own), labelsOf(other)];
  const more = Object.entries(asked).filter(([label, value]) => selected[label] !== value);
  if (more.length === 0 || Object.values(selected).includes('')) return '';
  const remedy =
    'MeshConfig.spec.istio.metaProtocolProxies or the service itself has to name all that have the old one';
  return `is for workloads with ${more.map((entry) => entry.join(': ')).join(', ')} alone: ${remedy}`;
}

function labelsOf({ spec }: ForeignObject): Readonly<Record<string, string>> {
  return textsOf(fieldOf(fieldOf(spec, 'workloadSelector'), 'labels'));
}

/** Those at a listener: what Aeraki does to clusters goes with it. */
function patchesOf({ name, spec }: ForeignObject): readonly Patch[] {
  const patches: unknown = fieldOf(spec, 'configPatches');
  return (Array.isArray(patches) ? patches : []).flatMap((patch: unknown) => {
    const match = fieldOf(patch, 'match');
    const isOfGateway = textOf(match, 'context') === 'GATEWAY' || name.startsWith('aeraki-gateway-');
    const listener = fieldOf(match, 'listener');
    const place = placeOf(listener, isOfGateway);
    const serverName = textOf(fieldOf(listener, 'filterChain'), 'sni');
    const config = fieldOf(fieldOf(fieldOf(patch, 'patch'), 'value'), 'typed_config');
    const type = textOf(config, 'type_url') ?? '';
    if (place === undefined) return [];
    return [{ place, proxy: fieldOf(match, 'proxy'), type, ...(serverName === undefined ? {} : { serverName }) }];
  });
}

function placeOf(listener: unknown, isOfGateway: boolean): string | undefined {
  const name = textOf(listener, 'name');
  if (isOfGateway) return `gateway ${name?.split('_').at(-1) ?? String(fieldOf(listener, 'portNumber'))}`;
  if (name !== 'virtualInbound') return name;
  return `${inbound}${String(fieldOf(fieldOf(listener, 'filterChain'), 'destinationPort'))}`;
}
