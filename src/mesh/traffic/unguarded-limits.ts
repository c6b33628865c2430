/**
 * Rate limits that nobody enforces: each proxy beside a workload counts for its own, so where none stands requests pass
 * unlimited, which nobody would see otherwise.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { EndpointGroup } from '../../model/endpoint.ts';
import { finding } from '../../model/finding.ts';
import type { MeshService } from '../../model/mesh-service.ts';
import type { RuleOrigin } from '../../model/route.ts';
import type { TrafficSetting } from '../../model/traffic-limits.ts';

interface Tables {
  readonly meshServices: Collection<MeshService>;
  readonly groupsByService: Index<EndpointGroup>;
  /** By service key. */
  readonly trafficSettings: Collection<TrafficSetting>;
  /** Keyed by address. */
  readonly proxyAddresses: Collection<string>;
}

interface Limit {
  readonly origin: RuleOrigin;
  readonly path: string;
  /** Absent: that of the catalogue. */
  readonly remedy?: string;
  /** Numbers of the service's ports. */
  readonly ports: ReadonlySet<number>;
}

/** Reports on the MetaRouter and on the UpstreamTrafficSetting, once for each service that they limit. */
export function reportUnguardedLimits(engine: Engine, tables: Tables): void {
  engine.map('unguarded limits', tables.meshServices, (meshService, context) => {
    const { service } = meshService;
    const limits = [...routerLimits(meshService), ...settingLimits(meshService, context, tables)];
    for (const { ports, ...limit } of limits) {
      const groups = context.lookup(tables.groupsByService, service.key).filter(({ port }) => ports.has(port));
      const addresses = new Set(groups.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)));
      const bare = [...addresses].filter((address) => context.get(tables.proxyAddresses, address) === undefined);
      if (bare.length === 0) continue;
      const some = bare.toSorted().slice(0, shown).join(', ');
      const message = `No proxy stands at ${bare.length} of ${addresses.size} endpoints of ${service.host} (${some}${bare.length > shown ? ', ...' : ''}): ${limit.path} is not enforced there.`;
      const { origin, ...where } = limit;
      context.report(finding('ISTH0710', { ...origin, ...where, message }));
    }
    return undefined;
  });
}

function routerLimits({ ports }: MeshService): readonly Limit[] {
  const limited = ports.filter(({ routes }) => routes?.localRateLimit !== undefined);
  const [origin] = limited.flatMap(({ routes }) => routes?.origin ?? []);
  if (origin === undefined) return [];
  return [{ origin, path: 'spec.localRateLimit', ports: new Set(limited.map(({ port }) => port.number)) }];
}

function settingLimits({ service }: MeshService, context: Context, { trafficSettings }: Tables): readonly Limit[] {
  const limits = context.get(trafficSettings, service.key)?.limits;
  if (limits === undefined) return [];
  const { origin, paths: _, ...ofAll } = limits;
  const path = Object.keys(ofAll).length === 0 ? 'spec.httpRoutes' : 'spec.rateLimit';
  const remedy = 'Run an Envoy beside each workload: the limit is counted there, not at the caller.';
  return [{ origin, path, remedy, ports: new Set(service.ports.map(({ number }) => number)) }];
}

const shown = 3;
