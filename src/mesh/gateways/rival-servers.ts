/**
 * Servers of one port that the same workloads may listen for. Only a server name tells two of them apart there: a filter for
 * one that takes all would be put before what the other one gets.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { Gateway, GatewayServer } from '../../resources/kinds.ts';
import { byAge } from '../resource-order.ts';
import { isTlsPassedOn, serverNames } from './gateway-servers.ts';

export interface WrittenServer {
  readonly gateway: Gateway;
  readonly server: GatewayServer;
  /** Its place in the list of the gateway. */
  readonly at: number;
}

export function serversByPort(engine: Engine, gateways: Collection<Gateway>): Index<Gateway> {
  return engine.index('gateways by port', gateways, ({ spec }) => [
    ...new Set(spec.servers.map(({ port }) => String(port.number))),
  ]);
}

/** A server beside which a filter of this one cannot be: Istio serves the older where nothing tells them apart. */
export function rivalOf(context: Context, byPort: Index<Gateway>, own: WrittenServer): WrittenServer | undefined {
  const names = serverNames(own.server);
  const others = context
    .lookup(byPort, String(own.server.port.number))
    .filter(({ spec }) => mayMeet(spec.selector, own.gateway.spec.selector))
    .flatMap((gateway) => gateway.spec.servers.map((server, at) => ({ gateway, server, at })))
    .filter(({ gateway, at }) => gateway.key !== own.gateway.key || at !== own.at)
    .filter(({ server }) => server.port.number === own.server.port.number && carriesBytes(server))
    .toSorted(inOrder);
  if (names === undefined && own.server.tls !== undefined) return others[0];
  const before = others.filter((other) => inOrder(other, own) < 0);
  return before.find(({ server }) => names === undefined || serverNames(server)?.some((name) => names.includes(name)));
}

function inOrder(a: WrittenServer, b: WrittenServer): number {
  return byAge(a.gateway, b.gateway) || a.at - b.at;
}

/** Whether a workload can have the labels of both. */
function mayMeet(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.entries(a).every(([key, value]) => (b[key] ?? value) === value);
}

const requests = new Set(['HTTP', 'HTTP2', 'HTTP_PROXY', 'GRPC', 'GRPC-WEB']);

/** Requests of HTTP are read by another filter than ours takes the place of. */
function carriesBytes(server: GatewayServer): boolean {
  const protocol = server.port.protocol.toUpperCase();
  return protocol === 'HTTPS' ? isTlsPassedOn(server) : !requests.has(protocol);
}
