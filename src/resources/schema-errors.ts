/** What a schema's validator found, in words for whoever wrote the object. */
import type { ErrorObject } from 'ajv';
import type { FindingCode } from '../model/finding-catalogue.ts';
import { suggestName } from './name-suggestion.ts';
import { isMap } from './plain-values.ts';
import { formatPath, type Path, quote } from './problem.ts';

type Described = [code: FindingCode, path: Path, message: string, remedy?: string];

export interface SchemaOptions {
  /** For policies: a field that is not known could have narrowed what they permit, so that it refuses the object. */
  readonly everyFieldRestricts?: boolean;
  /** By path: remedies for fields that other versions of the kind have. */
  readonly elsewhere?: Readonly<Record<string, string>>;
}

/** `path` is the fault's own: see SchemaCheck. The error must come from a verbose validator, which knows its schema. */
export function describeSchemaError(error: ErrorObject, path: Path, options: SchemaOptions = {}): Described {
  const limit = String(error.params.limit);
  const found = quote(error.data);
  switch (error.keyword) {
    case 'additionalProperties':
      return describeUnknownField(error, path, options);
    case 'required':
      return ['ISTH0104', path, `${formatPath(path)} is missing.`];
    case 'type':
      return ['ISTH0103', path, `Must be ${nameType(error.params.type)}, but is ${quoteWithType(error.data)}.`];
    case 'enum':
      return describeChoice(error, path);
    case 'pattern':
      return ['ISTH0105', path, `${found} does not match ${String(error.params.pattern)}.`];
    case 'minimum':
      return ['ISTH0105', path, `Must be at least ${limit}, but is ${found}.`];
    case 'maximum':
      return ['ISTH0105', path, `Must be at most ${limit}, but is ${found}.`];
    case 'minLength':
      return ['ISTH0105', path, 'Must not be empty.'];
    case 'maxLength':
      return ['ISTH0105', path, `Must have at most ${limit} characters.`];
    case 'minItems':
    case 'minProperties':
      return ['ISTH0105', path, `Must have at least ${limit}, but has ${countOf(error.data)}.`];
    case 'maxItems':
    case 'maxProperties':
      return ['ISTH0105', path, `Must have at most ${limit}, but has ${countOf(error.data)}.`];
    default:
      return ['ISTH0105', path, `${found} ${error.message ?? 'is not allowed'}.`];
  }
}

function describeUnknownField(
  error: ErrorObject,
  path: Path,
  { everyFieldRestricts, elsewhere }: SchemaOptions,
): Described {
  const field = String(path[path.length - 1]);
  const known = namesIn(error.parentSchema?.properties);
  const meant = suggestName(field, known);
  const narrows =
    (everyFieldRestricts === true && path[0] !== 'metadata') ||
    path.slice(0, -1).some((step) => restrictions.has(step)) ||
    isMeantToRestrict(field, meant, known);
  const code = narrows ? 'ISTH0118' : 'ISTH0102';
  const message = `There is no field ${quote(field)} here; ${narrows ? 'without it, more would match or pass than is meant' : 'it is left out'}.`;
  if (meant !== undefined) return [code, path, message, `Did you mean ${meant}?`];
  const others = known.slice(0, 40).join(', ');
  if (!narrows) return [code, path, message, `Remove it, or use one of: ${others}.`];
  return [
    code,
    path,
    message,
    elsewhere?.[formatPath(path)] ?? `Say it by one of: ${others}; or remove it if all is meant.`,
  ];
}

/** Fields that decide what a rule applies to, or what passes: what is left out of them, or of their name, lets more through. */
const restrictions: ReadonlySet<string | number> = new Set([
  'match',
  'workloadSelector',
  'selector',
  'localRateLimit',
  'globalRateLimit',
]);

/** A misspelt restriction, or one under another product's name (`rateLimit`): an object without it would restrict nothing. */
function isMeantToRestrict(field: string, meant: string | undefined, known: readonly string[]): boolean {
  // Without a selector, a service has no endpoints rather than more.
  if (meant !== undefined) return meant !== 'selector' && meant !== 'workloadSelector' && restrictions.has(meant);
  return /limit/i.test(field) && known.includes('localRateLimit');
}

function describeChoice(error: ErrorObject, path: Path): Described {
  const allowed: unknown = error.params.allowedValues;
  const choices = Array.isArray(allowed) ? allowed.map(String) : [];
  const meant = typeof error.data === 'string' ? suggestName(error.data, choices) : undefined;
  const message = `Must be one of ${choices.join(', ')}, but is ${quote(error.data)}.`;
  return meant === undefined ? ['ISTH0105', path, message] : ['ISTH0105', path, message, `Did you mean ${meant}?`];
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'null',
};

function nameType(type: unknown): string {
  const types = (Array.isArray(type) ? type.map(String) : String(type).split(',')).filter((name) => name !== 'null');
  return types.map((name) => typeNames[name] ?? name).join(' or ');
}

function quoteWithType(value: unknown): string {
  if (typeof value === 'string') return `the text ${quote(value)}`;
  if (typeof value === 'number') return `the number ${quote(value)}`;
  return quote(value);
}

function countOf(value: unknown): number {
  return Array.isArray(value) ? value.length : namesIn(value).length;
}

function namesIn(value: unknown): readonly string[] {
  return isMap(value) ? Object.keys(value) : [];
}
