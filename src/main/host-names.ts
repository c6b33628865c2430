/** From the mesh model to names: a collection of what each host is called by and where it leads. */
import type { Collection, Context } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import type { ResourceCollections } from '../mesh/inputs.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { Service } from '../model/service.ts';
import type { VirtualIpLease } from '../model/virtual-ip.ts';
import { resourceKey } from '../resources/kinds.ts';
import {
  type HostName,
  type NameInput,
  translateAlias,
  translateHostName,
  translateInstanceNames,
} from '../translate/names/host-names.ts';

export interface HostNameInputs {
  readonly mesh: Mesh;
  readonly resources: ResourceCollections;
  readonly leases: Collection<VirtualIpLease>;
}

/** Made when it is first asked for: who serves no names keeps none. */
export function hostNamesOnDemand(engine: Engine, inputs: HostNameInputs): () => Collection<HostName> {
  let names: Collection<HostName> | undefined;
  return () => {
    names ??= hostNames(engine, inputs);
    return names;
  };
}

/** Made anew for a host whose services, addresses or, when it is headless, endpoints change. */
function hostNames(engine: Engine, { mesh, resources, leases }: HostNameInputs): Collection<HostName> {
  const declared = engine.map('declared names', mesh.hosts, ({ host, services }, context) => {
    const inputs = services.flatMap(({ key }) => {
      const service = context.get(mesh.meshServices, key);
      if (service === undefined) return [];
      const resource = mayBeExternalName(service.service)
        ? context.get(resources.Service, resourceKey('Service', service.service.namespace, nameOf(service.service)))
        : undefined;
      const externalName = resource?.spec.type === 'ExternalName' ? resource.spec.externalName : undefined;
      return {
        service,
        groups: service.service.headless ? context.lookup(mesh.groupsByService, key) : [],
        ...(externalName === undefined ? {} : { externalName }),
      };
    });
    return translateHostName(host, oldestFirst(inputs, context, leases));
  });
  const instances = engine.flatMap(
    'instance names',
    mesh.meshServices,
    (service, context) => {
      const { headless, key } = service.service;
      return translateInstanceNames(service, headless ? context.lookup(mesh.groupsByService, key) : []);
    },
    { key: ({ host }: HostName) => host },
  );
  const aliases = engine.map('alias names', mesh.aliases, translateAlias);
  return engine.merge('names', [declared, instances, aliases]);
}

/**
 * Of services of one host in several namespaces strangers get the first: by precedence, but none that came later takes the
 * place of one whose virtual IP they use already.
 */
function oldestFirst(
  inputs: readonly NameInput[],
  context: Context,
  leases: Collection<VirtualIpLease>,
): readonly NameInput[] {
  const since = ({ service }: NameInput): number | undefined => context.get(leases, service.service.key)?.since;
  const [first] = inputs;
  const begin = first === undefined || inputs.length === 1 ? undefined : since(first);
  if (begin === undefined) return inputs;
  const oldest = inputs.reduce((best, one) => ((since(one) ?? begin) < (since(best) ?? begin) ? one : best));
  return [oldest, ...inputs.filter((one) => one !== oldest)];
}

function mayBeExternalName({ provenance, resolution }: Service): boolean {
  return provenance.source === 'kubernetes' && resolution === 'dns';
}

function nameOf({ provenance }: Service): string {
  return provenance.object.name;
}
