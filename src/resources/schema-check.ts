/**
 * Holds a plain value against a schema.
 *
 *   value -> strict validator (stops at the first fault) -- good --> the same value, typed: nothing was copied
 *                  `- else --> thorough validator -> nulls and unknown fields left out -> problems, or the value typed
 *
 * Nearly all objects of a mesh are good, so that only the strict validator is on the fast path. As with an API server, a null
 * for what is not nullable counts as absent, and an unknown field is left out: a warning, while the rest of the object works.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { isMap, type PlainMap } from './plain-values.ts';
import type { Path, Problems } from './problem.ts';
import { describeSchemaError, type SchemaOptions } from './schema-errors.ts';
import type { Schema } from './schema-language.ts';

/** The typed value, or undefined when it is refused; what is wrong is added to the problems either way. */
export type SchemaCheck<T> = (value: PlainMap, problems: Problems) => T | undefined;

export type { SchemaOptions } from './schema-errors.ts';

// Lengths in UTF-16 units (unicode: false): counting code points would read every string to its end.
const ajvOptions = { strict: true, allowUnionTypes: true, useDefaults: true, unicode: false, logger: false } as const;

/** Of all schemas: it takes longer to make one than to compile a schema with it. */
let strictly: Ajv | undefined;

/** `T` is what the schema says: Infer of a literal, or the written type that stands beside a CRD. */
export function compileSchema<T>(schema: Schema, options: SchemaOptions = {}): SchemaCheck<T> {
  const validator = validatorSchema(schema);
  strictly ??= new Ajv(ajvOptions);
  const strict = strictly.compile<T>(validator);
  let thorough: ValidateFunction | undefined;
  const defaults = hasDefaults(schema);
  return (given, problems) => {
    // ajv writes defaults into what it validates, and what was given to us is not ours to write to.
    const value = defaults ? structuredClone(given) : given;
    if (strict(value)) return value;
    // Compiled when first needed: a folder without faults never needs it.
    thorough ??= new Ajv({ ...ajvOptions, allErrors: true, verbose: true }).compile(validator);
    const pruned = prune(value, thorough, options, problems);
    if (pruned === undefined) return undefined;
    return strict(pruned) ? pruned : undefined;
  };
}

/** Leaves out what is to be left out, and reports the rest. Undefined when something is left that refuses the object. */
function prune(
  value: PlainMap,
  thorough: ValidateFunction,
  options: SchemaOptions,
  problems: Problems,
): PlainMap | undefined {
  // Leaving out a null may uncover a missing field, and defaults; after that there are no new faults.
  const withoutNulls = thorough(value) ? value : omit(value, pathsOf(value, thorough.errors, isNullError));
  if (thorough(withoutNulls)) return withoutNulls;
  const errors = thorough.errors ?? [];
  for (const error of errors) {
    const path = pathOf(withoutNulls, error);
    problems.add(...describeSchemaError(error, path, options));
  }
  if (!errors.every(isUnknownField)) return undefined;
  return omit(withoutNulls, pathsOf(withoutNulls, errors, isUnknownField));
}

/** A named field's null; in a list, or as a map's value, a null is a mistake like any other. */
const isNullError = (error: ErrorObject): boolean =>
  error.keyword === 'type' && error.data === null && !/\/(items|additionalProperties)\/type$/.test(error.schemaPath);
const isUnknownField = (error: ErrorObject): boolean => error.keyword === 'additionalProperties';

function pathsOf(
  value: PlainMap,
  errors: readonly ErrorObject[] | null | undefined,
  wanted: (error: ErrorObject) => boolean,
): readonly Path[] {
  return (errors ?? []).filter(wanted).map((error) => pathOf(value, error));
}

/** The path of the fault: for a missing or an unknown field, of the field itself. Numbers are indexes of lists. */
function pathOf(value: PlainMap, error: ErrorObject): Path {
  let at: unknown = value;
  const path: (string | number)[] = [];
  for (const escaped of error.instancePath.split('/').slice(1)) {
    const step = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(at) ? Number(step) : step);
    at = Array.isArray(at) ? at[Number(step)] : isMap(at) ? at[step] : undefined;
  }
  const field: unknown = error.params.additionalProperty ?? error.params.missingProperty;
  return typeof field === 'string' ? [...path, field] : path;
}

/** What to leave out, as a tree, so that any number of paths costs one walk. */
interface Omission {
  readonly inner: Map<string | number, Omission>;
  whole: boolean;
}

function omit(value: PlainMap, paths: readonly Path[]): PlainMap {
  const root: Omission = { inner: new Map(), whole: false };
  for (const path of paths) {
    let at = root;
    for (const step of path) {
      const next = at.inner.get(step) ?? { inner: new Map(), whole: false };
      at.inner.set(step, next);
      at = next;
    }
    at.whole = true;
  }
  return omitFromMap(value, root);
}

function omitFromMap(map: PlainMap, omission: Omission): PlainMap {
  if (omission.inner.size === 0) return map;
  const kept = Object.entries(map).filter(([key]) => omission.inner.get(key)?.whole !== true);
  return Object.fromEntries(kept.map(([key, value]) => [key, omitFrom(value, omission.inner.get(key))]));
}

function omitFrom(value: unknown, omission: Omission | undefined): unknown {
  if (omission === undefined) return value;
  if (isMap(value)) return omitFromMap(value, omission);
  return Array.isArray(value) ? value.map((item, index) => omitFrom(item, omission.inner.get(index))) : value;
}

function hasDefaults(schema: Schema): boolean {
  if (schema.default !== undefined) return true;
  const inner = [schema.items, schema.additionalProperties, ...Object.values(schema.properties ?? {})];
  return inner.some((one) => one !== undefined && hasDefaults(one));
}

/** From the language of CRDs to ajv's: named properties are all there are, int-or-string is a union, and the rest is dropped. */
function validatorSchema(schema: Schema): Record<string, unknown> {
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const { properties, items, additionalProperties } = schema;
  return {
    ...validationKeywords(schema),
    ...(items === undefined ? {} : { items: validatorSchema(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: validatorSchema(additionalProperties) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [name, validatorSchema(property)]),
          ),
          ...(open ? {} : { additionalProperties: false }),
        }),
  };
}

const copied = [
  'nullable',
  'default',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'required',
  'minProperties',
  'maxProperties',
] as const;

function validationKeywords(schema: Schema): Record<string, unknown> {
  const type = schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : schema.type;
  const keywords = copied
    .filter((keyword) => schema[keyword] !== undefined)
    .map((keyword) => [keyword, schema[keyword]]);
  // Without a type: what may have several forms, of which only code can tell.
  return { ...(type === undefined ? {} : { type }), ...Object.fromEntries(keywords) };
}
