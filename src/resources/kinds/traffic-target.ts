/**
 * access.smi-spec.io TrafficTarget: v1alpha1 has all of it at the top, and calls its rules specs; later versions have a
 * spec. What is empty permits nothing: it is taken, with a warning, so that a user can close what was open.
 */
import { readCrdSchema } from '../crd-files.ts';
import type { CheckedObject } from '../kind-reader.ts';
import { type Conversion, defineVersion, defineVersionedKind } from '../kind-versions.ts';
import { isDnsSubdomain } from '../kubernetes-names.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import { forEachRepetition, withoutRepetitions } from '../repetition.ts';
import type { IdentityReference, TrafficTarget, TrafficTargetRule } from '../types/smi.ts';
import { type ReferenceContent, readReference } from './identity-references.ts';

interface DestinationContent extends ReferenceContent {
  readonly port?: number;
}

interface Fields {
  readonly destination: DestinationContent;
  readonly rules: readonly TrafficTargetRule[];
  readonly sources: readonly ReferenceContent[];
}

interface SpecContent extends CheckedObject {
  readonly spec: Fields;
}

interface TopContent extends CheckedObject {
  readonly destination: DestinationContent;
  readonly specs: readonly TrafficTargetRule[];
  readonly sources: readonly ReferenceContent[];
}

type Spec = TrafficTarget['spec'];

const withSpec = (version: string) =>
  defineVersion({
    version,
    schema: () => readCrdSchema('traffic-target', version),
    options: { everyFieldRestricts: true },
    convert: ({ spec }: SpecContent, conversion): Spec => readTarget(spec, 'spec', conversion),
  });

const v1alpha1 = defineVersion({
  version: 'v1alpha1',
  schema: () => readCrdSchema('traffic-target', 'v1alpha1'),
  options: { everyFieldRestricts: true },
  convert: ({ destination, specs, sources }: TopContent, conversion): Spec =>
    readTarget({ destination, rules: specs, sources }, 'top', conversion),
});

export const trafficTarget = defineVersionedKind<TrafficTarget>({
  info: { kind: 'TrafficTarget', group: 'access.smi-spec.io', plural: 'traffictargets', scope: 'Namespaced' },
  versions: [withSpec('v1alpha3'), withSpec('v1alpha4'), withSpec('v1alpha2'), v1alpha1],
  build: (spec, head) => ({ kind: 'TrafficTarget', ...head, spec }),
});

/** Where its fields stand in an object. */
const places = {
  spec: { destination: ['spec', 'destination'], rules: ['spec', 'rules'], sources: ['spec', 'sources'] },
  top: { destination: ['destination'], rules: ['specs'], sources: ['sources'] },
} as const;

function readTarget(
  { destination, rules, sources }: Fields,
  layout: keyof typeof places,
  conversion: Conversion,
): Spec {
  const at = places[layout];
  const { port } = destination;
  return {
    destination: readDestination(destination, at.destination, conversion),
    ...(port === undefined ? {} : { port }),
    rules: readRules(rules, at.rules, conversion.problems),
    sources: readSources(sources, at.sources, conversion),
  };
}

/** Nobody opens the workloads of another namespace than his own. */
function readDestination(content: DestinationContent, path: Path, conversion: Conversion): IdentityReference {
  const destination = readReference(content, path, conversion);
  if (destination.namespace !== conversion.namespace) {
    const message = `The destination is of namespace ${quote(destination.namespace)}, the TrafficTarget of ${quote(conversion.namespace)}.`;
    const remedy = `Move the TrafficTarget to namespace ${destination.namespace}.`;
    conversion.problems.add('ISTH0225', [...path, 'namespace'], message, remedy);
  }
  return destination;
}

function readRules(rules: readonly TrafficTargetRule[], path: Path, problems: Problems): readonly TrafficTargetRule[] {
  if (rules.length === 0) problems.add('ISTH0224', path, 'Without rules, nothing is permitted.');
  return rules.map((rule, index) => readRule(rule, [...path, index], problems));
}

function readRule({ kind, name, matches }: TrafficTargetRule, path: Path, problems: Problems): TrafficTargetRule {
  if (!isDnsSubdomain(name)) problems.add('ISTH0116', [...path, 'name'], `${quote(name)} is no name of a ${kind}.`);
  if (matches === undefined) return { kind, name };
  const at = [...path, 'matches'];
  if (kind !== 'HTTPRouteGroup') {
    problems.add('ISTH0102', at, `A ${kind} has no matches to choose from; they are left out.`, 'Remove them.');
    return { kind, name };
  }
  if (matches.length === 0) {
    problems.add(
      'ISTH0224',
      at,
      'The rule permits nothing: none of the matches is chosen.',
      'Remove it to choose all.',
    );
  }
  forEachRepetition(
    matches,
    (match) => match,
    (match, index) => {
      problems.add('ISTH0216', [...at, index], `${quote(match)} is chosen already.`);
    },
  );
  return { kind, name, matches: withoutRepetitions(matches) };
}

function readSources(
  sources: readonly ReferenceContent[],
  path: Path,
  conversion: Conversion,
): readonly IdentityReference[] {
  const { problems } = conversion;
  if (sources.length === 0) problems.add('ISTH0224', path, 'Without sources, nobody may call.');
  const references = sources.map((source, index) => readReference(source, [...path, index], conversion));
  const repeated = new Set<IdentityReference>();
  forEachRepetition(
    references,
    ({ kind, namespace, name }) => `${kind}/${namespace}/${name}`,
    (reference, index) => {
      repeated.add(reference);
      problems.add('ISTH0216', [...path, index], `${quote(reference.name)} is a source already.`);
    },
  );
  return repeated.size === 0 ? references : references.filter((reference) => !repeated.has(reference));
}
