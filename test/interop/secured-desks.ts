/** Desks of Thrift and of Dubbo in a mesh whose access is enforced: who may call them, and which methods. */
import type { Workload } from './envoy-process.ts';

const workload = (serviceAccount: string, last: number): Workload => ({
  address: `127.0.80.${last}`,
  namespace: 'desk',
  serviceAccount,
});
export const thriftDesk = workload('thrift-desk', 1);
export const dubboDesk = workload('dubbo-desk', 2);
/** The only one whom TrafficTargets permit. */
export const securedClerk = workload('clerk', 3);

export const hostOf = ({ serviceAccount }: Workload): string => `${serviceAccount}.desk.mesh`;

const desk = (beside: Workload, port: number, protocol: string): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${beside.serviceAccount}, namespace: desk }
spec:
  hosts: [${hostOf(beside)}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: tcp-metaprotocol-${protocol}, protocol: TCP }]
  endpoints: [{ address: ${beside.address}, serviceAccount: ${beside.serviceAccount} }]
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: ${beside.serviceAccount}, namespace: desk }
spec: { matches: { ports: [${port}] } }
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: ${beside.serviceAccount}, namespace: desk }
spec:
  destination: { kind: ServiceAccount, name: ${beside.serviceAccount}, namespace: desk }
  rules: [{ kind: TCPRoute, name: ${beside.serviceAccount} }]
  sources: [{ kind: ServiceAccount, name: ${securedClerk.serviceAccount}, namespace: desk }]
---
`;

/** Calls of Thrift have a route by their method, so that a stock Envoy beside the caller reads them too. */
const thriftRoutes = `apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: thrift, namespace: desk }
spec:
  hosts: [${hostOf(thriftDesk)}]
  routes:
    - name: calls
      match: { attributes: { method: { regex: "greet.*|note" } } }
      route: [{ destination: { host: ${hostOf(thriftDesk)} } }]
`;

export const securedDesks = (ports: { readonly thrift: number; readonly dubbo: number }): string =>
  desk(thriftDesk, ports.thrift, 'thrift') + desk(dubboDesk, ports.dubbo, 'dubbo') + thriftRoutes;

/** All methods but `greet` are refused, also to generic calls, of which another policy knows what they may not call. */
export const oneMethodEach = `apiVersion: isthmus.dev/v1alpha1
kind: RequestAuthorizationPolicy
metadata: { name: thrift, namespace: desk }
spec:
  serviceAccounts: [${thriftDesk.serviceAccount}]
  protocols: [thrift]
  rules:
    - from: [{ principals: [cluster.local/ns/desk/sa/${securedClerk.serviceAccount}] }]
      to: [{ properties: { method: [greet] } }]
---
apiVersion: dubbo.aeraki.io/v1alpha1
kind: DubboAuthorizationPolicy
metadata: { name: dubbo, namespace: desk }
spec:
  action: ALLOW
  rules:
    - from: [{ source: { principals: [cluster.local/ns/desk/sa/${securedClerk.serviceAccount}] } }]
      to: [{ operation: { interfaces: [desk.DeskService], methods: [greet, $invoke] } }]
    - to: [{ operation: { interfaces: [desk.DeskService], methods: [attachment] } }]
---
apiVersion: dubbo.aeraki.io/v1alpha1
kind: DubboAuthorizationPolicy
metadata: { name: attachments, namespace: desk }
spec:
  action: DENY
  rules:
    - to: [{ operation: { methods: [attachment] } }]
`;
