/** core/v1 Service, as an API server would have taken it. */
import { ipFamily } from '../addresses.ts';
import { defineKind, withSpec } from '../kind-reader.ts';
import { isDnsLabel, isHostName, isMixedCaseLabel, withoutTrailingDot } from '../kubernetes-names.ts';
import { checkLabels } from '../label-rules.ts';
import { type Problems, quote } from '../problem.ts';
import { forEachRepetition } from '../repetition.ts';
import type { Infer } from '../schema-language.ts';
import { serviceSpec } from '../schemas/kubernetes.ts';
import type { KubernetesService } from '../types/kubernetes.ts';

const schema = withSpec(serviceSpec);
type Content = Infer<typeof serviceSpec>;
type PortContent = NonNullable<Content['ports']>[number];

export const kubernetesService = defineKind<Infer<typeof schema>, KubernetesService>({
  info: { kind: 'Service', group: '', plural: 'services', versions: ['v1'], scope: 'Namespaced' },
  schema: () => schema,
  check: ({ spec }, problems) => {
    checkPorts(spec.ports ?? [], problems);
    checkExternalName(spec, problems);
    const field = spec.clusterIPs === undefined ? 'clusterIP' : 'clusterIPs';
    clusterIps(spec).forEach((ip, index) => {
      if (ip === 'None' || ipFamily(ip) !== 0) return;
      const path = field === 'clusterIP' ? ['spec', field] : ['spec', field, index];
      problems.add('ISTH0202', path, `${quote(ip)} is neither an IP address nor None.`);
    });
    if (spec.selector !== undefined) checkLabels(spec.selector, ['spec', 'selector'], problems);
  },
  build: ({ spec }, head) => ({
    kind: 'Service',
    ...head,
    spec: {
      type: spec.type ?? 'ClusterIP',
      clusterIPs: clusterIps(spec),
      ports: (spec.ports ?? []).map(readPort),
      ...(spec.selector === undefined ? {} : { selector: spec.selector }),
      ...(spec.externalName === undefined ? {} : { externalName: withoutTrailingDot(spec.externalName) }),
      publishNotReadyAddresses: spec.publishNotReadyAddresses ?? false,
    },
  }),
});

function clusterIps({ clusterIP = '', clusterIPs }: Content): readonly string[] {
  return clusterIPs ?? (clusterIP === '' ? [] : [clusterIP]);
}

function checkPorts(ports: readonly PortContent[], problems: Problems): void {
  ports.forEach(({ name = '', targetPort }, index) => {
    const path = ['spec', 'ports', index];
    if (name === '' && ports.length > 1) {
      problems.add('ISTH0203', [...path, 'name'], 'Each of several ports needs a name.');
    } else if (name !== '' && !isDnsLabel(name)) {
      problems.add('ISTH0203', [...path, 'name'], `${quote(name)} is no port's name.`);
    }
    if (targetPort !== undefined && !isTargetPort(targetPort)) {
      problems.add(
        'ISTH0203',
        [...path, 'targetPort'],
        `${quote(targetPort)} is neither a port's number nor its name.`,
      );
    }
  });
  forEachRepetition(
    ports,
    (port) => port.name ?? '',
    ({ name = '' }, index, first) => {
      if (name === '') return;
      problems.add('ISTH0203', ['spec', 'ports', index, 'name'], `${quote(name)} is the name of ports[${first}] too.`);
    },
  );
  forEachRepetition(
    ports,
    ({ port, protocol = 'TCP' }) => `${port}/${protocol}`,
    ({ port }, index, first) => {
      problems.add('ISTH0203', ['spec', 'ports', index, 'port'], `${port} is the number of ports[${first}] too.`);
    },
  );
}

function isTargetPort(targetPort: number | string): boolean {
  if (typeof targetPort === 'number') return targetPort >= 1 && targetPort <= 65_535;
  return isMixedCaseLabel(targetPort) && !/^\d+$/.test(targetPort);
}

function checkExternalName({ type, externalName = '' }: Content, problems: Problems): void {
  if (type !== 'ExternalName') return;
  const path = ['spec', 'externalName'];
  if (externalName === '') problems.add('ISTH0214', path, 'A Service of type ExternalName needs externalName.');
  else if (!isHostName(externalName)) problems.add('ISTH0201', path, `${quote(externalName)} is no host name.`);
}

function readPort({ name = '', port, protocol = 'TCP', targetPort, appProtocol }: PortContent) {
  return {
    name,
    port,
    protocol,
    ...(targetPort === undefined ? {} : { targetPort }),
    ...(appProtocol === undefined ? {} : { appProtocol }),
  };
}
