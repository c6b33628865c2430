/** For tests: policies of Open Service Mesh in short form. */
import {
  type Egress,
  type ExtensionService,
  type IngressBackend,
  type Metadata,
  type Retry,
  resourceKey,
  type Telemetry,
  type UpstreamTrafficSetting,
} from '../../resources/kinds.ts';

const apiVersion = 'policy.openservicemesh.io/v1alpha1';

function head(id: string, metadata: Partial<Metadata>) {
  const [namespace = '', name = ''] = id.split('/');
  return { apiVersion, metadata: { namespace, name, labels: {}, annotations: {}, ...metadata }, namespace, name };
}

/** `id`, `source` and `destinations`: `namespace/name`. */
export function retry(
  id: string,
  source: string,
  destinations: readonly string[],
  { spec = {}, ...metadata }: Partial<Metadata> & { readonly spec?: Partial<Retry['spec']> } = {},
): Retry {
  const { namespace, name, ...rest } = head(id, metadata);
  const reference = (written: string) => {
    const [of = '', called = ''] = written.split('/');
    return { namespace: of, name: called };
  };
  return {
    kind: 'Retry',
    key: resourceKey('Retry', namespace, name),
    ...rest,
    spec: {
      source: reference(source),
      destinations: destinations.map(reference),
      retryOn: ['5xx'],
      numRetries: 1,
      retryBackoffBaseInterval: 25,
      ...spec,
    },
  };
}

export function trafficSetting(
  id: string,
  host: string,
  spec: Partial<UpstreamTrafficSetting['spec']> = {},
  metadata: Partial<Metadata> = {},
): UpstreamTrafficSetting {
  const { namespace, name, ...rest } = head(id, metadata);
  return {
    kind: 'UpstreamTrafficSetting',
    key: resourceKey('UpstreamTrafficSetting', namespace, name),
    ...rest,
    spec: { host, connections: {}, httpRoutes: [], ...spec },
  };
}

/** For shop/buyer, to port 80 of api.example. */
export function egress(id: string, spec: Partial<Egress['spec']> = {}, metadata: Partial<Metadata> = {}): Egress {
  const { namespace, name, ...rest } = head(id, metadata);
  return {
    kind: 'Egress',
    key: resourceKey('Egress', namespace, name),
    ...rest,
    spec: {
      sources: [{ namespace: 'shop', name: 'buyer' }],
      hosts: ['api.example'],
      ipAddresses: [],
      ports: [{ number: 80, protocol: 'http' }],
      routeGroups: [],
      ...spec,
    },
  };
}

/** For port 8080 of the service web of its namespace, in plain text from 10.0.0.0/8. */
export function ingressBackend(
  id: string,
  spec: Partial<IngressBackend['spec']> = {},
  metadata: Partial<Metadata> = {},
): IngressBackend {
  const { namespace, name, ...rest } = head(id, metadata);
  return {
    kind: 'IngressBackend',
    key: resourceKey('IngressBackend', namespace, name),
    ...rest,
    spec: {
      backends: [{ name: 'web', port: 8080 }],
      sources: [{ kind: 'IPRange', range: '10.0.0.0/8' }],
      routeGroups: [],
      ...spec,
    },
  };
}

export function telemetry(
  id: string,
  spec: Partial<Telemetry['spec']> = {},
  metadata: Partial<Metadata> = {},
): Telemetry {
  const { namespace, name, ...rest } = head(id, metadata);
  return {
    kind: 'Telemetry',
    key: resourceKey('Telemetry', namespace, name),
    ...rest,
    spec: { selector: {}, ...spec },
  };
}

export function extensionService(id: string, port: number): ExtensionService {
  const { apiVersion: _, namespace, name, ...rest } = head(id, {});
  return {
    kind: 'ExtensionService',
    apiVersion: 'config.openservicemesh.io/v1alpha2',
    key: resourceKey('ExtensionService', namespace, name),
    ...rest,
    spec: { host: 'collector.example', port, protocol: 'h2c' },
  };
}
