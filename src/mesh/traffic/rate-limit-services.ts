/** Where counts are kept that several proxies share: a service of the mesh, or an address outside of it. */
import type { Collection, Context } from '../../collections/collection.ts';
import { finding } from '../../model/finding.ts';
import type { MeshSettings, ServiceSecurity } from '../../model/mesh-service.ts';
import type { Service } from '../../model/service.ts';
import type { RateLimitService } from '../../model/traffic-limits.ts';
import type { UpstreamTrafficSetting } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';
import { findService, type HostServices } from '../services/services.ts';
import { settingsOf } from '../settings.ts';

export interface RateLimitTables {
  readonly settings: Collection<MeshSettings>;
  readonly services: Collection<Service>;
  readonly hosts: Collection<HostServices>;
  /** By service key. */
  readonly securities: Collection<ServiceSecurity>;
}

type Written = NonNullable<UpstreamTrafficSetting['spec']['globalTcp']>['service'];

/** For the proxies beside the workloads of the limited service, by its key: whatever its name means in its namespace. */
export function rateLimitService(
  limited: string,
  setting: UpstreamTrafficSetting,
  { kind, written }: { readonly kind: 'tcp' | 'http'; readonly written: Written },
  context: Context,
  tables: RateLimitTables,
): RateLimitService {
  const { host, port, domain, timeout, failOpen } = written;
  const { clusterDomain } = settingsOf(context, tables.settings);
  const key = findService(context, tables.hosts, host, setting.metadata.namespace, clusterDomain);
  const service = key === undefined ? undefined : context.get(tables.services, key);
  const report = (message: string): void =>
    context.report(
      finding('ISTH1345', { ...about(setting), path: `spec.rateLimit.global.${kind}.rateLimitService`, message }),
    );
  if (service !== undefined) {
    const why = unusable(service, port) ?? unpermitted(limited, service, context, tables);
    if (why !== undefined) report(`${why} Until then ${failOpen ? 'nothing is counted' : 'nothing gets through'}.`);
  }
  const rest = { port, domain, timeoutMs: timeout, failOpen };
  return { host: service?.host ?? host, isService: service !== undefined, ...rest };
}

function unusable({ host, ports }: Service, number: number): string | undefined {
  const port = ports.find((one) => one.number === number);
  if (port === undefined) return `${host} has no port ${number}.`;
  const isGrpc = port.protocol.kind === 'plain' && ['grpc', 'http2'].includes(port.protocol.protocol);
  return isGrpc ? undefined : `Port ${number} of ${host} does not speak gRPC as far as is known: name it grpc.`;
}

/** The proxies beside the workloads are callers like all others. */
function unpermitted(
  limited: string,
  service: Service,
  context: Context,
  { securities }: RateLimitTables,
): string | undefined {
  const callers = context.get(securities, service.key)?.callers ?? 'any';
  const identities = context.get(securities, limited)?.identities ?? [];
  const [stranger] = callers === 'any' ? [] : identities.filter((identity) => !callers.includes(identity));
  return stranger === undefined ? undefined : `No TrafficTarget permits ${stranger} to call ${service.host}.`;
}
