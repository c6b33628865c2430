/**
 * Which objects of users a resource is made of, from its name: the policies of the port that it is for, or, where there are
 * none, who declared its host. Looked up when a proxy refused something, and at no other time.
 *
 *   inbound|<port>||<address>, <address>_<port>   what may be sent to a workload
 *   <host>:<port>, outbound|<port>|<subset>|<host>, <address>_<port>   how a service is called
 */
import type { OriginsOf } from '../../delivery/xds/refusal-origins.ts';
import type { AccessRule } from '../../model/access.ts';
import { grouped } from '../../model/access-expression.ts';
import type { ObjectRef } from '../../model/finding.ts';
import type { InboundPort, MeshService } from '../../model/mesh-service.ts';
import { isHttp } from '../../model/service.ts';
import type { Pipeline } from '../pipeline.ts';

export function resourceOrigins({ mesh }: Pipeline): OriginsOf {
  return ({ name }, words) => {
    const inbound = mesh.inboundPorts.get(inboundKey(name));
    if (inbound !== undefined) return ofInbound(inbound, words);
    const { host, port } = calledBy(name);
    if (host !== '') return servicesOf(mesh, host).flatMap((service) => ofCalled(service, port, words));
    return servicesAt(mesh.meshServices.values(), name).flatMap((service) => ofListener(service, name));
  };
}

/** `<address>|<target port>`, of listeners and routes before a workload. */
function inboundKey(name: string): string {
  const [, routePort, routeAddress] = /^inbound\|(\d+)\|\|(.+)$/.exec(name) ?? [];
  if (routePort !== undefined) return `${routeAddress}|${routePort}`;
  const [, address, port] = /^(.+)_(\d+)$/.exec(name) ?? [];
  return `${address}|${port}`;
}

function calledBy(name: string): { readonly host: string; readonly port: number } {
  const [, clusterPort, clusterHost] = /^outbound\|(\d+)\|[^|]*\|(.+)$/.exec(name) ?? [];
  const [, routeHost = '', routePort] = /^([^|]+):(\d+)$/.exec(name) ?? [];
  return { host: clusterHost ?? routeHost, port: Number(clusterPort ?? routePort) };
}

function servicesOf({ hosts, meshServices }: Pipeline['mesh'], host: string): readonly MeshService[] {
  const keys = hosts.get(host)?.services ?? [];
  return keys.flatMap(({ key }) => meshServices.get(key) ?? []);
}

/** Whose callers have a listener of this name. */
function servicesAt(services: Iterable<MeshService>, listener: string): readonly MeshService[] {
  const [, address = ''] = /^(.+)_\d+$/.exec(listener) ?? [];
  return address === '' ? [] : [...services].filter(({ addresses }) => addresses.includes(address));
}

function ofInbound({ guard, origin, namespace, host }: InboundPort, words: string): readonly ObjectRef[] {
  const written = [
    ...blamed(guard?.rules ?? [], words).map(({ object }) => object),
    ...(origin ? [origin.object] : []),
  ];
  return written.length > 0 ? written : [{ kind: 'Host', namespace, name: host }];
}

/** Those whose expressions the proxy quotes; all of them if it quotes none. */
function blamed(rules: readonly AccessRule[], words: string): readonly AccessRule[] {
  const quoted = rules.filter(({ requests }) => requests !== 'any' && requests.some((one) => isQuoted(one, words)));
  return quoted.length > 0 ? quoted : rules;
}

function isQuoted({ pathRegex, headers }: Exclude<AccessRule['requests'], 'any'>[number], words: string): boolean {
  const paths = pathRegex === '' ? [] : [grouped(pathRegex)];
  return [...paths, ...headers.map(({ regex }) => `'${regex}'`)].some((expression) => words.includes(expression));
}

/**
 * Requests are split and tried again by route configurations, which are resources of their own. A MetaRouter has limits
 * besides, which a listener holds.
 */
function ofListener({ service, ports }: MeshService, listener: string): readonly ObjectRef[] {
  const number = Number(listener.slice(listener.lastIndexOf('_') + 1));
  const port = ports.find((one) => one.port.number === number);
  const splits = port === undefined || isHttp(port.port.protocol) ? [] : (port.split ?? []);
  const router = port?.routes?.origin;
  const written = [...splits.map(({ origin }) => origin.object), ...(router === undefined ? [] : [router.object])];
  return written.length > 0 ? written : [service.provenance.object];
}

function ofCalled({ service, ports, retries }: MeshService, number: number, words: string): readonly ObjectRef[] {
  const port = ports.find((one) => one.port.number === number);
  const splits = port?.split ?? [];
  const quoted = splits.filter(({ requests }) => requests !== 'any' && requests.some((one) => isQuoted(one, words)));
  const written = [
    ...(quoted.length > 0 ? quoted : splits).map(({ origin }) => origin.object),
    ...(port?.routes?.origin === undefined ? [] : [port.routes.origin.object]),
    ...(retries ?? []).map(({ origin }) => origin.object),
  ];
  return written.length > 0 ? written : [service.provenance.object];
}
