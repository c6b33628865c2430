/**
 * Names as Istio's agents read them: a table for the workloads of a namespace, of the same names that our DNS server
 * answers. Each host is encoded once for all tables; a table is its hosts' encodings one after the other.
 */
import type { HostScope } from '../../model/host-scope.ts';
import { type ServiceKey, serviceKey } from '../../model/service.ts';
import { encode } from '../../xds-api/messages.ts';
import { type EncodedResource, joinedResource } from '../encoded-resource.ts';
import type { HostName, NamedService } from './host-names.ts';

/** A host in the tables of whoever sees it. */
export interface NameEntry {
  readonly host: string;
  /** For callers of namespaces that are not named below; absent where strangers see nothing. */
  readonly forAll?: EncodedEntry;
  /** By namespace. */
  readonly forSome: ReadonlyMap<string, EncodedEntry>;
}

interface EncodedEntry {
  readonly bytes: Uint8Array;
  /** That the host is here. */
  readonly service: ServiceKey;
}

type Meaning = Extract<NamedService['is'], { kind: 'addresses' }>;

/** Names that lead to names that lead to names: no agent would follow more. */
const maxAliases = 8;

const table = 'istio.networking.nds.v1.NameTable';

/** `named`: of another host, since agents follow no alias themselves. Undefined for a host without addresses. */
export function translateNameEntry(
  name: HostName,
  clusterDomain: string,
  named: (host: string) => HostName | undefined,
): NameEntry | undefined {
  const namespaces = new Set(name.services.flatMap(namespacesOf));
  const encodedFor = (namespace: string | undefined) => {
    const found = meaningFor(name, namespace, named);
    return found === undefined
      ? undefined
      : { bytes: encodedEntry(name.host, found, clusterDomain), service: found.service };
  };
  const forAll = encodedFor(undefined);
  const forSome = [...namespaces].sort().flatMap((namespace): [string, EncodedEntry][] => {
    const own = encodedFor(namespace);
    return own === undefined ? [] : [[namespace, own]];
  });
  if (forAll === undefined && forSome.length === 0) return undefined;
  return { host: name.host, ...(forAll === undefined ? {} : { forAll }), forSome: new Map(forSome) };
}

/** `entries` sorted by host. `hosts`: what the askers are told of; absent for all that is exported to the namespace. */
export function translateNameTable(
  namespace: string,
  entries: readonly NameEntry[],
  hosts?: Pick<HostScope, 'has'>,
): EncodedResource {
  const told = entries.flatMap(({ forAll, forSome }) => {
    const entry = forSome.get(namespace) ?? forAll;
    return entry === undefined || hosts?.has(entry.service) === false ? [] : [entry.bytes];
  });
  return joinedResource(table, 'names', told);
}

function namespacesOf({ namespace, visibility }: NamedService): readonly string[] {
  return visibility.kind === 'public' ? [namespace] : [namespace, ...visibility.namespaces];
}

interface Found {
  readonly meaning: Meaning;
  /** Of the service that the host itself is. */
  readonly namespace: string;
  readonly service: ServiceKey;
}

/** As the DNS server answers: a caller's own namespace goes first. */
function meaningFor(
  name: HostName,
  namespace: string | undefined,
  named: (host: string) => HostName | undefined,
): Found | undefined {
  const first = serviceFor(name, namespace);
  let service = first;
  for (let steps = 0; service?.is.kind === 'alias' && steps < maxAliases; steps++) {
    const target = named(service.is.target);
    service = target === undefined ? undefined : serviceFor(target, namespace);
  }
  if (first === undefined || service?.is.kind !== 'addresses') return undefined;
  const { namespace: of, host = name.host } = first;
  return { meaning: service.is, namespace: of, service: serviceKey(of, host) };
}

function serviceFor({ services }: HostName, namespace: string | undefined): NamedService | undefined {
  const own = services.find((one) => one.namespace === namespace);
  return own ?? services.find(({ visibility }) => isVisible(visibility, namespace));
}

function isVisible(visibility: NamedService['visibility'], namespace: string | undefined): boolean {
  if (visibility.kind === 'public') return true;
  return namespace !== undefined && visibility.namespaces.includes(namespace);
}

/** A host without addresses of either family stays in the table: it is there, and agents say so of the family they lack. */
function encodedEntry(host: string, { meaning, namespace }: Found, clusterDomain: string): Uint8Array {
  const suffix = `.${namespace}.svc.${clusterDomain}`;
  const kubernetes = host.endsWith(suffix)
    ? { registry: 'Kubernetes', shortname: host.slice(0, -suffix.length), namespace }
    : { registry: 'External' };
  return encode(table, { table: { [host]: { ips: [...meaning.ipv4, ...meaning.ipv6], ...kubernetes } } });
}
