/**
 * What a service port speaks, from what its name and its owner say. Aeraki's rule for names: cut at `-`; the second word,
 * in any case, names the protocol; after `metaprotocol` the third, as written, names the application protocol. Where
 * Aeraki's rule finds nothing, the first word is read as Istio reads it (`http-web`, `grpc`).
 */
import type { NativeProtocol, PlainProtocol, PortProtocol } from '../../model/service.ts';

export interface PortNaming {
  readonly name: string;
  /** Kubernetes: comes before the name. */
  readonly appProtocol?: string;
  /** ServiceEntry: counts where the name says nothing. */
  readonly protocol?: string;
}

export interface RecognisedPort {
  readonly protocol: PortProtocol;
  /** What is wrong with the name; the port is plain TCP then. */
  readonly problem?: string;
}

const native = new Map<string, NativeProtocol>(
  (['dubbo', 'thrift', 'redis', 'kafka', 'zookeeper', 'mongo', 'mysql'] as const).map((name) => [name, name]),
);

const plain = new Map<string, PlainProtocol>([
  ['tcp', 'tcp'],
  // Open Service Mesh's word; no proxy here waits for a caller's bytes.
  ['tcp-server-first', 'tcp'],
  ['udp', 'udp'],
  ['http', 'http'],
  ['http_proxy', 'http'],
  ['http2', 'http2'],
  ['h2c', 'http2'],
  ['grpc', 'grpc'],
  ['grpc-web', 'grpc'],
  ['https', 'tls'],
  ['tls', 'tls'],
]);

/** The values that Kubernetes defines, without its prefix. */
const kubernetes = new Map<string, PlainProtocol>([
  ['h2c', 'http2'],
  ['ws', 'http'],
  ['wss', 'tls'],
]);

const metaPrefix = 'metaprotocol-';
const tcp: PortProtocol = { kind: 'plain', protocol: 'tcp' };

/** `unsaid`: what a port speaks of which nothing says it. */
export function portProtocol(port: PortNaming, unsaid: PlainProtocol = 'tcp'): RecognisedPort {
  const declared = port.appProtocol === undefined ? undefined : fromAppProtocol(port.appProtocol);
  if (declared !== undefined) return { protocol: declared };
  const [first = '', second, application] = port.name.split('-');
  const word = second?.toLowerCase() ?? '';
  if (word === 'metaprotocol') {
    if (application !== undefined && application !== '') return { protocol: { kind: 'metaprotocol', application } };
    return { protocol: tcp, problem: `the port name ${port.name} ends where its application protocol should stand` };
  }
  const filter = native.get(word);
  if (filter !== undefined) return { protocol: { kind: 'native', protocol: filter } };
  const transport = plain.get(first.toLowerCase()) ?? plain.get(port.protocol?.toLowerCase() ?? '');
  return { protocol: { kind: 'plain', protocol: transport ?? unsaid } };
}

/** Undefined for values of somebody else: they are legal, and mean nothing here. */
function fromAppProtocol(value: string): PortProtocol | undefined {
  const own = value.startsWith('isthmus.dev/') ? value.slice('isthmus.dev/'.length) : value;
  if (own.toLowerCase().startsWith(metaPrefix)) {
    const application = own.slice(metaPrefix.length);
    return application === '' ? undefined : { kind: 'metaprotocol', application };
  }
  const filter = native.get(own.toLowerCase());
  if (filter !== undefined) return { kind: 'native', protocol: filter };
  const transport = value.startsWith('kubernetes.io/')
    ? kubernetes.get(value.slice('kubernetes.io/'.length))
    : plain.get(own.toLowerCase());
  return transport === undefined ? undefined : { kind: 'plain', protocol: transport };
}
