/** What `policy can-call` and `policy explain` are asked: read from the command line, strictly. */
import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import type { AccessRequest, RequestHeader } from '../../model/access-decision.ts';
import type { AccessView, GuardedPort } from '../../model/access-view.ts';
import { IsthmusError } from '../../model/errors.ts';
import { parseSpiffeId, spiffeId } from '../../model/identity.ts';
import { isHttp, type PortProtocol } from '../../model/service.ts';
import { readSpiffeId } from '../../resources/spiffe-ids.ts';

export interface HostAndPort {
  /** A host, `namespace/host`, or a name by which workloads call it. */
  readonly host: string;
  readonly port?: number;
}

/** Somebody who calls: `namespace/account`, which is one in every trust domain, or a SPIFFE id. */
export type Caller = { readonly namespace: string; readonly serviceAccount: string } | { readonly id: string };

/** Somebody outside the mesh, as workloads see him who take something from there. */
export interface Outsider {
  readonly address: string;
  /** A DNS name or SPIFFE id of his certificate, which the mesh trusts. */
  readonly certificate?: string;
  /** Of TLS. */
  readonly serverName?: string;
}

export interface RequestFlags {
  readonly method?: string;
  readonly path?: string;
  readonly header: readonly RequestHeader[];
  /** Of a request of a private protocol. */
  readonly property?: readonly RequestHeader[];
  readonly certificate?: string;
  readonly serverName?: string;
}

export interface PolicyQuestion {
  /** The SPIFFE id of the caller; the address of one from outside the mesh. */
  readonly source: string;
  readonly outsider?: Outsider;
  /** Of the service. */
  readonly port: GuardedPort;
  /** Absent where the port speaks no HTTP. */
  readonly request?: AccessRequest;
  /** Absent where a connection is asked about, whatever is sent on it. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** `HOST` or `HOST:PORT`. */
export function parseHostAndPort(text: string): HostAndPort {
  const [, host = '', written] = /^([^:\s]+)(?::([^:]*))?$/.exec(text) ?? [];
  if (host === '') throw new InvalidArgumentError('expected HOST or HOST:PORT');
  if (written === undefined) return { host };
  const port = Number(written);
  if (!/^\d+$/.test(written) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('expected HOST:PORT, with a port from 1 to 65535');
  return { host, port };
}

export function parseCaller(text: string): Caller {
  if (text.startsWith('spiffe://')) {
    const id = readSpiffeId(text);
    if (id === undefined) throw new InvalidArgumentError('that is no SPIFFE id of a workload');
    return { id };
  }
  const [namespace = '', serviceAccount = '', ...more] = text.split('/');
  const isNamed = parseSpiffeId(spiffeId({ trustDomain: 'any', namespace, serviceAccount })) !== undefined;
  if (!isNamed || more.length > 0)
    throw new InvalidArgumentError('expected NAMESPACE/SERVICEACCOUNT, or a SPIFFE id that begins with spiffe://');
  return { namespace, serviceAccount };
}

/** A caller of the mesh, or the address of somebody outside. */
export function parseFrom(text: string): Caller | Outsider {
  return isIP(text) === 0 ? parseCaller(text) : { address: text };
}

export function parseHeader(text: string, previous: readonly RequestHeader[]): readonly RequestHeader[] {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(at, 0));
  if (!/^:?[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) throw new InvalidArgumentError('expected NAME=VALUE');
  return [...previous, { name, value: text.slice(at + 1) }];
}

/** The namespace whose names and services a caller gets. */
export function namespaceOf(caller: Caller | Outsider): string | undefined {
  if ('address' in caller) return undefined;
  return 'id' in caller ? parseSpiffeId(caller.id)?.namespace : caller.namespace;
}

/** Throws BAD_DATA where the service has no such port, USAGE where it is not clear which, or it speaks no HTTP. */
export function readQuestion(
  view: AccessView,
  caller: Caller | Outsider,
  { host, port: number }: HostAndPort,
  flags: RequestFlags,
): PolicyQuestion {
  const port = portOf(view, number);
  const properties = propertiesOf(flags, port, view);
  if ('address' in caller) {
    const { certificate, serverName } = flags;
    const more = {
      ...(certificate === undefined ? {} : { certificate }),
      ...(serverName === undefined ? {} : { serverName }),
    };
    // From outside HTTP alone is taken, whatever the port speaks in the mesh.
    const request = requestOf(flags, authority(host, port.number), port);
    return { source: caller.address, outsider: { address: caller.address, ...more }, port, request };
  }
  if (flags.certificate !== undefined || flags.serverName !== undefined)
    throw new IsthmusError(
      'USAGE',
      '--certificate and --server-name are for callers outside the mesh: write --from ADDRESS.',
    );
  const source = 'id' in caller ? caller.id : spiffeId({ trustDomain: view.trustDomain, ...caller });
  const isAsked = flags.method !== undefined || flags.path !== undefined || flags.header.length > 0;
  if (isHttp(port.protocol)) return { source, port, request: requestOf(flags, authority(host, port.number), port) };
  if (!isAsked) return { source, port, ...properties };
  const spoken = formatProtocol(port.protocol);
  throw new IsthmusError(
    'USAGE',
    `Port ${port.number} of ${view.service.host} speaks ${spoken}: --method, --path and --header are for HTTP.`,
  );
}

function propertiesOf(
  { property = [] }: RequestFlags,
  port: GuardedPort,
  view: AccessView,
): Pick<PolicyQuestion, 'properties'> {
  if (property.length === 0) return {};
  if (port.protocol.kind === 'plain')
    throw new IsthmusError(
      'USAGE',
      `Port ${port.number} of ${view.service.host} speaks ${formatProtocol(port.protocol)}: --property is for private protocols.`,
    );
  return { properties: Object.fromEntries(property.map(({ name, value }) => [name, value])) };
}

/** Throws BAD_DATA for a port that the service does not have. */
export function portsOf(view: AccessView, wanted: number | undefined): readonly GuardedPort[] {
  const { host, ports } = view.service;
  const found = wanted === undefined ? ports : ports.filter(({ number }) => number === wanted);
  if (wanted !== undefined && found.length === 0)
    throw new IsthmusError('BAD_DATA', `${host} has no port ${wanted}. It has ${listPorts(ports)}.`);
  return found;
}

function portOf(view: AccessView, wanted: number | undefined): GuardedPort {
  const [port, another] = portsOf(view, wanted);
  if (port !== undefined && another === undefined) return port;
  const { host, ports } = view.service;
  if (port === undefined) throw new IsthmusError('BAD_DATA', `${host} has no ports.`);
  throw new IsthmusError('USAGE', `${host} has several ports: write --to HOST:PORT with one of ${listPorts(ports)}.`);
}

function listPorts(ports: readonly GuardedPort[]): string {
  if (ports.length === 0) return 'none';
  return ports.map(({ number, protocol }) => `${number} (${formatProtocol(protocol)})`).join(', ');
}

export function formatProtocol(protocol: PortProtocol): string {
  return protocol.kind === 'metaprotocol' ? protocol.application : protocol.protocol;
}

function requestOf(
  { method = 'GET', path = '/', header }: RequestFlags,
  host: string,
  port: GuardedPort,
): AccessRequest {
  const isNamed = header.some(({ name }) => ['host', ':authority'].includes(name.toLowerCase()));
  const isHttp2 = port.protocol.kind === 'plain' && port.protocol.protocol !== 'http';
  return { method, path, headers: isNamed ? header : [{ name: 'host', value: host }, ...header], isHttp2 };
}

/** As clients write it into a request. */
function authority(written: string, port: number): string {
  const host = written.slice(written.lastIndexOf('/') + 1);
  return port === 80 ? host : `${host}:${port}`;
}
