/** The ports that a TrafficTarget is for: those of its TCPRoutes together, within the port that it names itself. */
import type { Collection, Context } from '../../collections/collection.ts';
import type { AccessRule } from '../../model/access.ts';
import { finding } from '../../model/finding.ts';
import { resourceKey, type TCPRoute, type TrafficTarget, type UDPRoute } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';

export interface PortTables {
  readonly tcpRoutes: Collection<TCPRoute>;
  readonly udpRoutes: Collection<UDPRoute>;
}

/** Any where no TCPRoute narrows it; a TCPRoute that is not there stands for no port. Sorted. */
export function portsOf(target: TrafficTarget, context: Context, tables: PortTables): AccessRule['ports'] {
  const { port } = target.spec;
  reportUdp(target, context, tables);
  const routed = routedPorts(target, context, tables);
  if (port === undefined) return routed;
  return routed === 'any' || routed.includes(port) ? [port] : [];
}

function routedPorts(target: TrafficTarget, context: Context, { tcpRoutes }: PortTables): AccessRule['ports'] {
  const named = target.spec.rules.flatMap(({ kind, name }, at) => (kind === 'TCPRoute' ? [{ name, at }] : []));
  const found = named.map(({ name, at }): AccessRule['ports'] => {
    const route = context.get(tcpRoutes, resourceKey('TCPRoute', target.metadata.namespace, name));
    if (route === undefined) {
      reportMissing(target, context, `TCPRoute ${name}`, `spec.rules[${at}].name`);
      return [];
    }
    return route.spec.ports.length === 0 ? 'any' : route.spec.ports;
  });
  if (named.length === 0 || found.includes('any')) return 'any';
  return [...new Set(found.flatMap((ports) => (ports === 'any' ? [] : ports)))].sort((a, b) => a - b);
}

function reportMissing(target: TrafficTarget, context: Context, what: string, path: string): void {
  const message = `There is no valid ${what} in namespace ${target.metadata.namespace}: nothing is permitted by it.`;
  context.report(finding('ISTH1304', { ...about(target), path, message }));
}

/** No proxy takes UDP: what a UDPRoute permits is neither let through nor kept out by one. */
function reportUdp(target: TrafficTarget, context: Context, { udpRoutes }: PortTables): void {
  for (const [at, { kind, name }] of target.spec.rules.entries()) {
    if (kind !== 'UDPRoute') continue;
    const path = `spec.rules[${at}].name`;
    const route = context.get(udpRoutes, resourceKey('UDPRoute', target.metadata.namespace, name));
    if (route === undefined) reportMissing(target, context, `UDPRoute ${name}`, path);
    else context.report(finding('ISTH1306', { ...about(target), path, message: `${name} is for UDP.` }));
  }
}
