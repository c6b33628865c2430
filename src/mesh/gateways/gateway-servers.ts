/** What a server of a Gateway stands for: the hosts that it takes, and the ports that its workloads listen on. */
import type { Context, Index } from '../../collections/collection.ts';
import type { GatewayServer, KubernetesService } from '../../resources/kinds.ts';
import { hostPatterns } from '../services/host-names.ts';

/** Whether a VirtualService of the gateway's own namespace may bind the host to it. */
export function isServedAt({ hosts }: GatewayServer, host: string, gatewayNamespace: string): boolean {
  const patterns = hostPatterns(host);
  return hosts.some((written) => {
    const [first = '', second] = written.split('/');
    const isOwn = second === undefined || first === '*' || first === '.' || first === gatewayNamespace;
    return isOwn && patterns.includes((second ?? first).toLowerCase());
  });
}

/** Whether what comes is still encrypted when it goes on. */
export function isTlsPassedOn({ tls }: GatewayServer): boolean {
  return tls?.mode === 'PASSTHROUGH' || tls?.mode === 'AUTO_PASSTHROUGH';
}

/**
 * Istio takes a server's port for that of a Service before the gateway, and listens on the target port of it; without such a
 * Service on the port itself.
 */
export function listenedPorts(
  context: Context,
  byLabel: Index<KubernetesService>,
  selector: Readonly<Record<string, string>>,
  number: number,
): readonly number[] {
  const labels = Object.entries(selector).sort(([a], [b]) => (a < b ? -1 : 1));
  const [first] = labels;
  if (first === undefined) return [number];
  const before = context
    .lookup(byLabel, first.join('='))
    .filter(({ spec }) => labels.every(([key, value]) => spec.selector?.[key] === value));
  const targets = before.flatMap(({ spec }) =>
    spec.ports
      .filter(({ port, targetPort }) => port === number && typeof targetPort !== 'string')
      .map(({ targetPort }) => Number(targetPort ?? number)),
  );
  return targets.length === 0 ? [number] : [...new Set(targets)].sort((a, b) => a - b);
}
