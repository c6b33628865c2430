/** A port at which a gateway of Istio takes requests of a private protocol, and the service that they are for. */
import type { RuleOrigin } from './route.ts';
import type { ServiceKey } from './service.ts';

export interface GatewayPort {
  /** `<namespace>/<name>|<port>` of the gateway, and the server names after more bars. */
  readonly key: string;
  readonly namespace: string;
  readonly gateway: string;
  /** Labels of the gateway's workloads. */
  readonly selector: Readonly<Record<string, string>>;
  /** As the Gateway has it. */
  readonly number: number;
  /** By which what comes to it is told from the rest of the port, sorted; absent where it takes all. */
  readonly serverNames?: readonly string[];
  /** What the gateway's workloads listen on for it; ascending. */
  readonly listened: readonly number[];
  readonly service: ServiceKey;
  readonly host: string;
  /** The service's own, which may be another. */
  readonly servicePort: number;
  /** The MetaRouter that leads there. */
  readonly origin: RuleOrigin;
}
