/**
 * specs.smi-spec.io HTTPRouteGroup: v1alpha1 and v1alpha2 have their matches at the top, later versions in their spec. SMI's
 * texts about traffic splits print the later ones in the form of the earlier, which is taken as well.
 */
import { readCrdSchema } from '../crd-files.ts';
import type { CheckedObject } from '../kind-reader.ts';
import { defineVersion, defineVersionedKind } from '../kind-versions.ts';
import { PatternBudget } from '../pattern-cost.ts';
import { checkPattern, type PatternCheck } from '../pattern-rules.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import { forEachRepetition } from '../repetition.ts';
import type { HTTPRouteGroup, HttpMatchSpec } from '../types/smi.ts';
import { readHeaderConditions } from './http-header-conditions.ts';

interface MatchContent {
  readonly name: string;
  readonly pathRegex?: string;
  readonly methods?: readonly string[];
  /** A map, or a list of maps. */
  readonly headers?: unknown;
}

interface TopContent extends CheckedObject {
  readonly matches: readonly MatchContent[];
}

/** One of the two, as the schema says. */
interface SpecContent extends CheckedObject {
  readonly spec?: { readonly matches: readonly MatchContent[] };
  readonly matches?: readonly MatchContent[];
}

type Spec = HTTPRouteGroup['spec'];

const withSpec = (version: string) =>
  defineVersion({
    version,
    schema: () => readCrdSchema('http-route-group', version),
    options: { everyFieldRestricts: true },
    convert: ({ spec, matches = [] }: SpecContent, { problems }): Spec => {
      if (spec !== undefined) return readMatches(spec.matches, ['spec', 'matches'], problems);
      const message = `The matches stand beside spec, as in v1alpha2; they are read as spec.matches of ${version}.`;
      problems.add('ISTH0119', ['matches'], message, 'Nothing; or move them into spec.');
      return readMatches(matches, ['matches'], problems);
    },
  });

const withoutSpec = (version: string) =>
  defineVersion({
    version,
    schema: () => readCrdSchema('http-route-group', version),
    options: { everyFieldRestricts: true },
    convert: ({ matches }: TopContent, { problems }): Spec => readMatches(matches, ['matches'], problems),
  });

export const httpRouteGroup = defineVersionedKind<HTTPRouteGroup>({
  info: { kind: 'HTTPRouteGroup', group: 'specs.smi-spec.io', plural: 'httproutegroups', scope: 'Namespaced' },
  versions: [withSpec('v1alpha4'), withSpec('v1alpha3'), withoutSpec('v1alpha2'), withoutSpec('v1alpha1')],
  build: (spec, head) => ({ kind: 'HTTPRouteGroup', ...head, spec }),
});

function readMatches(matches: readonly MatchContent[], path: Path, problems: Problems): Spec {
  if (matches.length === 0) problems.add('ISTH0224', path, 'Without matches, no request is of the group.');
  forEachRepetition(
    matches,
    ({ name }) => name,
    ({ name }, index) => {
      problems.add('ISTH0218', [...path, index, 'name'], `There is another match ${quote(name)} already.`);
    },
  );
  const check: PatternCheck = { problems, budget: new PatternBudget() };
  return { matches: matches.map((match, index) => readMatch(match, [...path, index], check)) };
}

function readMatch(
  { name, pathRegex = '', methods = [], headers }: MatchContent,
  path: Path,
  check: PatternCheck,
): HttpMatchSpec {
  if (pathRegex !== '') checkPattern(pathRegex, [...path, 'pathRegex'], check);
  return {
    name,
    pathRegex,
    methods: methods.includes('*') ? [] : [...new Set(methods)],
    headers: readHeaderConditions(headers, [...path, 'headers'], check),
  };
}
