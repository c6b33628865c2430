/** A store that callers of two trust domains come to, and that calls a ledger itself. */
import { type Identity, spiffeId } from '../../src/model/identity.ts';
import type { Workload } from './envoy-process.ts';

export const store: Workload = { address: '127.0.80.1', namespace: 'books', serviceAccount: 'bookstore' };
export const buyer: Identity = { trustDomain: 'cluster.local', namespace: 'books', serviceAccount: 'bookbuyer' };
export const partner: Identity = { trustDomain: 'partner.example', namespace: 'shop', serviceAccount: 'buyer' };
export const stranger: Identity = { ...partner, serviceAccount: 'stranger' };
/** Of the same service, beside metaproxy. */
export const branch: Workload = { ...store, address: '127.0.80.4' };
export const ledger: Identity = { trustDomain: 'cluster.local', namespace: 'books', serviceAccount: 'ledger' };
export const ledgerAddress = '127.0.80.2';
export const ledgerService = '127.0.80.3';

export interface Ports {
  readonly web: number;
  /** Both of servers that speak first. */
  readonly ours: number;
  readonly shared: number;
  readonly ledger: number;
}

export const federatedManifest = ({
  web: port,
  ours,
  shared,
  ledger: entries,
}: Ports): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bookstore, namespace: books }
spec:
  hosts: [bookstore.books.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - { number: ${port}, name: http-web, protocol: HTTP }
    - { number: ${ours}, name: tcp-ours, protocol: TCP }
    - { number: ${shared}, name: tcp-shared, protocol: TCP }
  endpoints:
    - { address: ${store.address}, serviceAccount: ${store.serviceAccount} }
    - { address: ${branch.address}, serviceAccount: ${store.serviceAccount} }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ledger, namespace: books }
spec:
  hosts: [ledger.books.mesh]
  addresses: [${ledgerService}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${entries}, name: http-entries, protocol: HTTP }]
  endpoints: [{ address: ${ledgerAddress}, serviceAccount: ${ledger.serviceAccount} }]
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: ledger, namespace: books }
spec:
  destination: { kind: ServiceAccount, name: ${ledger.serviceAccount}, namespace: books }
  rules: [{ kind: HTTPRouteGroup, name: store }]
  sources: [{ kind: ServiceAccount, name: ${store.serviceAccount}, namespace: books }]
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: ours, namespace: books }
spec: { matches: { ports: [${ours}, ${shared}] } }
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: shared, namespace: books }
spec: { matches: { ports: [${shared}] } }
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: ours, namespace: books }
spec:
  destination: { kind: ServiceAccount, name: ${store.serviceAccount}, namespace: books }
  rules: [{ kind: TCPRoute, name: ours }]
  sources: [{ kind: ServiceAccount, name: ${buyer.serviceAccount}, namespace: books }]
---
apiVersion: access.smi-spec.io/v1alpha4
kind: TrafficTarget
metadata: { name: shared, namespace: books }
spec:
  destination: { kind: ServiceAccount, name: ${store.serviceAccount}, namespace: books }
  rules: [{ kind: TCPRoute, name: shared }]
  sources: [{ kind: IdentityBinding, name: partners, namespace: books }]
---
apiVersion: access.smi-spec.io/v1alpha4
kind: IdentityBinding
metadata: { name: partners, namespace: books }
spec: { schemes: { spiffeIdentities: ["${spiffeId(partner)}"] } }
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: store, namespace: books }
spec: { matches: [{ name: all, pathRegex: "/.*", methods: ["*"] }] }
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: store, namespace: books }
spec:
  destination: { kind: ServiceAccount, name: ${store.serviceAccount}, namespace: books }
  rules: [{ kind: HTTPRouteGroup, name: store }]
  sources: [{ kind: ServiceAccount, name: ${buyer.serviceAccount}, namespace: books }]
---
apiVersion: access.smi-spec.io/v1alpha4
kind: TrafficTarget
metadata: { name: partners, namespace: books }
spec:
  destination: { kind: ServiceAccount, name: ${store.serviceAccount}, namespace: books }
  rules: [{ kind: HTTPRouteGroup, name: store }]
  sources: [{ kind: IdentityBinding, name: partners, namespace: books }]
`;
