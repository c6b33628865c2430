/** A good manifest of each kind, which tests take as it is or spoil in one place. */
import { load } from 'js-yaml';
import { istioManifests } from './istio-rows-fixture.ts';
import { osmManifests } from './osm-manifest-fixture.ts';
import { redisManifests } from './redis-rows-fixture.ts';
import { smiManifests } from './smi-manifest-fixture.ts';

const manifests = {
  ApplicationProtocol: `
    apiVersion: metaprotocol.aeraki.io/v1alpha1
    metadata: { name: orders, namespace: shop }
    spec: { protocol: orders, codec: orders-codec }`,
  MetaRouter: `
    apiVersion: metaprotocol.aeraki.io/v1alpha1
    metadata: { name: orders, namespace: shop }
    spec:
      hosts: [orders.shop.mesh]
      routes:
        - name: beta
          match: { attributes: { user: { exact: beta } } }
          route:
            - { destination: { host: orders.shop.mesh, subset: v1, port: { number: 8080 } }, weight: 90 }
            - { destination: { host: orders.shop.mesh, subset: v2 }, weight: 10 }
          mirror: { host: orders.shop.mesh, subset: v3 }
          mirrorPercentage: { value: 12.5 }
          requestMutation: [{ key: a, value: b }]
          responseMutation: [{ key: c, value: d }]
        - route: [{ destination: { host: orders.shop.mesh } }]
      localRateLimit:
        tokenBucket: { maxTokens: 10, tokensPerFill: 5, fillInterval: 60s }
        conditions:
          - match: { attributes: { user: { prefix: x } } }
            tokenBucket: { maxTokens: 2, fillInterval: 100ms }
      globalRateLimit:
        domain: shop
        rateLimitService: outbound|8081||rls.shop.svc.cluster.local
        descriptors: [{ property: user, descriptorKey: user }]
      exportTo: ['.']`,
  RequestAuthorizationPolicy: `
    apiVersion: isthmus.dev/v1alpha1
    metadata: { name: orders, namespace: shop }
    spec:
      action: DENY
      serviceAccounts: [orders]
      protocols: [thrift]
      rules:
        - from: [{ principals: [cluster.local/ns/shop/sa/buyer], notNamespaces: [town*] }]
          to: [{ properties: { method: [get*, list] }, notProperties: { user: ['*'] } }]`,
  DubboAuthorizationPolicy: `
    apiVersion: dubbo.aeraki.io/v1alpha1
    metadata: { name: orders, namespace: shop }
    spec:
      action: ALLOW
      rules:
        - from: [{ source: { principals: ['*'], namespaces: [shop] } }]
          to: [{ operation: { interfaces: [org.apache.*], notMethods: [delete] } }]`,
  ServiceEntry: `
    apiVersion: networking.istio.io/v1
    metadata: { name: orders, namespace: shop }
    spec:
      hosts: [orders.shop.mesh]
      addresses: [240.241.1.1]
      ports:
        - { number: 8080, name: tcp-metaprotocol-orders, protocol: TCP, targetPort: 9090 }
        - { number: 8081, name: http, protocol: http }
      location: MESH_INTERNAL
      resolution: STATIC
      endpoints:
        - address: 10.0.0.1
          ports: { http: 81 }
          labels: { version: v1 }
          locality: eu/a/1
          weight: 3
          serviceAccount: orders
        - { address: 'unix:///var/run/orders.sock' }
      exportTo: ['*']
      subjectAltNames: [spiffe://cluster.local/ns/shop/sa/orders]`,
  WorkloadEntry: `
    apiVersion: networking.istio.io/v1beta1
    metadata: { name: vm-1, namespace: shop }
    spec: { address: vm-1.example.com, ports: { http: 80 }, labels: { app: orders }, network: vms }`,
  WorkloadGroup: `
    apiVersion: networking.istio.io/v1alpha3
    metadata: { name: vms, namespace: shop }
    spec:
      metadata: { labels: { app: orders } }
      template: { ports: { http: 80 }, serviceAccount: orders }`,
  DestinationRule: `
    apiVersion: networking.istio.io/v1
    metadata: { name: orders, namespace: shop }
    spec:
      host: orders.shop.mesh
      trafficPolicy:
        loadBalancer: { consistentHash: { httpHeaderName: user, maglev: { tableSize: 65537 } } }
        connectionPool: { tcp: { connectTimeout: 1.5s, tcpKeepalive: { time: 2h } } }
        portLevelSettings: [{ port: { number: 8080 }, loadBalancer: { simple: RANDOM } }]
      subsets:
        - { name: v1, labels: { version: v1 } }
        - { name: v2, labels: { version: v2 }, trafficPolicy: { loadBalancer: { simple: ROUND_ROBIN } } }`,
  Service: `
    apiVersion: v1
    metadata: { name: orders, namespace: shop }
    spec:
      clusterIP: 10.96.0.1
      selector: { app: orders }
      ports:
        - { name: tcp-metaprotocol-orders, port: 8080, targetPort: rpc }
        - { name: dns, port: 8080, protocol: UDP }`,
  EndpointSlice: `
    apiVersion: discovery.k8s.io/v1
    metadata: { name: orders-1, namespace: shop, labels: { kubernetes.io/service-name: orders } }
    addressType: IPv4
    endpoints:
      - addresses: [10.0.0.1]
        conditions: { ready: false, terminating: true }
        zone: a
        targetRef: { kind: Pod, name: orders-1, namespace: shop, uid: x }
      - { addresses: [10.0.0.2] }
    ports: [{ name: rpc, port: 9090 }, { name: every }]`,
  Namespace: `
    apiVersion: v1
    metadata: { name: shop, labels: { istio-injection: enabled } }`,
  ProtocolCodec: `
    apiVersion: isthmus.dev/v1alpha1
    metadata: { name: orders-codec }
    spec:
      limits: { maxFrame: 1MiB }
      frame:
        header: { size: 13, endian: big }
        length: { parts: [{ offset: 5, type: u32 }], counts: whole, min: 13 }
      fields: { id: { offset: 1, type: u32 }, code: { offset: 11, type: i16 } }
      identity: { requestId: id, correlation: id }
      status: { error: code != 0 }
      properties: { code: { from: code, as: decimal } }
      multiplexing: true`,
  MeshConfig: `
    apiVersion: isthmus.dev/v1alpha1
    metadata: { name: mesh }
    spec:
      virtualIps: { ipv4: [127.241.0.0/16], ipv6: [], quarantine: 1h30m }
      accessLog: { path: /dev/stdout, encoding: JSON }
      idleTimeout: 3600s`,
  ServiceRegistry: `
    apiVersion: isthmus.dev/v1alpha1
    metadata: { name: consul }
    spec: { type: Consul, addresses: ["127.0.0.1:8500"] }`,
  MigrationPlan: `
    apiVersion: isthmus.dev/v1alpha1
    metadata: { name: orders, namespace: shop }
    spec:
      host: orders.legacy.mesh
      to: { host: orders.shop.svc.cluster.local }
      stage: Discover`,
  ...smiManifests,
  ...osmManifests,
  ...redisManifests,
  ...istioManifests,
} as const;

/** A kind, with a version behind it where there is a manifest for several. */
export type FixtureKind = keyof typeof manifests;
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export const fixtureKinds: readonly FixtureKind[] = Object.keys(manifests).filter(isFixtureKind);

function isFixtureKind(text: string): text is FixtureKind {
  return Object.hasOwn(manifests, text);
}

/** The kind alone. */
export function kindOf(fixture: FixtureKind): string {
  return fixture.split(' ', 1).join();
}

/** A fresh copy, the caller's to spoil. */
export function goodManifest(kind: FixtureKind): { [key: string]: Json } {
  const value = load(manifests[kind]);
  if (!isJsonMap(value)) throw new TypeError(`The fixture of ${kind} is no map.`);
  return { kind: kindOf(kind), ...value };
}

function isJsonMap(value: unknown): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A good manifest with one value put at a path; undefined removes what stands there. */
export function spoiltManifest(kind: FixtureKind, path: string, value: unknown): unknown {
  const steps = path.split('.');
  const put = (at: unknown, depth: number): unknown => {
    const step = steps[depth];
    if (step === undefined) return value;
    if (Array.isArray(at)) return at.toSpliced(Number(step), 1, put(at[Number(step)], depth + 1));
    const map = isJsonMap(at) ? at : {};
    const inner = put(map[step], depth + 1);
    const others = Object.entries(map).filter(([key]) => key !== step);
    return Object.fromEntries(inner === undefined ? others : [...others, [step, inner]]);
  };
  return put(goodManifest(kind), 0);
}
