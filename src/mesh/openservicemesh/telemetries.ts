/**
 * Telemetries: how workloads log what they take in. That which selects a workload by its labels comes before that of its
 * namespace, and that before that of the whole mesh, which stands in the root namespace or beside Open Service Mesh's
 * MeshConfig. One without an access log says nothing.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding, formatObject } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { AccessLogSettings } from '../../model/proxy-settings.ts';
import { type ExtensionService, resourceKey, type Telemetry } from '../../resources/kinds.ts';
import { about, byAge, type Described } from '../resource-order.ts';

/** One Telemetry that says something. */
export interface TelemetryLog {
  readonly key: string;
  readonly telemetry: Described;
  readonly namespace: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly log: AccessLogSettings;
}

export interface Telemetries {
  /** All that are in force somewhere. */
  readonly logs: Collection<TelemetryLog>;
  readonly byNamespace: Index<TelemetryLog>;
}

export function telemetries(
  engine: Engine,
  tables: { readonly Telemetry: Collection<Telemetry>; readonly ExtensionService: Collection<ExtensionService> },
): Telemetries {
  const logs = engine.map('telemetry logs', tables.Telemetry, (telemetry, context): TelemetryLog | undefined => {
    const { kind, key, metadata, spec } = telemetry;
    if (spec.accessLog === undefined) return undefined;
    const collector = collectorOf(telemetry, context, tables.ExtensionService);
    if (spec.accessLog.format === undefined && spec.accessLog.openTelemetry !== undefined && collector === undefined)
      return undefined;
    const { format } = spec.accessLog;
    return {
      key,
      telemetry: { kind, key, metadata },
      namespace: metadata.namespace,
      selector: spec.selector,
      log: { ...(format === undefined ? {} : { format }), ...(collector === undefined ? {} : { collector }) },
    };
  });
  return { logs, byNamespace: engine.index('telemetry by namespace', logs, ({ namespace }) => [namespace]) };
}

function collectorOf(
  telemetry: Telemetry,
  context: Context,
  services: Collection<ExtensionService>,
): AccessLogSettings['collector'] {
  const { openTelemetry } = telemetry.spec.accessLog ?? {};
  if (openTelemetry === undefined) return undefined;
  const { namespace, name } = openTelemetry.extensionService;
  const service = context.get(services, resourceKey('ExtensionService', namespace, name));
  if (service === undefined) {
    const path = 'spec.accessLog.openTelemetry.extensionService';
    const message = `There is no ExtensionService ${name} in namespace ${namespace}: no log is sent to it.`;
    context.report(finding('ISTH1420', { ...about(telemetry), path, message }));
    return undefined;
  }
  const { host, port, connectTimeout } = service.spec;
  return {
    address: host,
    port,
    ...(connectTimeout === undefined ? {} : { connectTimeoutMs: connectTimeout }),
    attributes: openTelemetry.attributes,
  };
}

/** Of all workloads that no other Telemetry is for. */
export function meshWideLog(
  context: Context,
  { byNamespace }: Telemetries,
  { rootNamespace, policyNamespace }: Pick<MeshSettings, 'rootNamespace' | 'policyNamespace'>,
): AccessLogSettings | undefined {
  const namespaces = new Set([rootNamespace, policyNamespace ?? rootNamespace]);
  const all = [...namespaces].flatMap((namespace) => context.lookup(byNamespace, namespace));
  return firstOf(all.filter(isForAll), context)?.log;
}

/** Of a workload in particular; undefined where that of the mesh holds. */
export function workloadLog(
  context: Context,
  { byNamespace }: Telemetries,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): AccessLogSettings | undefined {
  const all = context.lookup(byNamespace, namespace);
  const chosen = all.filter((one) => !isForAll(one) && Object.entries(one.selector).every(([k, v]) => labels[k] === v));
  return firstOf(chosen.length > 0 ? chosen : all.filter(isForAll), context)?.log;
}

export function isForAll({ selector }: TelemetryLog): boolean {
  return Object.keys(selector).length === 0;
}

function firstOf(logs: readonly TelemetryLog[], context: Context): TelemetryLog | undefined {
  const [first, ...others] = logs.toSorted((a, b) => byAge(a.telemetry, b.telemetry));
  for (const { telemetry } of first === undefined ? [] : others) {
    const message = `${formatObject(about(first?.telemetry ?? telemetry).object)} is in force for the same workloads instead.`;
    context.report(finding('ISTH1421', { ...about(telemetry), message }));
  }
  return first;
}
