/** What one worker has to tell, as plain data: it crosses threads, and those of all workers add up to the proxy's. */
import type { DataPlane } from '../data-plane.ts';
import { formatAddress } from '../listeners/listen-addresses.ts';
import type { ClusterStats, ProtocolStats } from './stats.ts';

export interface HistogramSnapshot {
  readonly counts: readonly number[];
  readonly sum: number;
}

export interface ProtocolSnapshot {
  readonly applicationProtocol: string;
  readonly statPrefix: string;
  readonly counters: Readonly<Record<string, number>>;
  readonly requestTimeMs: HistogramSnapshot;
}

export interface HostSnapshot {
  readonly address: string;
  readonly healthy: boolean;
  readonly weight: number;
  readonly activeRequests: number;
  readonly activeConnections: number;
}

export interface ClusterSnapshot {
  readonly name: string;
  readonly counters: Readonly<Record<string, number>>;
  readonly hosts: readonly HostSnapshot[];
}

export interface ListenerSnapshot {
  readonly name: string;
  readonly address: string;
  readonly connections: number;
}

export interface ProxySnapshot {
  readonly protocols: readonly ProtocolSnapshot[];
  readonly clusters: readonly ClusterSnapshot[];
  readonly listeners: readonly ListenerSnapshot[];
  readonly droppedLogLines: number;
}

export function takeSnapshot(plane: DataPlane): ProxySnapshot {
  return {
    protocols: plane.stats.protocols().map(({ applicationProtocol, statPrefix, stats }) => ({
      applicationProtocol,
      statPrefix,
      counters: numbersOf(stats),
      requestTimeMs: { counts: [...stats.requestTimeMs.counts], sum: stats.requestTimeMs.sum },
    })),
    clusters: [...plane.directory.clusters()].map((cluster) => ({
      name: cluster.name,
      counters: numbersOf(cluster.stats),
      hosts: cluster.hosts.map((host) => ({
        address: host.key,
        healthy: host.healthy,
        weight: host.weight,
        activeRequests: host.active,
        activeConnections: host.connections.size,
      })),
    })),
    listeners: [...plane.listeners.listeners()].map((listener) => ({
      name: listener.plan.name,
      address: formatAddress(listener.address),
      connections: listener.connectionCount,
    })),
    droppedLogLines: plane.logFiles.dropped,
  };
}

export function mergeSnapshots(snapshots: readonly ProxySnapshot[]): ProxySnapshot {
  return {
    protocols: merge(
      snapshots.flatMap(({ protocols }) => protocols),
      ({ applicationProtocol, statPrefix }) => `${applicationProtocol}\n${statPrefix}`,
      (one, other) => ({
        ...one,
        counters: addCounters(one.counters, other.counters),
        requestTimeMs: {
          counts: one.requestTimeMs.counts.map((count, index) => count + (other.requestTimeMs.counts[index] ?? 0)),
          sum: one.requestTimeMs.sum + other.requestTimeMs.sum,
        },
      }),
    ),
    clusters: merge(
      snapshots.flatMap(({ clusters }) => clusters),
      ({ name }) => name,
      (one, other) => ({
        ...one,
        counters: addCounters(one.counters, other.counters),
        hosts: merge([...one.hosts, ...other.hosts], ({ address }) => address, addHosts),
      }),
    ),
    listeners: merge(
      snapshots.flatMap(({ listeners }) => listeners),
      ({ name }) => name,
      (one, other) => ({ ...one, connections: one.connections + other.connections }),
    ),
    droppedLogLines: snapshots.reduce((sum, { droppedLogLines }) => sum + droppedLogLines, 0),
  };
}

function addHosts(one: HostSnapshot, other: HostSnapshot): HostSnapshot {
  return {
    ...one,
    activeRequests: one.activeRequests + other.activeRequests,
    activeConnections: one.activeConnections + other.activeConnections,
  };
}

function merge<T>(items: readonly T[], keyOf: (item: T) => string, add: (one: T, other: T) => T): readonly T[] {
  const merged = new Map<string, T>();
  for (const item of items) {
    const key = keyOf(item);
    const before = merged.get(key);
    merged.set(key, before === undefined ? item : add(before, item));
  }
  return [...merged.values()];
}

function numbersOf(stats: ProtocolStats | ClusterStats): Record<string, number> {
  return Object.fromEntries(
    Object.entries(stats).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

function addCounters(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(Object.entries(one).map(([name, value]) => [name, value + (other[name] ?? 0)]));
}
