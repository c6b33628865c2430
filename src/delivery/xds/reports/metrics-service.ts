/**
 * `envoy.service.metrics.v3.MetricsService/StreamMetrics`: proxies say what they counted, each for itself alone. Who it is was
 * verified with the connection, and its node has to agree with that; who is nobody may report nothing.
 */
import { messageOf } from '../../../model/errors.ts';
import type { ProxyNode } from '../../../model/proxy.ts';
import type { TrafficReport } from '../../../model/traffic.ts';
import { decode } from '../../../xds-api/messages.ts';
import type { Authorize, IdentityOf } from '../streams/admission.ts';
import { readNode } from '../streams/node.ts';
import { type Call, type CallHandler, type Status, StatusCode } from '../transport/transport.ts';
import { readTraffic } from './traffic-report.ts';

export const streamMetricsPath = '/envoy.service.metrics.v3.MetricsService/StreamMetrics';

export interface MetricsReception {
  readonly authorize: (...who: Parameters<Authorize>) => Status | undefined;
  readonly identityOf: IdentityOf;
  readonly report: (report: TrafficReport) => void;
}

const nobody =
  'Only a proxy that shows a certificate may report what it counted (or one on plaintext, with --insecure-identities).';

export function metricsCall(call: Call, reception: MetricsReception): CallHandler {
  let proxy: ProxyNode | undefined;
  return {
    message(bytes) {
      try {
        const { identifier, envoyMetrics = [] } = decode('isthmus.metrics.v1.StreamMetricsMessage', bytes);
        if (proxy === undefined) {
          const reading = proxyOf(call, identifier?.node ?? new Uint8Array(), reception);
          if ('code' in reading) return call.end(reading);
          proxy = reading;
        }
        reception.report({ proxy, clusters: readTraffic(envoyMetrics) });
      } catch (error) {
        call.end({ code: StatusCode.invalidArgument, message: `That is no message of metrics: ${messageOf(error)}` });
      }
    },
    drained() {},
    finished: () => call.end({ code: StatusCode.ok, message: '' }),
    closed() {},
  };
}

function proxyOf({ peer }: Call, node: Uint8Array, { authorize, identityOf }: MetricsReception): ProxyNode | Status {
  const reading = readNode(node);
  if (reading.kind === 'refused') return { code: StatusCode.invalidArgument, message: reading.reason };
  const refusal = authorize(peer, reading.node);
  if (refusal !== undefined) return refusal;
  const identity = identityOf(peer, reading.node);
  return identity === undefined
    ? { code: StatusCode.permissionDenied, message: nobody }
    : { ...reading.node, identity };
}
