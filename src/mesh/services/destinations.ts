/**
 * Where a route leads. A destination that does not exist stays in its route, under its full name: the cluster is not
 * found, and the requests that match fail visibly, as they do with Envoy. Leaving the route out would send them to
 * whatever matches next, which nobody asked for.
 */
import type { Collection, Context } from '../../collections/collection.ts';
import { type FindingDetails, finding } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { Destination } from '../../model/route.ts';
import type { Service } from '../../model/service.ts';
import type { HostPolicy } from '../../model/traffic-policy.ts';
import type { DestinationSpec } from '../../resources/kinds.ts';
import { about, type Described } from '../resource-order.ts';
import { settingsOf } from '../settings.ts';
import { fullHost } from './host-names.ts';
import { findService, type HostServices } from './services.ts';

export interface DestinationTables {
  readonly settings: Collection<MeshSettings>;
  readonly services: Collection<Service>;
  readonly hosts: Collection<HostServices>;
  readonly hostPolicies: Collection<HostPolicy>;
}

export interface FoundDestination {
  readonly destination: Destination;
  /** The property whose value chooses the endpoint, by the policy in force for this destination. */
  readonly hashProperty?: string;
}

/** `port` is the port that is being routed, which stands where a destination names none. */
export function findDestination(
  context: Context,
  tables: DestinationTables,
  rule: Described,
  spec: DestinationSpec,
  port: number,
  path: string,
): FoundDestination {
  const { namespace } = rule.metadata;
  const { clusterDomain } = settingsOf(context, tables.settings);
  const written = { port: spec.port?.number || port, subset: spec.subset ?? '' };
  const key = findService(context, tables.hosts, spec.host, namespace, clusterDomain);
  const service = key === undefined ? undefined : context.get(tables.services, key);
  const where = (field: string, message: string): FindingDetails => ({
    ...about(rule),
    path: `${path}.${field}`,
    message,
  });
  if (service === undefined) {
    const host = fullHost(spec.host, namespace, clusterDomain);
    context.report(finding('ISTH0505', where('host', `There is no host ${host}.`)));
    return { destination: { host, ...written } };
  }
  if (!service.ports.some((candidate) => candidate.number === written.port)) {
    context.report(finding('ISTH0506', where('port', `${service.host} has no port ${written.port}.`)));
  }
  const policy = context.get(tables.hostPolicies, service.key);
  if (written.subset !== '' && policy?.subsets.some((subset) => subset.name === written.subset) !== true) {
    context.report(finding('ISTH0507', where('subset', `${service.host} has no subset ${written.subset}.`)));
  }
  const hashProperty = hashPropertyOf(policy, written.port, written.subset);
  const destination = { host: service.host, ...written };
  return hashProperty === undefined ? { destination } : { destination, hashProperty };
}

/** A subset's policy holds for the subset, a port's for the port of the whole host, else the host's. */
export function hashPropertyOf(policy: HostPolicy | undefined, port: number, subset: string): string | undefined {
  const own = policy?.subsets.find((candidate) => candidate.name === subset)?.policy;
  const loadBalancing = (own ?? policy?.portPolicies[port] ?? policy?.policy)?.loadBalancing;
  return loadBalancing?.kind === 'consistent-hash' ? loadBalancing.property : undefined;
}
