/**
 * UpstreamTrafficSettings: how much each service takes.
 *
 *   UpstreamTrafficSetting + the service of its host --> setting definitions --> traffic settings of a service
 *
 * A setting is for a service of its own namespace. Of several for one service the oldest is in force as a whole, then the
 * one with the smallest key; the others are a finding.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding, formatObject } from '../../model/finding.ts';
import { byPrecision } from '../../model/path-precision.ts';
import { isHttp, type Service, type ServiceKey } from '../../model/service.ts';
import type { InboundLimits, TrafficSetting } from '../../model/traffic-limits.ts';
import { type Egress, resourceKey, type UpstreamTrafficSetting } from '../../resources/kinds.ts';
import { about, byAge } from '../resource-order.ts';
import { ownService, type ServiceTables } from '../services/own-service.ts';
import { type RateLimitTables, rateLimitService } from './rate-limit-services.ts';
import { type PathTables, reportUnmatchedPaths } from './unmatched-paths.ts';

interface Tables extends RateLimitTables, ServiceTables, PathTables {
  readonly trafficSettings: Collection<UpstreamTrafficSetting>;
  readonly egresses: Collection<Egress>;
}

interface SettingDefinition {
  readonly setting: UpstreamTrafficSetting;
  readonly service: ServiceKey;
}

/** Keyed by service key. */
export function trafficSettings(engine: Engine, tables: Tables): Collection<TrafficSetting> {
  const egresses = engine.index('egresses by setting', tables.egresses, ({ metadata, spec }) =>
    spec.upstreamTrafficSetting === undefined
      ? []
      : [resourceKey('UpstreamTrafficSetting', metadata.namespace, spec.upstreamTrafficSetting)],
  );
  const definitions = engine.map('setting definitions', tables.trafficSettings, (setting, context) => {
    const service = ownService(setting.metadata.namespace, setting.spec.host, context, tables);
    if (service === undefined) reportUnknownHost(setting, context, egresses);
    else reportUnusable(setting, service, context);
    return service === undefined ? undefined : { setting, service: service.key };
  });
  return engine.groupBy(
    'traffic settings',
    definitions,
    ({ service }: SettingDefinition) => [service],
    (key, members, context) => {
      const [first, ...others] = members.map(({ setting }) => setting).toSorted(byAge);
      if (first === undefined) return undefined;
      for (const other of others) {
        const message = `For ${key}, ${formatObject(about(first).object)} is in force instead.`;
        context.report(finding('ISTH1343', { ...about(other), path: 'spec.host', message }));
      }
      reportUnmatchedPaths(key, first, context, tables);
      return settingOf(key, first, context, tables);
    },
  );
}

/** What an Egress names is for a host outside of the mesh, which nobody has to declare. */
function reportUnknownHost(
  { key, kind, metadata, spec }: UpstreamTrafficSetting,
  context: Context,
  egresses: Index<Egress>,
): void {
  if (context.lookup(egresses, key).length > 0) return;
  const message = `There is no ${spec.host} in namespace ${metadata.namespace}: nothing is bounded.`;
  context.report(finding('ISTH1341', { ...about({ kind, metadata }), path: 'spec.host', message }));
}

function reportUnusable(setting: UpstreamTrafficSetting, service: Service, context: Context): void {
  if (service.ports.some(({ protocol }) => isHttp(protocol))) return;
  const { localHttp, globalHttp, httpRoutes } = setting.spec;
  const written: readonly (readonly [boolean, string])[] = [
    [localHttp !== undefined, 'spec.rateLimit.local.http'],
    [globalHttp !== undefined, 'spec.rateLimit.global.http'],
    [httpRoutes.length > 0, 'spec.httpRoutes'],
  ];
  for (const [isWritten, path] of written) {
    if (!isWritten) continue;
    const message = `No port of ${service.host} speaks HTTP as far as is known: no request is counted.`;
    context.report(finding('ISTH1342', { ...about(setting), path, message }));
  }
}

function settingOf(key: string, setting: UpstreamTrafficSetting, context: Context, tables: Tables): TrafficSetting {
  const limits = limitsOf(key, setting, context, tables);
  const isLimited = Object.keys(limits).length > 0;
  const paths = setting.spec.httpRoutes
    .map(({ path, local, descriptors }) => ({
      path,
      descriptors,
      ...(local === undefined ? {} : { local: httpRate(local) }),
    }))
    .sort((a, b) => byPrecision(a.path, b.path));
  const { connections } = setting.spec;
  const origin = about(setting);
  return isLimited || paths.length > 0
    ? { key, origin, connections, limits: { origin, ...limits, paths } }
    : { key, origin, connections };
}

function limitsOf(
  key: string,
  setting: UpstreamTrafficSetting,
  context: Context,
  tables: Tables,
): Omit<InboundLimits, 'origin' | 'paths'> {
  const { localTcp, localHttp, globalTcp, globalHttp } = setting.spec;
  const service = (kind: 'tcp' | 'http', written: NonNullable<typeof globalTcp>['service']) =>
    rateLimitService(key, setting, { kind, written }, context, tables);
  return {
    ...(localTcp === undefined ? {} : { localTcp: tokenRate(localTcp) }),
    ...(localHttp === undefined ? {} : { localHttp: httpRate(localHttp) }),
    ...(globalTcp === undefined ? {} : { globalTcp: { ...globalTcp, service: service('tcp', globalTcp.service) } }),
    ...(globalHttp === undefined
      ? {}
      : { globalHttp: { ...globalHttp, service: service('http', globalHttp.service) } }),
  };
}

type WrittenRate = NonNullable<UpstreamTrafficSetting['spec']['localTcp']>;
type WrittenHttpRate = NonNullable<UpstreamTrafficSetting['spec']['localHttp']>;

function tokenRate({ count, per, burst }: WrittenRate) {
  return { count, perMs: per, burst };
}

function httpRate({ status, headers, ...rate }: WrittenHttpRate) {
  return { ...tokenRate(rate), status, headers };
}
