/**
 * Services: all declarations, those of one host in one namespace made one, and the services of a host in all namespaces.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { equal } from '../../collections/equality.ts';
import { finding, formatObject } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { Service, ServiceKey } from '../../model/service.ts';
import type { ResourceCollections } from '../inputs.ts';
import { mayMove, type RetiredHost } from '../migrations/retired-hosts.ts';
import { egressDeclarations } from '../openservicemesh/egress-declarations.ts';
import type { DescribedEgressHost } from '../openservicemesh/egress-policies.ts';
import { declareRegistered, type RegistryTables } from '../registries/registry-services.ts';
import { about } from '../resource-order.ts';
import { settingsOf } from '../settings.ts';
import { byPrecedence, byService, type ServiceDeclaration } from './declarations.ts';
import { hostCandidates } from './host-names.ts';
import { declareKubernetesService } from './kubernetes-declarations.ts';
import { declareServiceEntry } from './service-entry-declarations.ts';
import { isVisibleTo } from './visibility.ts';

interface DeclarationTables {
  readonly settings: Collection<MeshSettings>;
  readonly registries: RegistryTables;
  readonly retired: Index<RetiredHost>;
  readonly egressHosts: Collection<DescribedEgressHost>;
  readonly resources: ResourceCollections;
}

/** Keyed by `<resource key>|<host>`. */
export function serviceDeclarations(
  engine: Engine,
  { settings, registries, retired, egressHosts, resources }: DeclarationTables,
): Collection<ServiceDeclaration> {
  const kubernetes = engine.map('kubernetes declarations', resources.Service, (resource, context) =>
    declareKubernetesService(resource, context, settings),
  );
  const written = engine.flatMap('service entry declarations', resources.ServiceEntry, declareServiceEntry, {
    key: (declaration) => declaration.key,
  });
  const bridged = engine.map('registry declarations', registries.registered, (service, context) => {
    const declaration = declareRegistered(service, context, registries);
    if (declaration === undefined) return undefined;
    const { host, namespace } = declaration.service;
    const isRetired = context
      .lookup(retired, host)
      .some((one) => mayMove(one.namespace, namespace, settingsOf(context, settings)));
    return isRetired ? undefined : declaration;
  });
  const declared = engine.merge('declarations of the mesh', [kubernetes, written, bridged]);
  const byHost = engine.index('declarations by host', declared, ({ service }) => [service.host]);
  return engine.merge('service declarations', [declared, egressDeclarations(engine, egressHosts, byHost)]);
}

/** The first declaration by precedence defines the service; the others may add endpoints only. */
export function services(engine: Engine, declarations: Collection<ServiceDeclaration>): Collection<Service> {
  return engine.groupBy(
    'services',
    declarations,
    (declaration) => [declaration.service.key],
    (_, members, context) => {
      const [winner, ...others] = members.toSorted(byPrecedence);
      if (winner === undefined) return undefined;
      for (const other of others) reportDifference(winner, other, context);
      reportShared(winner, others, context);
      return withBridgedAddresses(winner, others);
    },
  );
}

/** What another bridge calls a host by is what its callers know: it stays while a registry of ours takes its place. */
function withBridgedAddresses({ service }: ServiceDeclaration, others: readonly ServiceDeclaration[]): Service {
  if (service.addresses.length > 0) return service;
  const { addresses = [] } = others.find(({ isBridged }) => isBridged === true)?.service ?? {};
  return addresses.length === 0 ? service : { ...service, addresses };
}

const compared = ['ports', 'resolution', 'location', 'addresses', 'visibility', 'subjectAltNames'] as const;

function reportDifference(winner: ServiceDeclaration, other: ServiceDeclaration, context: Context): void {
  const differences = compared.filter((field) => !equal(winner.service[field], other.service[field]));
  if (differences.length === 0) return;
  const by = formatObject(winner.service.provenance.object);
  const message = `${other.service.host} is defined by ${by}, which differs in ${differences.join(', ')}.`;
  context.report(finding('ISTH0301', { ...about(other.resource), message }));
}

/** Once for each registry whose services are of a host that is not its own. */
function reportShared(winner: ServiceDeclaration, others: readonly ServiceDeclaration[], context: Context): void {
  const { host, provenance } = winner.service;
  const resources = new Map(
    others.flatMap(({ service, resource }) => {
      const { registry } = service.provenance;
      return registry === undefined || registry === provenance.registry ? [] : [[registry, resource] as const];
    }),
  );
  for (const resource of resources.values()) {
    const message = `${host} is defined by ${formatObject(provenance.object)}; instances of this registry serve it as well.`;
    context.report(finding('ISTH0319', { ...about(resource), message }));
  }
}

/** All services that bear one host name, the one that strangers get first. */
export interface HostServices {
  readonly host: string;
  readonly services: readonly Pick<Service, 'key' | 'namespace' | 'visibility'>[];
}

export function hosts(engine: Engine, all: Collection<Service>): Collection<HostServices> {
  return engine.groupBy(
    'hosts',
    all,
    (service) => [service.host],
    (host, members, context) => {
      const sorted = members.toSorted(byService);
      const namespaces = sorted.map((service) => service.namespace).join(', ');
      for (const service of sorted.slice(1)) {
        const message = `${host} is declared in ${namespaces}.`;
        context.report(finding('ISTH0302', { object: service.provenance.object, message }));
      }
      return { host, services: sorted.map(({ key, namespace, visibility }) => ({ key, namespace, visibility })) };
    },
  );
}

/** The service that a host written in an object of a namespace means: one of that namespace, else one that it may see. */
export function findService(
  context: Context,
  all: Collection<HostServices>,
  written: string,
  namespace: string,
  clusterDomain: string,
): ServiceKey | undefined {
  for (const host of hostCandidates(written, namespace, clusterDomain)) {
    const found = context.get(all, host)?.services;
    const best =
      found?.find((service) => service.namespace === namespace) ??
      found?.find((service) => isVisibleTo(service.visibility, namespace));
    if (best !== undefined) return best.key;
  }
  return undefined;
}
