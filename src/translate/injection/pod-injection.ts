/**
 * A Pod without a proxy -> the same Pod with one. Pure: the webhook makes a patch of the difference, `isthmus inject` a manifest.
 *
 *   decision (label, annotation, what kind of Pod) --> wish --> containers, volumes, names --> Pod
 *
 * What never happens: a container of the workload that is changed; a second proxy in a Pod that has one; a Pod that is
 * half-done.
 */
import { type Finding, finding, type ObjectRef } from '../../model/finding.ts';
import {
  type InjectionSettings,
  injectedNames,
  injectionKeys,
  proxyPorts,
  proxyUser,
  tokenAudience,
} from './injection-settings.ts';
import { type InjectionWish, readWish, saysInject } from './injection-wish.ts';
import { type Container, isMap, misshapenPath, type PlainMap, type Pod, readPod, withField } from './pod.ts';
import { probeFindings } from './redirected-probes.ts';
import { sidecarContainers, tokenFile } from './sidecar-containers.ts';

export type Injection =
  | { readonly kind: 'injected'; readonly pod: PlainMap; readonly findings: readonly Finding[] }
  /** It stays as it is, and that is right. The reason is a sentence. */
  | { readonly kind: 'left'; readonly reason: string; readonly findings: readonly Finding[] }
  /** It must not run as it is. */
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] };

export interface InjectionContext {
  readonly settings: InjectionSettings;
  readonly object: ObjectRef;
  /** Labels and annotations; of a namespace of which nothing is known, none. */
  readonly ofNamespace: Readonly<Record<string, string>>;
}

/** `value`: a Pod or the template of one. */
export function injectPod(value: unknown, context: InjectionContext): Injection {
  const { object, settings } = context;
  const pod = readPod(value);
  if (pod === undefined) {
    const message = 'It is not in the form of a Pod: it has no proxy.';
    return {
      kind: 'left',
      reason: message,
      findings: [finding('ISTH1606', { object, path: misshapenPath(value), message })],
    };
  }
  const reason = reasonToLeave(pod);
  if (reason !== undefined) return left(reason);
  if (isOnHostNetwork(pod)) {
    const message = 'It runs in the network of its node, which is not changed: it has no proxy.';
    const findings = [finding('ISTH1605', { object, path: 'spec.hostNetwork', message })];
    return { kind: 'left', reason: message, findings };
  }
  const { wish, findings: said } = readWish(pod, context.ofNamespace, settings, object);
  const findings = [...said, ...conflicts(pod, wish, object), ...probeFindings(pod, wish, object)];
  if (findings.some(({ severity }) => severity === 'error')) return { kind: 'refused', findings };
  return { kind: 'injected', pod: injected(pod, wish, context), findings };
}

function left(reason: string): Injection {
  return { kind: 'left', reason, findings: [] };
}

function reasonToLeave(pod: Pod): string | undefined {
  if (saysInject(pod.labels) === false || saysInject(pod.annotations) === false)
    return `${injectionKeys.inject} says that it is to have none.`;
  if (isInjected(pod)) return 'It has a proxy already.';
  if (pod.annotations['kubernetes.io/config.mirror'] !== undefined) return 'It mirrors a Pod that its node made.';
  const { os } = pod.spec;
  return isMap(os) && os.name === 'windows' ? 'It runs on Windows.' : undefined;
}

export function isInjected({ initContainers, containers }: Pod): boolean {
  return [...initContainers, ...containers].some(({ name }) => name === injectedNames.proxy);
}

function isOnHostNetwork({ spec }: Pod): boolean {
  return spec.hostNetwork === true;
}

/** What would keep either from working. */
function conflicts(pod: Pod, { interception }: InjectionWish, object: ObjectRef): readonly Finding[] {
  const all = (['initContainers', 'containers'] as const).flatMap((list) =>
    pod[list].map((container, index) => ({ container, path: `spec.${list}[${index}]` })),
  );
  const ports = all.flatMap(({ container, path }) =>
    portsOf(container)
      .filter((port) => proxyPorts.includes(port))
      .map((port) =>
        finding('ISTH1602', {
          object,
          path: `${path}.ports`,
          message: `Port ${port} is the proxy's own.`,
          remedy: 'Let the workload listen on another port.',
        }),
      ),
  );
  if (interception !== 'redirect') return ports;
  const users = [{ container: pod.spec, path: 'spec' }, ...all].filter(
    ({ container }) => userOf(container) === proxyUser,
  );
  return [
    ...ports,
    ...users.map(({ path }) => {
      const message = `User ${proxyUser} is the proxy's own: what the workload sends would go past the proxy.`;
      return finding('ISTH1602', {
        object,
        path: `${path}.securityContext.runAsUser`,
        message,
        remedy: 'Let the workload run as another user.',
      });
    }),
  ];
}

function portsOf({ ports }: Container): readonly number[] {
  if (!Array.isArray(ports)) return [];
  return ports.flatMap((port: unknown) =>
    isMap(port) && typeof port.containerPort === 'number' ? [port.containerPort] : [],
  );
}

function userOf({ securityContext }: PlainMap): unknown {
  return isMap(securityContext) ? securityContext.runAsUser : undefined;
}

/** What is changed beside containers and volumes, so that it can be undone. */
export interface InjectionRecord {
  readonly proxy: string;
  readonly revision: string;
  readonly names?: true;
  readonly sysctl?: true;
}

export const nonlocalBind = 'net.ipv6.ip_nonlocal_bind';

function injected(pod: Pod, wish: InjectionWish, { settings, object }: InjectionContext): PlainMap {
  const names = nameResolution(pod, settings, object);
  const sysctls = addedSysctls(pod, wish, settings);
  const record: InjectionRecord = {
    proxy: wish.proxy,
    revision: settings.revision,
    ...(names === undefined ? {} : { names: true }),
    ...(sysctls === undefined ? {} : { sysctl: true }),
  };
  const { metadata } = pod.whole;
  const annotations = { ...pod.annotations, [injectionKeys.injected]: JSON.stringify(record) };
  return {
    ...pod.whole,
    metadata: { ...(isMap(metadata) ? metadata : {}), annotations },
    spec: {
      ...pod.spec,
      ...names,
      ...(sysctls === undefined ? {} : { securityContext: sysctls }),
      initContainers: [...sidecarContainers(pod, wish, settings), ...pod.initContainers],
      volumes: [...pod.volumes, ...volumes(settings)],
    },
  };
}

function volumes({ rootsConfigMap }: InjectionSettings): readonly PlainMap[] {
  const token = { serviceAccountToken: { audience: tokenAudience, expirationSeconds: 3600, path: tokenFile } };
  return [
    { name: injectedNames.stateVolume, emptyDir: { medium: 'Memory', sizeLimit: '8Mi' } },
    { name: injectedNames.tokenVolume, projected: { sources: [token] } },
    { name: injectedNames.rootsVolume, configMap: { name: rootsConfigMap } },
  ];
}

/** Of a Pod whose names are resolved by the cluster as usual: by the mesh first, which asks the cluster for all else. */
function nameResolution(
  { spec }: Pod,
  { nameserver, clusterDomain }: InjectionSettings,
  { namespace }: ObjectRef,
): PlainMap | undefined {
  const { dnsPolicy = 'ClusterFirst', dnsConfig } = spec;
  if (nameserver === undefined || dnsPolicy !== 'ClusterFirst' || dnsConfig !== undefined) return undefined;
  const searches = [`${namespace ?? 'default'}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return {
    dnsPolicy: 'None',
    dnsConfig: { nameservers: [nameserver], searches, options: [{ name: 'ndots', value: '5' }] },
  };
}

/** The security context of the Pod, with what lets a proxy stand on virtual IPs of IPv6. */
function addedSysctls(
  { spec }: Pod,
  { interception }: InjectionWish,
  { ipv6Sysctl }: InjectionSettings,
): PlainMap | undefined {
  if (!ipv6Sysctl || interception !== 'route') return undefined;
  const context = isMap(spec.securityContext) ? spec.securityContext : {};
  const sysctls: readonly unknown[] = Array.isArray(context.sysctls) ? context.sysctls : [];
  if (sysctls.some((one) => isMap(one) && one.name === nonlocalBind)) return undefined;
  return withField(context, 'sysctls', [...sysctls, { name: nonlocalBind, value: '1' }]);
}
