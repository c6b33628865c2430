/** From names to the DNS server, where DNS is served. */
import { type Asker, NameTable } from '../delivery/dns/name-table.ts';
import { parseUpstream } from '../delivery/dns/resolv-conf.ts';
import { createDnsServer, type DnsServer } from '../delivery/dns/server.ts';
import { meshKey } from '../mesh/settings.ts';
import { isLoopback } from '../model/loopback.ts';
import type { ProxyNode } from '../model/proxy.ts';
import { formatAddress, parseAddress } from '../model/tcp-address.ts';
import { createDnsMetrics } from '../operations/dns-metrics.ts';
import type { Logger } from '../operations/log.ts';
import type { Metrics } from '../operations/metrics.ts';
import type { Pipeline } from './pipeline.ts';
import type { ProxyScopes } from './proxy-scopes.ts';

export interface DnsOptions {
  /** Where DNS is served; not at all when absent. */
  readonly dns?: string;
  /** Servers for names that are not of the mesh; those of resolv.conf when absent. */
  readonly dnsUpstream?: readonly string[];
  /** Networks that may ask; loopback and private ones when absent. */
  readonly dnsAllow?: readonly string[];
  /** Suffixes below which a name that nobody declares does not exist; the cluster domain when absent. */
  readonly dnsSuffix?: readonly string[];
  /** Seconds. */
  readonly dnsTtl: number;
  /** Seconds. */
  readonly dnsNegativeTtl: number;
}

export interface DnsDelivery {
  /** Serves from now on; answers the address. Throws UNAVAILABLE. */
  start(): Promise<string>;
  close(): Promise<void>;
}

export interface DnsSurroundings {
  readonly pipeline: Pipeline;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** The proxy beside the workload at an address. */
  readonly proxyAt: (address: string) => ProxyNode | undefined;
  readonly scopes: ProxyScopes;
}

/** Undefined when DNS is not asked for. Throws USAGE for options that make no sense. */
export function prepareDns(options: DnsOptions, around: DnsSurroundings): DnsDelivery | undefined {
  if (options.dns === undefined) return undefined;
  const { pipeline, metrics, log } = around;
  const address = parseAddress(options.dns, '--dns');
  const names = pipeline.names();
  const table = new NameTable(names, () => nameSettings(pipeline, options.dnsSuffix));
  const { dnsUpstream, dnsAllow, dnsTtl: ttl, dnsNegativeTtl: negativeTtl } = options;
  const server: DnsServer = createDnsServer({
    table,
    ...(dnsUpstream === undefined ? {} : { upstreams: dnsUpstream.map(parseUpstream) }),
    ...(dnsAllow === undefined ? {} : { allow: dnsAllow }),
    ttls: () => ({ ttl, negativeTtl }),
    askerAt: (peer) => askerAt(peer, around),
    observer: {
      ...createDnsMetrics(metrics.registry),
      failed: (error) => log.error({ err: error }, 'a DNS query was not answered by a fault of isthmus'),
    },
  });
  const unfollow = pipeline.engine.sink(names, (diff) => table.apply(diff));
  return {
    start: async () => {
      const { host, port } = await server.listen(address);
      if (!isLoopback(host)) log.info({ allow: dnsAllow ?? 'near networks' }, 'DNS is served beyond loopback');
      return formatAddress(host, port);
    },
    close: async () => {
      unfollow();
      await server.close();
    },
  };
}

/** A workload that no proxy speaks for is told of what is exported to namespace `default`. */
function askerAt(peer: string, { proxyAt, scopes }: DnsSurroundings): Asker {
  const proxy = proxyAt(peer);
  if (proxy === undefined) return { namespace: 'default' };
  const hosts = scopes.of(proxy);
  return { namespace: proxy.namespace, ...(hosts === undefined ? {} : { hosts }) };
}

function nameSettings({ mesh }: Pipeline, suffixes: readonly string[] | undefined) {
  const clusterDomain = mesh.settings.get(meshKey)?.clusterDomain ?? 'cluster.local';
  return { clusterDomain, suffixes: suffixes ?? [clusterDomain] };
}
