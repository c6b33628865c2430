/** Kinds by their names in manifests, and what is said about those that are not. */
import { apiKindOf, type KindInfo } from './kind-info.ts';
import { kindReaders } from './kind-list.ts';
import type { KindReader } from './kind-reader.ts';
import type { CodecCheck } from './kinds/protocol-codec.ts';
import type { AnyResource, Kind } from './kinds.ts';
import { suggestName } from './name-suggestion.ts';
import { type Problems, quote } from './problem.ts';

export type KindTable = ReadonlyMap<string, KindReader<AnyResource>>;

/** The kinds that are read: for `validate`, help and watches. */
export const kinds: readonly KindInfo<Kind>[] = kindReaders(undefined).map(
  ({ read: _, exceedsSchema: __, ...info }) => info,
);

/** Groups of Istio's kinds. */
export const istioGroups: ReadonlySet<string> = new Set(['networking.istio.io', 'security.istio.io']);

/** Groups whose objects are others' to judge: what we cannot use of them is none of their authors' mistakes. */
export const othersGroups: ReadonlySet<string> = new Set(['', 'discovery.k8s.io', ...istioGroups]);

/** Kinds that an API server has to ask us about: ours to judge, and by more than their definitions say. */
export const validatedKinds: readonly KindInfo<Kind>[] = kindReaders(undefined)
  .filter(({ group, exceedsSchema }) => exceedsSchema && !othersGroups.has(group))
  .map(({ read: _, exceedsSchema: __, ...info }) => info);

export function kindTable(checkCodec: CodecCheck | undefined): KindTable {
  return new Map(kindReaders(checkCodec).map((reader) => [`${reader.group}/${apiKindOf(reader)}`, reader]));
}

/** The reader of a kind in one of its versions; else undefined, and a problem that says why. */
export function findKind(
  table: KindTable,
  apiVersion: string,
  kind: string,
  problems: Problems,
): KindReader<AnyResource> | undefined {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const reader = table.get(`${group}/${kind}`);
  if (reader?.versions.includes(version) === true) return reader;
  if (reader === undefined) reportUnknownKind(group, kind, apiVersion, problems);
  else {
    const known = reader.versions.map((one) => (group === '' ? one : `${group}/${one}`));
    const message = `${kind} is not read in version ${quote(version)}.`;
    problems.add('ISTH0101', ['apiVersion'], message, `Write apiVersion: ${known.join(' or ')}.`);
  }
  return undefined;
}

/** Kinds of groups that we read some of, which we shall read, or which would be missed if they were passed over in silence. */
const unsupported: ReadonlyMap<string, readonly string[]> = new Map([
  ['networking.istio.io', ['EnvoyFilter', 'ProxyConfig']],
]);

function reportUnknownKind(group: string, kind: string, apiVersion: string, problems: Problems): void {
  if (unsupported.get(group)?.includes(kind) === true) {
    problems.add('ISTH0111', ['kind'], `${kind} (${apiVersion}) is not supported yet.`);
    return;
  }
  if (group === 'isthmus.dev' && kind === 'AddressLease') {
    const message =
      'It is passed over: the control plane writes AddressLeases, in a cluster; with files, it keeps its leases in the state folder.';
    problems.add('ISTH0110', ['kind'], message, 'Take it out of the files.');
    return;
  }
  const inGroup = kinds.filter((one) => one.group === group).map(apiKindOf);
  const elsewhere = kinds.find((one) => apiKindOf(one) === kind && one.group !== group);
  const meant = suggestName(kind, inGroup);
  const message = `${quote(kind)} of apiVersion ${quote(apiVersion)} is no kind that is read.`;
  if (kind === 'List')
    problems.add('ISTH0101', ['kind'], message, 'Give it items: a list of objects that are no Lists themselves.');
  else if (elsewhere !== undefined && (isOurs(group) || suggestName(group, [elsewhere.group]) !== undefined))
    problems.add('ISTH0101', ['apiVersion'], message, `Did you mean ${apiVersionsOf(elsewhere)}?`);
  else if (meant !== undefined) problems.add('ISTH0101', ['kind'], message, `Did you mean ${meant}?`);
  else if (isOurs(group)) problems.add('ISTH0101', ['kind'], message, `Use one of ${inGroup.join(', ')}.`);
  else if (elsewhere !== undefined && group === '' && elsewhere.versions.includes(apiVersion)) {
    const remedy = `Did you mean apiVersion: ${elsewhere.group}/${apiVersion}?`;
    problems.add('ISTH0120', ['apiVersion'], `${message} It is passed over.`, remedy);
  } else problems.add('ISTH0110', ['kind'], `${quote(kind)} of apiVersion ${quote(apiVersion)} is passed over.`);
}

/** In any version: which is meant, only the object's author knows. */
function apiVersionsOf({ group, versions }: KindInfo): string {
  const [first = '', ...others] = versions;
  return `apiVersion: ${group === '' ? '' : `${group}/`}${first}${others.length === 0 ? '' : ` (or ${others.join(', ')})`}`;
}

/** For a document that says which kind it is, and not of which apiVersion. */
export function apiVersionFor(kind: string): string | undefined {
  const known = kinds.filter((one) => apiKindOf(one) === kind);
  return known.length === 0 ? undefined : known.map(apiVersionsOf).join(', or ');
}

/** Of Kubernetes, which has kinds in them for everybody. */
const sharedGroups: ReadonlySet<string> = new Set(['', 'discovery.k8s.io']);

/** Groups that hold nothing but what a mesh is made of: an unknown kind in them is a mistake, not another program's. */
function isOurs(group: string): boolean {
  return !sharedGroups.has(group) && kinds.some((one) => one.group === group);
}
