/** What a server of a Gateway stands for: the hosts that it takes, and the ports that its workloads listen on. */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { EndpointGroup } from '../../model/endpoint.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import { serviceKey } from '../../model/service.ts';
import type { GatewayServer, KubernetesService } from '../../resources/kinds.ts';
import { hostPatterns, kubernetesHost } from '../services/host-names.ts';
import { settingsOf } from '../settings.ts';

/** Whether a VirtualService of the gateway's own namespace may bind the host to it. */
export function isServedAt({ hosts }: GatewayServer, host: string, gatewayNamespace: string): boolean {
  const patterns = hostPatterns(host);
  return hosts.some((written) => {
    const [first = '', second] = written.split('/');
    const isOwn = second === undefined || first === '*' || first === '.' || first === gatewayNamespace;
    return isOwn && patterns.includes((second ?? first).toLowerCase());
  });
}

/** Whether what comes is still encrypted when it goes on, as where no mode is written. */
export function isTlsPassedOn({ tls }: GatewayServer): boolean {
  if (tls === undefined) return false;
  return tls.mode === undefined || tls.mode === 'PASSTHROUGH' || tls.mode === 'AUTO_PASSTHROUGH';
}

/** The names by which a server that ends TLS is told from others of its port, sorted; undefined for one that takes all. */
export function serverNames({ hosts, tls }: GatewayServer): readonly string[] | undefined {
  const names = hosts.map((host) => host.slice(host.indexOf('/') + 1));
  return tls === undefined || names.includes('*') ? undefined : [...new Set(names)].sort();
}

export interface GatewayServiceTables {
  readonly settings: Collection<MeshSettings>;
  /** Of gateways' Services, by each label that they select, as `key=value`. */
  readonly byLabel: Index<KubernetesService>;
  readonly groupsByService: Index<EndpointGroup>;
}

/**
 * Istio takes a server's port for that of a Service before the gateway, and listens on the target port of it; without such a
 * Service on the port itself.
 */
export function listenedPorts(
  context: Context,
  tables: GatewayServiceTables,
  selector: Readonly<Record<string, string>>,
  number: number,
): readonly number[] {
  const labels = Object.entries(selector).sort(([a], [b]) => (a < b ? -1 : 1));
  const [first] = labels;
  if (first === undefined) return [number];
  const before = context
    .lookup(tables.byLabel, first.join('='))
    .filter(({ spec }) => labels.every(([key, value]) => spec.selector?.[key] === value));
  const targets = before.flatMap((service) =>
    service.spec.ports
      .filter(({ port }) => port === number)
      .flatMap(({ targetPort = number }) =>
        typeof targetPort === 'number' ? [targetPort] : namedTargets(context, tables, service, number),
      ),
  );
  return targets.length === 0 ? [number] : [...new Set(targets)].sort((a, b) => a - b);
}

/** What a name stands for, only the Pods say. */
function namedTargets(
  context: Context,
  { settings, groupsByService }: GatewayServiceTables,
  { metadata: { name, namespace } }: KubernetesService,
  number: number,
): readonly number[] {
  const { clusterDomain } = settingsOf(context, settings);
  const groups = context.lookup(groupsByService, serviceKey(namespace, kubernetesHost(name, namespace, clusterDomain)));
  return groups.filter(({ port }) => port === number).flatMap(({ endpoints }) => endpoints.map(({ port }) => port));
}
