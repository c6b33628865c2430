/** A desk in two versions with identities of their own, in a mesh whose access is enforced. */
import type { Workload } from './envoy-process.ts';

/** May call. */
export const clerk: Workload = { address: '127.0.79.8', namespace: 'desk', serviceAccount: 'clerk' };
/** May not. */
export const stranger: Workload = { address: '127.0.79.9', namespace: 'desk', serviceAccount: 'stranger' };

const permission = (version: string): string => `---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: desk-${version}, namespace: desk }
spec:
  destination: { kind: ServiceAccount, name: desk-${version}, namespace: desk }
  rules: [{ kind: TCPRoute, name: desk }]
  sources: [{ kind: ServiceAccount, name: ${clerk.serviceAccount}, namespace: desk }]
`;

export const guardedDesk = (port: number, targetPort: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: secured, namespace: desk }
spec:
  hosts: [secured.desk.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: tcp-metaprotocol-thrift-desk, protocol: TCP, targetPort: ${targetPort} }]
  endpoints:
    - { address: 127.0.79.1, serviceAccount: desk-v1, labels: { version: v1 } }
    - { address: 127.0.79.2, serviceAccount: desk-v2, labels: { version: v2 } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: secured, namespace: desk }
spec:
  host: secured.desk.mesh
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: desk, namespace: desk }
spec: { matches: { ports: [${targetPort}] } }
${permission('v1')}${permission('v2')}`;

/** All greetings go to the version. */
export const securedDesk = (version: string): string => `apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: secured, namespace: desk }
spec:
  hosts: [secured.desk.mesh]
  routes:
    - name: greetings
      match: { attributes: { method: { exact: greet } } }
      route: [{ destination: { host: secured.desk.mesh, subset: ${version} } }]
`;
