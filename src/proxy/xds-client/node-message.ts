/** Who this proxy says it is: the node message, in the fields that Istio's and our own control plane read. */
import { fromJson } from '../../xds-api/proto-json.ts';
import type { NodeMessage } from '../config/bootstrap.ts';

export interface NodeOptions {
  /** Free text, or `sidecar~<ip>~<name>.<namespace>~<domain>`. */
  readonly id: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly serviceAccount?: string;
  /** The workload's own addresses. */
  readonly addresses?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

export const USER_AGENT = 'isthmus-metaproxy';

export function nodeMessage({ id, namespace, name, serviceAccount, addresses, labels }: NodeOptions): NodeMessage {
  return fromJson('envoy.config.core.v3.Node', {
    id,
    userAgentName: USER_AGENT,
    metadata: {
      ...(namespace === undefined ? {} : { NAMESPACE: namespace }),
      ...(name === undefined ? {} : { NAME: name }),
      ...(serviceAccount === undefined ? {} : { SERVICE_ACCOUNT: serviceAccount }),
      ...(addresses === undefined || addresses.length === 0 ? {} : { INSTANCE_IPS: addresses.join(',') }),
      ...(labels === undefined ? {} : { LABELS: labels }),
    },
  });
}
