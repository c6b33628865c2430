/** What the kinds of Open Service Mesh have in common: references, lists without repetitions, and what is said of all of them. */
import type { FindingCode } from '../../model/finding-catalogue.ts';
import { isDnsLabel, isDnsSubdomain, isHostName, isServiceName } from '../kubernetes-names.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import { forEachRepetition } from '../repetition.ts';
import type { OsmReference } from '../types/osm.ts';

export const policyGroup = 'policy.openservicemesh.io';
export const configGroup = 'config.openservicemesh.io';

export interface ReferenceContent extends OsmReference {
  readonly kind: 'ServiceAccount' | 'Service';
}

export function readOsmReference({ kind, namespace, name }: ReferenceContent, path: Path, problems: Problems) {
  const isName = kind === 'Service' ? isServiceName(name) || isFullHost(name) : isDnsSubdomain(name);
  const code: FindingCode = kind === 'Service' ? 'ISTH0116' : 'ISTH0220';
  if (!isName) problems.add(code, [...path, 'name'], `${quote(name)} is no name of a ${kind}.`);
  checkNamespace(namespace, [...path, 'namespace'], problems);
  return { namespace, name };
}

/** Outside of Kubernetes, a service is known by the name of its host alone. */
function isFullHost(name: string): boolean {
  return name.includes('.') && isHostName(name);
}

export function checkNamespace(namespace: string, path: Path, problems: Problems): void {
  if (!isDnsLabel(namespace)) problems.add('ISTH0116', path, `${quote(namespace)} is no name of a namespace.`);
}

/** A list of references, each once. */
export function readOsmReferences(
  list: readonly ReferenceContent[],
  path: Path,
  problems: Problems,
): readonly OsmReference[] {
  const read = list.map((one, index) => readOsmReference(one, [...path, index], problems));
  return distinct(read, ({ namespace, name }) => `${namespace}/${name}`, path, problems);
}

/** The list with each key once; what is named again is a problem that changes nothing. */
export function distinct<T>(
  list: readonly T[],
  keyOf: (entry: T) => string,
  path: Path,
  problems: Problems,
): readonly T[] {
  const repeated = new Set<number>();
  forEachRepetition(list, keyOf, (entry, index) => {
    repeated.add(index);
    problems.add('ISTH0216', [...path, index], `${quote(keyOf(entry))} is named already.`);
  });
  return repeated.size === 0 ? list : list.filter((_, index) => !repeated.has(index));
}

/** What is empty permits nothing: it is taken, with a warning, so that a user can close what was open. */
export function warnIfEmpty(list: readonly unknown[], path: Path, consequence: string, problems: Problems): void {
  if (list.length === 0) problems.add('ISTH0224', path, consequence);
}

const groupOfKind = { HTTPRouteGroup: 'specs.smi-spec.io', UpstreamTrafficSetting: policyGroup };

export interface MatchReference {
  /** With or without a version: OSM asked for one. */
  readonly apiGroup?: string;
  readonly kind: keyof typeof groupOfKind;
  readonly name: string;
}

/** The names of a kind among the matches, each once. */
export function readMatchNames(
  matches: readonly MatchReference[],
  wanted: MatchReference['kind'],
  problems: Problems,
): readonly string[] {
  const path = ['spec', 'matches'];
  const names = matches.flatMap(({ kind, name, apiGroup }, index) => {
    if (kind !== wanted) return [];
    const group = apiGroup?.split('/', 1).join();
    if (group !== undefined && group !== groupOfKind[kind]) {
      const message = `${quote(apiGroup)} is not the group of ${kind}.`;
      problems.add('ISTH0105', [...path, index, 'apiGroup'], message, `Write apiGroup: ${groupOfKind[kind]}.`);
    }
    if (!isDnsSubdomain(name)) {
      problems.add('ISTH0116', [...path, index, 'name'], `${quote(name)} is no name of a ${kind}.`);
    }
    return [{ name, index }];
  });
  forEachRepetition(
    names,
    ({ name }) => name,
    ({ name, index }) => {
      problems.add('ISTH0216', [...path, index], `${quote(name)} is named already.`);
    },
  );
  return [...new Set(names.map(({ name }) => name))];
}
