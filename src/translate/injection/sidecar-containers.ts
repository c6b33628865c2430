/**
 * The containers beside a workload:
 *
 *   isthmus-interception   runs first, ends; the only one with a capability (NET_ADMIN), and only where something is intercepted
 *   isthmus-bootstrap      of Envoy: its first certificate and its bootstrap, ends
 *   isthmus-certificates   of Envoy: keeps its certificate fresh; a native sidecar
 *   isthmus-proxy          metaproxy or Envoy; a native sidecar: the workload starts when it is ready, and it ends after it
 */
import { healthPort, type InjectionSettings, injectedNames, proxyUser } from './injection-settings.ts';
import type { InjectionWish } from './injection-wish.ts';
import type { Container, PlainMap, Pod } from './pod.ts';

const folders = { state: '/var/run/isthmus', token: '/var/run/secrets/isthmus', roots: '/etc/isthmus/roots' } as const;
export const tokenFile = 'token';
const certificates = `${folders.state}/certificates`;
const tokenPath = `${folders.token}/${tokenFile}`;
const rootsPath = `${folders.roots}/roots.pem`;
const bootstrapFile = `${folders.state}/envoy.json`;

/** In the order in which they start. */
export function sidecarContainers(pod: Pod, wish: InjectionWish, settings: InjectionSettings): readonly Container[] {
  return [
    ...interceptionStep(wish, settings),
    ...(wish.proxy === 'envoy' ? envoy(pod, wish, settings) : [metaproxy(pod, wish, settings)]),
  ];
}

function interceptionStep(
  wish: InjectionWish,
  { image, imagePullPolicy, virtualIpRanges }: InjectionSettings,
): readonly Container[] {
  const { interception, excludeInboundPorts, excludeOutbound } = wish;
  if (interception === 'none') return [];
  const excluded = [
    ...[healthPort, ...excludeInboundPorts].flatMap((port) => ['--exclude-inbound', String(port)]),
    ...excludeOutbound.flatMap((one) => ['--exclude-outbound', one]),
  ];
  const options = interception === 'redirect' ? ['--proxy-user', String(proxyUser), ...excluded] : [];
  return [
    {
      name: injectedNames.interception,
      image,
      imagePullPolicy,
      args: ['proxy', 'intercept', interception, 'up', ...options, ...virtualIpRanges],
      resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
      // Routes and rules are changed by root with this one capability; it has no privilege else, and ends at once.
      securityContext: {
        ...confined,
        runAsUser: 0,
        runAsGroup: 0,
        runAsNonRoot: false,
        capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] },
      },
    },
  ];
}

function metaproxy(pod: Pod, wish: InjectionWish, settings: InjectionSettings): Container {
  const { image, imagePullPolicy } = settings;
  return {
    name: injectedNames.proxy,
    image,
    imagePullPolicy,
    restartPolicy: 'Always',
    args: [
      'proxy',
      '--node',
      '$(POD_NAME).$(POD_NAMESPACE)',
      ...(wish.takesInbound ? ['--address', '$(POD_IPS)'] : []),
      '--namespace',
      '$(POD_NAMESPACE)',
      '--service-account',
      '$(SERVICE_ACCOUNT)',
      ...labelArguments(pod),
      ...credentials(settings),
      '--health-port',
      String(healthPort),
      '--log-format',
      'json',
    ],
    ...proxyContainer(settings),
    volumeMounts: [...ownMounts],
  };
}

function envoy(pod: Pod, wish: InjectionWish, settings: InjectionSettings): readonly Container[] {
  const { image, envoyImage, imagePullPolicy, controlPlane, rootNamespace } = settings;
  const bootstrap = {
    name: injectedNames.bootstrap,
    image,
    imagePullPolicy,
    args: [
      'proxy',
      'bootstrap',
      '--name',
      '$(POD_NAME)',
      '--namespace',
      '$(POD_NAMESPACE)',
      '--service-account',
      '$(SERVICE_ACCOUNT)',
      '--address',
      '$(POD_IPS)',
      ...(wish.interception === 'redirect' ? ['--interception', 'redirect'] : []),
      ...labelArguments(pod),
      ...credentials(settings),
      '--health-port',
      String(healthPort),
      '--to',
      bootstrapFile,
    ],
    env: downwardNames,
    resources: small,
    securityContext: ofProxyUser,
    volumeMounts: [...ownMounts],
  };
  const keeping = {
    name: injectedNames.certificateKeeping,
    image,
    imagePullPolicy,
    restartPolicy: 'Always',
    args: [
      ...['proxy', 'certificates', '--xds-tls', controlPlane, '--certificates', certificates],
      ...['--root-namespace', rootNamespace, '--token-file', tokenPath, '--roots', rootsPath],
      ...['--log-format', 'json'],
    ],
    resources: small,
    securityContext: ofProxyUser,
    volumeMounts: [...ownMounts],
  };
  const proxy = {
    name: injectedNames.proxy,
    image: envoyImage,
    imagePullPolicy,
    restartPolicy: 'Always',
    command: ['envoy'],
    args: ['-c', bootstrapFile, '--drain-time-s', '30'],
    ...proxyContainer(settings),
    volumeMounts: [{ ...stateMount, readOnly: true }],
  };
  return [bootstrap, keeping, proxy];
}

function labelArguments({ labels }: Pod): readonly string[] {
  return Object.keys(labels)
    .sort()
    .flatMap((key) => ['--label', `${key}=${labels[key]}`]);
}

function credentials({ controlPlane, trustDomain, rootNamespace }: InjectionSettings): readonly string[] {
  return [
    ...['--xds-tls', controlPlane, '--trust-domain', trustDomain, '--root-namespace', rootNamespace],
    ...['--certificates', certificates, '--token-file', tokenPath, '--roots', rootsPath],
  ];
}

function proxyContainer({ resources }: InjectionSettings): PlainMap {
  const ready = { httpGet: { path: '/ready', port: healthPort } };
  return {
    env: downwardNames,
    ports: [{ name: 'isthmus-health', containerPort: healthPort, protocol: 'TCP' }],
    // The workload starts when its proxy has had its configuration.
    startupProbe: { ...ready, periodSeconds: 1, failureThreshold: 600 },
    readinessProbe: { ...ready, periodSeconds: 10, failureThreshold: 3 },
    resources,
    securityContext: ofProxyUser,
  };
}

const confined = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

const ofProxyUser = {
  ...confined,
  runAsUser: proxyUser,
  runAsGroup: proxyUser,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
} as const;

const small = { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } } as const;

const downwardNames = [
  ['POD_NAME', 'metadata.name'],
  ['POD_NAMESPACE', 'metadata.namespace'],
  ['POD_IPS', 'status.podIPs'],
  ['SERVICE_ACCOUNT', 'spec.serviceAccountName'],
].map(([name, fieldPath]) => ({ name, valueFrom: { fieldRef: { fieldPath } } }));

const stateMount = { name: injectedNames.stateVolume, mountPath: folders.state } as const;
const ownMounts = [
  stateMount,
  { name: injectedNames.tokenVolume, mountPath: folders.token, readOnly: true },
  { name: injectedNames.rootsVolume, mountPath: folders.roots, readOnly: true },
] as const;
