/** What a Kubernetes Service declares: its cluster name, its cluster IPs, its ports. */
import type { Collection, Context } from '../../collections/collection.ts';
import { finding } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import { controlPlaneLabel } from '../../model/ownership.ts';
import { type ServicePort, serviceKey } from '../../model/service.ts';
import type { KubernetesService } from '../../resources/kinds.ts';
import { plainAddress } from '../endpoints/ip-address.ts';
import { about } from '../resource-order.ts';
import { settingsOf } from '../settings.ts';
import type { ServiceDeclaration } from './declarations.ts';
import { kubernetesHost } from './host-names.ts';
import { type PortNaming, portProtocol } from './port-protocol.ts';
import { visibilityOf } from './visibility.ts';

/** Istio's annotation for what a ServiceEntry says in exportTo: names divided by commas. */
const exportAnnotation = 'networking.istio.io/exportTo';

export function declareKubernetesService(
  resource: KubernetesService,
  context: Context,
  settings: Collection<MeshSettings>,
): ServiceDeclaration {
  const { namespace, name, labels, annotations } = resource.metadata;
  const host = kubernetesHost(name, namespace, settingsOf(context, settings).clusterDomain);
  const isExternal = resource.spec.type === 'ExternalName';
  const written = resource.spec.clusterIPs.filter((address) => address !== '' && address !== 'None');
  const addresses = [...new Set(written.map(plainAddress))];
  const exportTo = annotations[exportAnnotation]?.split(',').map((entry) => entry.trim());
  return {
    key: `${resource.key}|${host}`,
    service: {
      key: serviceKey(namespace, host),
      namespace,
      host,
      ports: kubernetesPorts(resource, context, settingsOf(context, settings)),
      resolution: isExternal ? 'dns' : 'static',
      location: isExternal ? 'mesh-external' : 'mesh-internal',
      addresses: isExternal ? [] : addresses,
      headless: isHeadlessService(resource),
      visibility: visibilityOf(exportTo, namespace),
      subjectAltNames: [],
      labels,
      provenance: { source: 'kubernetes', object: about(resource).object },
    },
    resource: { kind: resource.kind, key: resource.key, metadata: resource.metadata },
  };
}

/** Whether callers dial its endpoints themselves. */
export function isHeadlessService({ spec }: KubernetesService): boolean {
  return spec.type !== 'ExternalName' && spec.clusterIPs.includes('None');
}

/** One port a number: a TCP port wins over a UDP port of the same number, and SCTP is nothing a proxy here speaks. */
function kubernetesPorts(
  resource: KubernetesService,
  context: Context,
  { unsaidProtocol }: MeshSettings,
): readonly ServicePort[] {
  const ports = new Map<number, ServicePort>();
  const report = (path: string, message: string): void => {
    // Our own DNS is asked by UDP and by TCP at one number, and by no proxy of the mesh.
    if (resource.metadata.labels[controlPlaneLabel] !== undefined) return;
    context.report(finding('ISTH0314', { ...about(resource), path, message }));
  };
  resource.spec.ports.forEach((port, at) => {
    const path = `spec.ports[${at}]`;
    const known = ports.get(port.port);
    const isUdp = port.protocol === 'UDP';
    if (port.protocol === 'SCTP' || (known !== undefined && isUdp)) {
      report(path, `${port.protocol} port ${port.port}`);
      return;
    }
    const { protocol, problem } = isUdp ? udp : portProtocol(namingOf(port), unsaidProtocol);
    if (problem !== undefined) {
      context.report(finding('ISTH0303', { ...about(resource), path: `${path}.name`, message: problem }));
    }
    if (known !== undefined) report('spec.ports', `UDP port ${port.port}`);
    const targetPort = typeof port.targetPort === 'number' ? port.targetPort : port.port;
    ports.set(port.port, { number: port.port, name: port.name, protocol, targetPort });
  });
  return [...ports.values()].sort((a, b) => a.number - b.number);
}

/** Its protocol is that of the transport, and says nothing of what is spoken. */
function namingOf({ name, appProtocol }: KubernetesService['spec']['ports'][number]): PortNaming {
  return { name, ...(appProtocol === undefined ? {} : { appProtocol }) };
}

const udp = { protocol: { kind: 'plain', protocol: 'udp' }, problem: undefined } as const;
