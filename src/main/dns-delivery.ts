/** From the mesh model to the DNS server: a collection of names, kept only where DNS is served. */
import type { Collection, Context } from '../collections/collection.ts';
import { NameTable } from '../delivery/dns/name-table.ts';
import { parseUpstream } from '../delivery/dns/resolv-conf.ts';
import { createDnsServer, type DnsServer } from '../delivery/dns/server.ts';
import { meshKey } from '../mesh/settings.ts';
import { isLoopback } from '../model/loopback.ts';
import type { Service } from '../model/service.ts';
import { formatAddress, parseAddress } from '../model/tcp-address.ts';
import type { VirtualIpLease } from '../model/virtual-ip.ts';
import { createDnsMetrics } from '../operations/dns-metrics.ts';
import type { Logger } from '../operations/log.ts';
import type { Metrics } from '../operations/metrics.ts';
import { resourceKey } from '../resources/kinds.ts';
import {
  type HostName,
  type NameInput,
  translateAlias,
  translateHostName,
  translateInstanceNames,
} from '../translate/names/host-names.ts';
import type { Pipeline } from './pipeline.ts';

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
  /** Of the workload at an address. */
  readonly namespaceAt: (address: string) => string | undefined;
}

/** Undefined when DNS is not asked for. Throws USAGE for options that make no sense. */
export function prepareDns(options: DnsOptions, around: DnsSurroundings): DnsDelivery | undefined {
  if (options.dns === undefined) return undefined;
  const { pipeline, metrics, log, namespaceAt } = around;
  const address = parseAddress(options.dns, '--dns');
  const names = hostNames(pipeline);
  const table = new NameTable(names, () => nameSettings(pipeline, options.dnsSuffix));
  const { dnsUpstream, dnsAllow, dnsTtl: ttl, dnsNegativeTtl: negativeTtl } = options;
  const server: DnsServer = createDnsServer({
    table,
    ...(dnsUpstream === undefined ? {} : { upstreams: dnsUpstream.map(parseUpstream) }),
    ...(dnsAllow === undefined ? {} : { allow: dnsAllow }),
    ttls: () => ({ ttl, negativeTtl }),
    namespaceOf: (peer) => namespaceAt(peer) ?? 'default',
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

/** Made anew for a host whose services, addresses or, when it is headless, endpoints change. */
function hostNames({ engine, mesh, resources, leases }: Pipeline): Collection<HostName> {
  const declared = engine.map('declared names', mesh.hosts, ({ host, services }, context) => {
    const inputs = services.flatMap(({ key }) => {
      const service = context.get(mesh.meshServices, key);
      if (service === undefined) return [];
      const resource = mayBeExternalName(service.service)
        ? context.get(resources.Service, resourceKey('Service', service.service.namespace, nameOf(service.service)))
        : undefined;
      const externalName = resource?.spec.type === 'ExternalName' ? resource.spec.externalName : undefined;
      return {
        service,
        groups: service.service.headless ? context.lookup(mesh.groupsByService, key) : [],
        ...(externalName === undefined ? {} : { externalName }),
      };
    });
    return translateHostName(host, oldestFirst(inputs, context, leases));
  });
  const instances = engine.flatMap(
    'instance names',
    mesh.meshServices,
    (service, context) => {
      const { headless, key } = service.service;
      return translateInstanceNames(service, headless ? context.lookup(mesh.groupsByService, key) : []);
    },
    { key: ({ host }: HostName) => host },
  );
  const aliases = engine.map('alias names', mesh.aliases, translateAlias);
  return engine.merge('names', [declared, instances, aliases]);
}

/**
 * Of services of one host in several namespaces strangers get the first: by precedence, but none that came later takes the
 * place of one whose virtual IP they use already.
 */
function oldestFirst(
  inputs: readonly NameInput[],
  context: Context,
  leases: Collection<VirtualIpLease>,
): readonly NameInput[] {
  const since = ({ service }: NameInput): number | undefined => context.get(leases, service.service.key)?.since;
  const [first] = inputs;
  const begin = first === undefined || inputs.length === 1 ? undefined : since(first);
  if (begin === undefined) return inputs;
  const oldest = inputs.reduce((best, one) => ((since(one) ?? begin) < (since(best) ?? begin) ? one : best));
  return [oldest, ...inputs.filter((one) => one !== oldest)];
}

function mayBeExternalName({ provenance, resolution }: Service): boolean {
  return provenance.source === 'kubernetes' && resolution === 'dns';
}

function nameOf({ provenance }: Service): string {
  return provenance.object.name;
}

function nameSettings({ mesh }: Pipeline, suffixes: readonly string[] | undefined) {
  const clusterDomain = mesh.settings.get(meshKey)?.clusterDomain ?? 'cluster.local';
  return { clusterDomain, suffixes: suffixes ?? [clusterDomain] };
}
