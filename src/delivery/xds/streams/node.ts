/**
 * A proxy's node message, as bytes -> who it is and what it can use, or why it is refused. What a proxy can do is read
 * from what it advertises, never guessed from its version.
 *
 *   kind           told by
 *   istio-sidecar  metadata of Istio's agent, on a stream for routes alone; or that it came where those of istiod come
 *   (any)          metadata ISTHMUS_PROXY_KIND
 *   metaproxy      user agent `isthmus-metaproxy`
 *   grpc           user agent that begins with `gRPC`
 *   envoy-meta     user agent `envoy`, with the MetaProtocol network filter among its extensions
 *   envoy          user agent `envoy`
 */
import { isIP } from 'node:net';
import { messageOf } from '../../../model/errors.ts';
import { type Interception, knownProxyKinds, type ProxyKind, type ProxyNode } from '../../../model/proxy.ts';
import { decode, type envoy, type google } from '../../../xds-api/messages.ts';
import { printable } from './refused-response.ts';

/** `reason` is for the proxy's owner: what was seen, and what to set. */
export type NodeReading =
  | { readonly kind: 'accepted'; readonly node: ProxyNode }
  | { readonly kind: 'refused'; readonly id: string; readonly reason: string };

type Node = envoy.config.core.v3.Node;
type Fields = Readonly<Record<string, google.protobuf.Value>>;

const KIND_KEY = 'ISTHMUS_PROXY_KIND';
/** Istio's, with its values; NONE is as good as nothing. */
const INTERCEPTION_KEY = 'INTERCEPTION_MODE';
const interceptions: ReadonlyMap<string, Interception> = new Map([
  ['REDIRECT', 'redirect'],
  ['TPROXY', 'tproxy'],
]);
/** What Istio's agent writes into the node of its Envoy, whatever is configured. */
const agentKeys = ['ISTIO_VERSION', 'PROXY_CONFIG'];
const maxima = {
  idLength: 1024,
  serviceAccount: 253,
  labels: 256,
  addresses: 64,
  extensions: 4096,
  locality: 253,
} as const;

/** How the node comes: what it can be given there. */
export interface NodeEntrance {
  /** It asks for routes alone, and has its listeners from elsewhere. */
  readonly isForRoutes?: boolean;
  /** Only sidecars of istiod come this way. */
  readonly isIstios?: boolean;
}

export function readNode(bytes: Uint8Array, entrance: NodeEntrance = {}): NodeReading {
  let node: Node;
  try {
    node = decode('envoy.config.core.v3.Node', bytes);
  } catch (error) {
    return { kind: 'refused', id: '', reason: `The node message is malformed: ${messageOf(error)}` };
  }
  const id = node.id ?? '';
  const shown = printable(id, 200);
  if (id === '') return { kind: 'refused', id, reason: 'The node message has no id. Set node.id.' };
  if (id.length > maxima.idLength) {
    return { kind: 'refused', id: shown, reason: `node.id is longer than ${maxima.idLength} characters.` };
  }
  const metadata: Fields = node.metadata?.fields ?? {};
  const kind = isOfIstiod(metadata, entrance) ? 'istio-sidecar' : kindOf(node, textOf(metadata, KIND_KEY));
  if (kind === undefined) return { kind: 'refused', id: shown, reason: unknownKind(node, metadata) };
  return { kind: 'accepted', node: proxyNode(id, kind, node, metadata) };
}

/** Listeners of ours always fetch their routes on the aggregated stream. */
function isOfIstiod(metadata: Fields, { isForRoutes = false, isIstios = false }: NodeEntrance): boolean {
  return isIstios || (isForRoutes && agentKeys.some((key) => fieldOf(metadata, key) !== undefined));
}

function kindOf(node: Node, stated: string): ProxyKind | undefined {
  if (stated !== '') return knownProxyKinds.find((kind) => kind === stated);
  const agent = node.userAgentName ?? '';
  if (agent === 'isthmus-metaproxy') return 'metaproxy';
  if (/^grpc/i.test(agent)) return 'grpc';
  if (agent !== 'envoy') return undefined;
  return (node.extensions ?? []).some(isMetaProtocol) ? 'envoy-meta' : 'envoy';
}

function isMetaProtocol({ category, name, typeUrls }: envoy.config.core.v3.Extension): boolean {
  if (category !== 'envoy.filters.network') return false;
  return (
    name === 'aeraki.meta_protocol_proxy' ||
    name === 'envoy.filters.network.meta_protocol_proxy' ||
    (typeUrls ?? []).some((url) => url.includes('aeraki.meta_protocol_proxy'))
  );
}

function unknownKind(node: Node, metadata: Fields): string {
  const stated = textOf(metadata, KIND_KEY);
  const seen =
    stated === ''
      ? `user_agent_name is "${printable(node.userAgentName ?? '', 100)}"`
      : `node.metadata.${KIND_KEY} is "${printable(stated, 100)}"`;
  return `Proxy "${printable(node.id ?? '', 200)}" is of an unknown kind: ${seen}. Set node.metadata.${KIND_KEY} to one of: ${knownProxyKinds.join(', ')}.`;
}

function proxyNode(id: string, kind: ProxyKind, node: Node, metadata: Fields): ProxyNode {
  const istio = istioId(id);
  const addresses = [istio?.address ?? '', ...textOf(metadata, 'INSTANCE_IPS').split(',')].map((text) => text.trim());
  const extensions = (node.extensions ?? []).flatMap(({ name }) => (name ? [name] : []));
  const isEnvoy = kind === 'envoy' || kind === 'envoy-meta';
  const interception = isEnvoy ? interceptions.get(textOf(metadata, INTERCEPTION_KEY)) : undefined;
  return {
    id,
    kind,
    namespace: textOf(metadata, 'NAMESPACE') || istio?.namespace || 'default',
    workload: textOf(metadata, 'WORKLOAD_NAME') || textOf(metadata, 'NAME') || istio?.name || id,
    addresses: [...new Set(addresses.filter((address) => isIP(address) !== 0))].slice(0, maxima.addresses),
    labels: labelsOf(metadata),
    serviceAccount: textOf(metadata, 'SERVICE_ACCOUNT').slice(0, maxima.serviceAccount),
    ...(interception === undefined ? {} : { interception }),
    ...localityOf(node),
    extensions: [...new Set(extensions)].slice(0, maxima.extensions),
  };
}

function localityOf(node: Node): Pick<ProxyNode, 'locality'> {
  const { region = '', zone = '', subZone = '' } = node.locality ?? {};
  if (region === '' && zone === '') return {};
  const { locality: most } = maxima;
  return { locality: { region: region.slice(0, most), zone: zone.slice(0, most), subzone: subZone.slice(0, most) } };
}

/** Istio's form: `sidecar~<ip>~<name>.<namespace>~<domain>`, with `router` and others in the first place. */
function istioId(id: string): { address: string; name: string; namespace: string } | undefined {
  const [role, address, qualified, domain, ...more] = id.split('~');
  if (!role || address === undefined || qualified === undefined || domain === undefined || more.length > 0)
    return undefined;
  const dot = qualified.lastIndexOf('.');
  if (dot === -1) return { address, name: qualified, namespace: '' };
  return { address, name: qualified.slice(0, dot), namespace: qualified.slice(dot + 1) };
}

function labelsOf(metadata: Fields): Readonly<Record<string, string>> {
  const fields: Fields = fieldOf(metadata, 'LABELS')?.structValue?.fields ?? {};
  const labels = Object.keys(fields)
    .sort()
    .slice(0, maxima.labels)
    .flatMap((key): [string, string][] => {
      const value = fieldOf(fields, key)?.stringValue;
      return typeof value === 'string' ? [[key, value]] : [];
    });
  return Object.fromEntries(labels);
}

const fieldOf = (fields: Fields, key: string): google.protobuf.Value | undefined =>
  Object.hasOwn(fields, key) ? fields[key] : undefined;

const textOf = (fields: Fields, key: string): string => fieldOf(fields, key)?.stringValue ?? '';
