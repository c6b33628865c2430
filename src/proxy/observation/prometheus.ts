/** A snapshot in Prometheus' text format, under `isthmus_proxy_`. */
import { bounds } from './histogram.ts';
import type { ProtocolSnapshot, ProxySnapshot } from './snapshot.ts';

const PREFIX = 'isthmus_proxy_';
/** Values that go up and down; all others only grow. */
const gauges = new Set(['requestActive', 'cxActive']);

type Sample = readonly [labels: string, value: number];

export function renderPrometheus(snapshot: ProxySnapshot): string {
  const families = new Map<string, Sample[]>();
  const add = (family: string, labels: string, value: number): void => {
    const samples = families.get(family) ?? [];
    samples.push([labels, value]);
    families.set(family, samples);
  };
  for (const protocol of snapshot.protocols) {
    const labels = protocolLabels(protocol);
    for (const [name, value] of Object.entries(protocol.counters)) add(familyName('', name), labels, value);
  }
  for (const { name: cluster, counters, hosts } of snapshot.clusters) {
    const labels = formatLabels({ cluster });
    for (const [name, value] of Object.entries(counters)) add(familyName('upstream_', name), labels, value);
    add(`${PREFIX}upstream_hosts`, labels, hosts.length);
    add(`${PREFIX}upstream_hosts_healthy`, labels, hosts.filter(({ healthy }) => healthy).length);
  }
  for (const { name: listener, connections } of snapshot.listeners)
    add(`${PREFIX}listener_connections`, formatLabels({ listener }), connections);
  add(`${PREFIX}access_log_lines_dropped_total`, '', snapshot.droppedLogLines);
  const text = [...families].map(([family, samples]) => renderFamily(family, samples)).join('');
  return text + snapshot.protocols.map(renderHistogram).join('');
}

function familyName(group: string, counter: string): string {
  const name = `${PREFIX}${group}${snakeCase(counter).replace(/_total$/, '')}`;
  return gauges.has(counter) ? name : `${name}_total`;
}

function renderFamily(family: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${family}${labels} ${value}\n`).join('');
  return `# TYPE ${family} ${family.endsWith('_total') ? 'counter' : 'gauge'}\n${lines}`;
}

function renderHistogram(protocol: ProtocolSnapshot, index: number): string {
  const family = `${PREFIX}request_time_ms`;
  const { applicationProtocol, statPrefix, requestTimeMs } = protocol;
  const base = { protocol: applicationProtocol, stat_prefix: statPrefix };
  let seen = 0;
  const buckets = requestTimeMs.counts.map((count, bucket) => {
    seen += count;
    return `${family}_bucket${formatLabels({ ...base, le: String(bounds[bucket] ?? '+Inf') })} ${seen}\n`;
  });
  const labels = formatLabels(base);
  const type = index === 0 ? `# TYPE ${family} histogram\n` : '';
  return `${type}${buckets.join('')}${family}_sum${labels} ${requestTimeMs.sum}\n${family}_count${labels} ${seen}\n`;
}

function protocolLabels({ applicationProtocol, statPrefix }: ProtocolSnapshot): string {
  return formatLabels({ protocol: applicationProtocol, stat_prefix: statPrefix });
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, escapeLabel)}"`);
  return `{${pairs.join(',')}}`;
}

function escapeLabel(char: string): string {
  return char === '\n' ? '\\n' : `\\${char}`;
}

/** `requestTwoway` -> `request_twoway`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}
