/** For tests: access policies over tables of SMI's kinds, and small builders of these. */
import type { Collection } from '../../collections/collection.ts';
import { Engine } from '../../collections/engine.ts';
import type { AccessPolicy } from '../../model/access.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type {
  AnyResource,
  HTTPRouteGroup,
  HttpMatchSpec,
  IdentityBinding,
  IdentityReference,
  Kind,
  ResourceOf,
  TCPRoute,
  TrafficTarget,
  TrafficTargetRule,
  UDPRoute,
} from '../../resources/kinds.ts';
import { resourceKey } from '../../resources/kinds.ts';
import { meshSettings } from '../settings.ts';
import { accessPolicies } from './access-policies.ts';

export interface TestAccess {
  readonly engine: Engine;
  readonly policies: Collection<AccessPolicy>;
  set(...resources: readonly AnyResource[]): void;
  remove(...resources: readonly AnyResource[]): void;
  /** `code object path`, sorted. */
  findings(): readonly string[];
}

/** `mode`: of access, whatever MeshConfigs say. */
export function testAccess(mode: MeshSettings['access'] = 'Enforced'): TestAccess {
  const engine = new Engine({ validate: true });
  const all = engine.table<AnyResource>('resources', { key: ({ key }) => key });
  all.setState('live');
  const only = <K extends Kind>(kind: K) =>
    engine.map(kind, all, (resource) => (isOf(resource, kind) ? resource : undefined));
  const { settings } = meshSettings(engine, {
    MeshConfig: only('MeshConfig'),
    OsmMeshConfig: only('OsmMeshConfig'),
    MeshRootCertificate: only('MeshRootCertificate'),
  });
  const policies = accessPolicies(engine, {
    settings: engine.map('settings of the test', settings, (of) => ({ ...of, access: mode })),
    trafficTargets: only('TrafficTarget'),
    routeGroups: only('HTTPRouteGroup'),
    tcpRoutes: only('TCPRoute'),
    udpRoutes: only('UDPRoute'),
    identityBindings: only('IdentityBinding'),
  });
  return {
    engine,
    policies,
    set: (...changed) =>
      engine.batch(() => {
        for (const resource of changed) all.set(resource);
      }),
    remove: (...removed) =>
      engine.batch(() => {
        for (const { key } of removed) all.delete(key);
      }),
    findings: () =>
      [...engine.findings.values()]
        .map(({ code, object, path }) => `${code} ${object.namespace}/${object.name} ${path}`.trim())
        .toSorted(),
  };
}

function isOf<K extends Kind>(resource: AnyResource, kind: K): resource is ResourceOf<K> {
  return resource.kind === kind;
}

function resource<K extends Kind, Spec>(kind: K, id: string, spec: Spec) {
  const [namespace = '', name = ''] = id.split('/');
  return {
    kind,
    apiVersion: 'v1',
    key: resourceKey(kind, namespace, name),
    metadata: { namespace, name, labels: {}, annotations: {} },
    spec,
  };
}

/** `namespace/name`. */
export function account(id: string): IdentityReference {
  const [namespace = '', name = ''] = id.split('/');
  return { kind: 'ServiceAccount', namespace, name };
}

export function binding(id: string): IdentityReference {
  return { ...account(id), kind: 'IdentityBinding' };
}

/** For the service account of the target's own name, from shop/buyer. */
export function trafficTarget(
  id: string,
  rules: readonly TrafficTargetRule[],
  spec: Partial<TrafficTarget['spec']> = {},
): TrafficTarget {
  return resource('TrafficTarget', id, { destination: account(id), sources: [account('shop/buyer')], rules, ...spec });
}

export function routeGroup(id: string, ...matches: readonly Partial<HttpMatchSpec>[]): HTTPRouteGroup {
  const whole = matches.map((match) => ({ name: '', pathRegex: '', methods: [], headers: [], ...match }));
  return resource('HTTPRouteGroup', id, { matches: whole });
}

export function tcpRoute(id: string, ...ports: readonly number[]): TCPRoute {
  return resource('TCPRoute', id, { ports });
}

export function udpRoute(id: string, ...ports: readonly number[]): UDPRoute {
  return resource('UDPRoute', id, { ports });
}

export function identityBinding(id: string, spec: Partial<IdentityBinding['spec']>): IdentityBinding {
  return resource('IdentityBinding', id, { spiffeIdentities: [], ...spec });
}
