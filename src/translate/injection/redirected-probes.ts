/** Probes of the node that would meet the proxy instead of the workload. */
import { type Finding, finding, type ObjectRef } from '../../model/finding.ts';
import type { InjectionWish } from './injection-wish.ts';
import { type Container, isMap, type Pod } from './pod.ts';

const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;

/**
 * The node has no certificate: where the mesh demands one, such a probe fails. Which ports are for it alone, only the author
 * knows; to leave a port out by ourselves would open it to everybody.
 */
export function probeFindings(pod: Pod, wish: InjectionWish, object: ObjectRef): readonly Finding[] {
  if (wish.interception !== 'redirect') return [];
  return pod.containers.flatMap((container, index) =>
    probes.flatMap((probe) => {
      const port = probedPort(container, probe);
      if (port === undefined || wish.excludeInboundPorts.includes(port)) return [];
      const path = `spec.containers[${index}].${probe}`;
      const message = `The node asks at port ${port}, which leads to the proxy: where certificates are demanded, the probe fails.`;
      return [finding('ISTH1604', { object, path, message })];
    }),
  );
}

function probedPort(container: Container, probe: (typeof probes)[number]): number | undefined {
  const written = container[probe];
  if (!isMap(written)) return undefined;
  const asked = [written.httpGet, written.tcpSocket, written.grpc].find(isMap)?.port;
  return typeof asked === 'number' ? asked : namedPort(container, asked);
}

function namedPort({ ports }: Container, name: unknown): number | undefined {
  if (typeof name !== 'string' || !Array.isArray(ports)) return undefined;
  const port: unknown = ports.find((one: unknown) => isMap(one) && one.name === name);
  return isMap(port) && typeof port.containerPort === 'number' ? port.containerPort : undefined;
}
