/** The desk of dubbo-manifests.ts with an Envoy before each version, in a mesh whose access is enforced. */
import { type DubboDesk, dubboDeskManifest } from './dubbo-manifests.ts';
import type { Workload } from './envoy-process.ts';

const workload = (address: string, serviceAccount: string): Workload => ({
  address,
  namespace: 'dubbo',
  serviceAccount,
});

/** Providers: which is called is said by its answer. */
export const versions = [workload('127.0.80.1', 'desk-v1'), workload('127.0.80.2', 'desk-v2')];
/** May call. */
export const clerk = workload('127.0.80.8', 'clerk');
/** May not. */
export const stranger = workload('127.0.80.9', 'stranger');

const permission = ({ serviceAccount }: Workload): string => `---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: ${serviceAccount}, namespace: dubbo }
spec:
  destination: { kind: ServiceAccount, name: ${serviceAccount}, namespace: dubbo }
  rules: [{ kind: TCPRoute, name: desk }]
  sources: [{ kind: ServiceAccount, name: ${clerk.serviceAccount}, namespace: dubbo }]
`;

export function guardedDubboDesk(desk: DubboDesk): string {
  const manifest = versions.reduce(
    (text, { address, serviceAccount }) =>
      text.replace('{ address: 127.0.0.1,', `{ address: ${address}, serviceAccount: ${serviceAccount},`),
    dubboDeskManifest(desk),
  );
  return `${manifest}---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: desk, namespace: dubbo }
spec: { matches: { ports: [${desk.v1}, ${desk.v2}] } }
${versions.map(permission).join('')}`;
}
