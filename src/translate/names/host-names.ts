/**
 * What the DNS server says of a host: a name with the services that bear it, one of which an asker means.
 *
 *   hosts, mesh services, endpoint groups, ExternalName --> one HostName a host --> (delivery/dns)
 *
 * Kept by host, so that a change of one service touches its name and no other. Short names and search domains are made
 * from a query when it is asked, not stored. A host that callers reach by addresses of their own choice (resolution
 * `none`, ranges) has no name here: its real addresses are what a resolver elsewhere says.
 */
import type { Endpoint, EndpointGroup } from '../../model/endpoint.ts';
import type { MeshService } from '../../model/mesh-service.ts';
import type { Service, Visibility } from '../../model/service.ts';

/** One service's part in a host. */
export interface NamedService {
  readonly namespace: string;
  /** Of the service, where the name is that of one of its instances. */
  readonly host?: string;
  readonly visibility: Visibility;
  readonly is:
    | { readonly kind: 'addresses'; readonly ipv4: readonly string[]; readonly ipv6: readonly string[] }
    | { readonly kind: 'alias'; readonly target: string }
    /** Its virtual IP is not there yet, or all are taken. */
    | { readonly kind: 'pending' };
}

export interface HostName {
  /** In lower case; may begin with `*.`. */
  readonly host: string;
  /** Never empty; the one that strangers get comes first. */
  readonly services: readonly NamedService[];
}

export interface NameInput {
  readonly service: MeshService;
  /** Of a headless service; not read for others. */
  readonly groups: readonly EndpointGroup[];
  /** Of a Kubernetes Service of type ExternalName. */
  readonly externalName?: string;
}

/** `inputs` in order of precedence. Undefined for a host that is not for us to resolve. */
export function translateHostName(host: string, inputs: readonly NameInput[]): HostName | undefined {
  const services = inputs.flatMap((input) => {
    const is = meaningOf(input);
    const { namespace, visibility } = input.service.service;
    return is === undefined ? [] : [{ namespace, visibility, is }];
  });
  return services.length === 0 ? undefined : { host, services };
}

/** A name of a migration that leads to the one or the other host; everybody may follow it. */
export function translateAlias({
  host,
  namespace,
  target,
}: {
  readonly host: string;
  readonly namespace: string;
  readonly target: string;
}): HostName {
  return { host, services: [{ namespace, visibility: { kind: 'public' }, is: { kind: 'alias', target } }] };
}

/** The single instances of a headless service that have names: `<label>.<host>`, each with the addresses of its one. */
export function translateInstanceNames(
  { service }: MeshService,
  groups: readonly EndpointGroup[],
): readonly HostName[] {
  const { host, namespace, visibility, headless } = service;
  if (!headless) return [];
  const endpoints = groups.flatMap((group) => group.endpoints).filter(({ health }) => health === 'healthy');
  const instances = Map.groupBy(endpoints, ({ hostname = '' }) => hostname.toLowerCase());
  return [...instances.keys()]
    .filter((hostname) => hostname !== '')
    .sort()
    .map((hostname) => ({
      host: `${hostname}.${host}`,
      services: [{ namespace, host, visibility, is: byFamily(distinctAddresses(instances.get(hostname) ?? [])) }],
    }));
}

function meaningOf({ service, groups, externalName }: NameInput): NamedService['is'] | undefined {
  if (externalName !== undefined) return { kind: 'alias', target: externalName.toLowerCase() };
  if (service.service.headless) return byFamily(endpointAddresses(groups));
  if (service.addresses.length > 0) return byFamily(service.addresses);
  return awaitsVirtualIp(service.service) ? { kind: 'pending' } : undefined;
}

/** As Kubernetes has it: a headless service is all of its endpoints that serve. */
function endpointAddresses(groups: readonly EndpointGroup[]): readonly string[] {
  return distinctAddresses(groups.flatMap(({ endpoints }) => endpoints.filter(({ health }) => health === 'healthy')));
}

function distinctAddresses(endpoints: readonly Endpoint[]): readonly string[] {
  return [...new Set(endpoints.map(({ address }) => address))].sort();
}

function byFamily(addresses: readonly string[]): NamedService['is'] {
  return {
    kind: 'addresses',
    ipv4: addresses.filter((address) => !address.includes(':') && !address.includes('/')),
    ipv6: addresses.filter((address) => address.includes(':')),
  };
}

/**
 * To say that such a host does not exist would be wrong in a moment. One outside of the mesh has addresses of its own,
 * which serve until then.
 */
function awaitsVirtualIp({ addresses, resolution, location, host }: Service): boolean {
  return addresses.length === 0 && resolution !== 'none' && location === 'mesh-internal' && !host.startsWith('*');
}
