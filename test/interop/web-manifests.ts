/** A service of one workload, and what its callers may ask of it: the manifests that scenes with live Envoys begin with. */
import type { Workload } from './envoy-process.ts';

/** At `<service account>.<namespace>.mesh`. */
export function webService({ address, namespace, serviceAccount }: Workload, port: number): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${serviceAccount}, namespace: ${namespace} }
spec:
  hosts: [${serviceAccount}.${namespace}.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: http-web, protocol: HTTP }]
  endpoints: [{ address: ${address}, serviceAccount: ${serviceAccount} }]
`;
}

export interface Requests {
  readonly pathRegex: string;
  readonly method: string;
}

/** A TrafficTarget and its HTTPRouteGroup, both named as the service account that is called. */
export function requestRight(
  { namespace, serviceAccount }: Workload,
  { pathRegex, method }: Requests,
  ...callers: readonly Workload[]
): string {
  const sources = callers.map((caller) => ({
    kind: 'ServiceAccount',
    name: caller.serviceAccount,
    namespace: caller.namespace,
  }));
  return `apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: ${serviceAccount}, namespace: ${namespace} }
spec:
  matches: [{ name: permitted, pathRegex: ${JSON.stringify(pathRegex)}, methods: ["${method}"] }]
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: ${serviceAccount}, namespace: ${namespace} }
spec:
  destination: { kind: ServiceAccount, name: ${serviceAccount}, namespace: ${namespace} }
  rules: [{ kind: HTTPRouteGroup, name: ${serviceAccount} }]
  sources: ${JSON.stringify(sources)}
`;
}
