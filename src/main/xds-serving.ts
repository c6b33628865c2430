/** The xDS server as this control plane has it: who may speak for whom, who is told of proxies, and what is counted. */
import { metricsCall, streamMetricsPath } from '../delivery/xds/reports/metrics-service.ts';
import type { ResourceStore } from '../delivery/xds/resources/resource-store.ts';
import { createXdsServer, type XdsServer } from '../delivery/xds/server.ts';
import type { Call, CallHandler, Status } from '../delivery/xds/transport/transport.ts';
import type { ProxyNode } from '../model/proxy.ts';
import type { TrafficReport } from '../model/traffic.ts';
import type { Logger } from '../operations/log.ts';
import type { Metrics } from '../operations/metrics.ts';
import { authorizeProxy, identityOfProxy } from './certificates/proxy-authentication.ts';
import { type Pipeline, trustDomainOf } from './pipeline.ts';
import type { ProxyPresence } from './proxy-presence.ts';
import { resourceOrigins } from './views/resource-origins.ts';

export interface XdsSurroundings {
  readonly store: ResourceStore;
  readonly calls: ReadonlyMap<string, (call: Call) => CallHandler | Status>;
  /** Whether a proxy on plaintext is taken for the workload that it states. */
  readonly isWordTaken: boolean;
  /** Who are told of proxies that come and go, in this order. */
  readonly present: readonly (Partial<Pick<ProxyPresence, 'enter'>> & Pick<ProxyPresence, 'leave'>)[];
  /** Told of each type that a stream begins to ask for. */
  readonly asked: (typeUrl: string, proxy: ProxyNode) => void;
  /** Told of each response that a proxy has taken. */
  readonly acknowledged: (typeUrl: string, proxy: ProxyNode) => void;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Where proxies say what they counted, each for itself. */
export function metricsCalls(
  pipeline: Pipeline,
  isWordTaken: boolean,
  report: (report: TrafficReport) => void,
): ReadonlyMap<string, (call: Call) => CallHandler> {
  const identityOf = identityOfProxy(() => trustDomainOf(pipeline), isWordTaken);
  return new Map([
    [streamMetricsPath, (call: Call) => metricsCall(call, { authorize: authorizeProxy, identityOf, report })],
  ]);
}

export function serveXds(
  pipeline: Pipeline,
  { store, present, calls, isWordTaken, asked, acknowledged, metrics, log }: XdsSurroundings,
): XdsServer {
  return createXdsServer({
    source: store,
    calls,
    authorize: authorizeProxy,
    originsOf: resourceOrigins(pipeline),
    identityOf: identityOfProxy(() => trustDomainOf(pipeline), isWordTaken),
    observer: {
      streamOpened: (proxy) => {
        metrics.xdsStreams.inc();
        for (const one of present) one.enter?.(proxy);
        log.info({ proxy: proxy.id, kind: proxy.kind }, 'proxy connected');
      },
      streamClosed: (proxy) => {
        metrics.xdsStreams.dec();
        for (const one of present) one.leave(proxy);
        log.info({ proxy: proxy.id, kind: proxy.kind }, 'proxy disconnected');
      },
      asked,
      pushed: ({ typeUrl }) => metrics.xdsPushes.inc({ type: typeUrl }),
      acknowledged: (typeUrl, seconds, proxy) => {
        metrics.xdsPushSeconds.observe(seconds);
        if (proxy !== undefined) acknowledged(typeUrl, proxy);
      },
      refused: (typeUrl) => {
        metrics.xdsNacks.inc({ type: typeUrl });
        log.warn({ type: typeUrl }, 'a proxy refused a response; see "isthmus proxy-status"');
      },
      failed: (error) => log.error({ err: error }, 'a stream ended by a fault of isthmus'),
    },
  });
}
