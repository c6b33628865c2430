/** Traffic -> TrafficMetrics of the Service Mesh Interface, metrics.smi-spec.io/v1alpha1. */
import { latencyAt, type Traffic } from '../model/traffic.ts';
import {
  type ResourceName,
  type TrafficEdge,
  type TrafficKind,
  type TrafficResource,
  trafficKinds,
} from '../model/traffic-resource.ts';
import { trafficWindowMs } from './traffic-window.ts';

export const trafficGroup = 'metrics.smi-spec.io';
export const trafficVersion = 'v1alpha1';
const apiVersion = `${trafficGroup}/${trafficVersion}`;
const window = `${trafficWindowMs / 1000}s`;

const kindOf = Object.fromEntries(Object.entries(trafficKinds).map(([plural, { kind }]) => [kind, plural]));

/** The path of a resource under the API, without its edges. */
function selfLink({ kind, namespace, name }: ResourceName): string {
  const plural = kindOf[kind] ?? '';
  return `/apis/${apiVersion}/${namespace === undefined ? '' : `namespaces/${namespace}/`}${plural}/${name}`;
}

/** `at`: the end of the window. */
export function metricsOf({ name, traffic }: TrafficResource, at: Date): object {
  return trafficMetrics(name, traffic, at, null);
}

export function edgesOf({ name, edges }: TrafficResource, at: Date): object {
  const items = edges().map((edge) => trafficMetrics(name, edge.traffic, at, edge));
  return { ...list(`${selfLink(name)}/edges`), resource: reference(name), items };
}

/** Of all resources of a kind, or of those in a namespace. */
export function metricsList(
  plural: TrafficKind,
  namespace: string | undefined,
  selector: string,
  resources: readonly TrafficResource[],
  at: Date,
): object {
  const { kind } = trafficKinds[plural];
  const link = `/apis/${apiVersion}/${namespace === undefined ? '' : `namespaces/${namespace}/`}${plural}`;
  return {
    ...list(link),
    resource: { kind, apiVersion: 'v1', ...(namespace === undefined ? {} : { namespace }) },
    ...(selector === '' ? {} : { selector }),
    items: resources.map((resource) => metricsOf(resource, at)),
  };
}

function list(link: string): object {
  return { kind: 'TrafficMetricsList', apiVersion, metadata: { selfLink: link } };
}

function trafficMetrics(name: ResourceName, traffic: Traffic, at: Date, edge: TrafficEdge | null): object {
  const { namespace } = name;
  const timestamp = at.toISOString();
  const metadata = { name: name.name, ...(namespace === undefined ? {} : { namespace }), creationTimestamp: timestamp };
  return {
    kind: 'TrafficMetrics',
    apiVersion,
    metadata: { ...metadata, selfLink: edge === null ? selfLink(name) : `${selfLink(name)}/edges` },
    resource: reference(name),
    edge: edge === null ? null : { direction: edge.direction, side: edge.side, resource: reference(edge.peer) },
    timestamp,
    window,
    metrics: [
      ...latency('p50', 0.5, traffic),
      ...latency('p90', 0.9, traffic),
      ...latency('p99', 0.99, traffic),
      { name: 'success_count', unit: '', value: quantity(traffic.successes) },
      { name: 'failure_count', unit: '', value: quantity(traffic.failures) },
    ],
  };
}

function reference({ kind, namespace, name }: ResourceName): object {
  return { kind, apiVersion: 'v1', ...(namespace === undefined ? {} : { namespace }), name };
}

/** None where nothing was measured: a request of no duration is not the same. */
function latency(name: string, quantile: number, traffic: Traffic): readonly object[] {
  const value = latencyAt(quantile, traffic);
  return value === undefined ? [] : [{ name: `${name}_response_latency`, unit: 'ms', value: quantity(value) }];
}

/** Kubernetes' Quantity, to the thousandth. */
function quantity(value: number): string {
  const thousandths = Math.round(value * 1000);
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}
