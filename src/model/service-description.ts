/** Everything that a control plane knows of one service, as `describe` shows it. */
import type { EndpointGroup } from './endpoint.ts';
import type { Finding, Place } from './finding.ts';
import type { PortIngress } from './ingress.ts';
import type { MeshService } from './mesh-service.ts';
import type { ServiceKey } from './service.ts';
import type { TrafficSetting } from './traffic-limits.ts';

export interface ServiceDescription {
  readonly trustDomain: string;
  readonly service: MeshService;
  readonly endpoints: readonly EndpointGroup[];
  /** What its workloads take from outside the mesh, by their own port, in order. */
  readonly ingresses: readonly { readonly port: number; readonly ingress: PortIngress }[];
  /** How much it takes; absent where nothing is bounded. */
  readonly trafficSetting?: TrafficSetting;
  /** Of objects that do not say themselves where they stand, by their names as findings print them. */
  readonly places: Readonly<Record<string, Place>>;
  readonly findings: readonly Finding[];
  /** Services of the same host in other namespaces. */
  readonly others: readonly ServiceKey[];
}
