/** A snapshot as Envoy prints it at `/stats` and `/clusters`, for people and scripts that are used to it. */
import { snakeCase } from './prometheus.ts';
import type { ProxySnapshot } from './snapshot.ts';

/** `meta_protocol.<protocol>.<stat prefix>.<counter>: <value>`, the reference's names, and `cluster.<name>.*`. */
export function renderStats(snapshot: ProxySnapshot): string {
  const lines: string[] = [];
  for (const { applicationProtocol, statPrefix, counters } of snapshot.protocols)
    for (const [name, value] of Object.entries(counters))
      lines.push(`meta_protocol.${applicationProtocol}.${statPrefix}.${snakeCase(name)}: ${value}`);
  for (const { name: cluster, counters } of snapshot.clusters)
    for (const [name, value] of Object.entries(counters))
      lines.push(`cluster.${cluster}.upstream_${snakeCase(name)}: ${value}`);
  return `${lines.sort().join('\n')}\n`;
}

export function renderClusters(snapshot: ProxySnapshot): string {
  const lines = snapshot.clusters.flatMap(({ name, hosts }) =>
    hosts.flatMap((host) => [
      `${name}::${host.address}::cx_active::${host.activeConnections}`,
      `${name}::${host.address}::rq_active::${host.activeRequests}`,
      `${name}::${host.address}::health_flags::${host.healthy ? 'healthy' : '/failed_eds_health'}`,
      `${name}::${host.address}::weight::${host.weight}`,
    ]),
  );
  return `${lines.join('\n')}\n`;
}

export function renderListeners(snapshot: ProxySnapshot): string {
  return snapshot.listeners.map(({ name, address }) => `${name}::${address}\n`).join('');
}
