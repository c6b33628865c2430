/**
 * What a kind is to the reader: where it belongs, its schema, the rules beyond the schema, and how its typed resource is
 * made. One object passes through in this order; an error anywhere refuses it as a whole. Kinds whose versions differ are
 * defined in kind-versions.ts instead.
 */
import type { Place } from '../model/finding.ts';
import { compileCelRules } from './cel-rules.ts';
import type { KindInfo } from './kind-info.ts';
import { checkMetadata, type ObjectMetadata, readMetadata } from './metadata.ts';
import type { PlainMap } from './plain-values.ts';
import type { Problems } from './problem.ts';
import { compileSchema, type SchemaCheck, type SchemaOptions } from './schema-check.ts';
import type { Schema } from './schema-language.ts';
import { objectHead } from './schemas/object-head.ts';
import type { Metadata, Resource } from './types/resource.ts';

/** A typed resource, of whatever kind. */
export type SomeResource = Resource<string, unknown>;

/** What a typed resource has whatever its kind. */
export interface ResourceHead {
  readonly apiVersion: string;
  readonly key: string;
  readonly metadata: Metadata;
}

/** What is known of an object from where it was found. */
export interface ObjectOrigin {
  /** Where the object begins. */
  readonly place?: Place;
  /** For objects that name no namespace. */
  readonly defaultNamespace: string;
}

export interface KindReader<R extends SomeResource = SomeResource> extends KindInfo<R['kind']> {
  /** Whether there may be findings that schema and CEL do not say: an API server that has the definition cannot say them. */
  readonly exceedsSchema: boolean;
  /** The typed resource, or undefined when there is an error among the problems. */
  read(value: PlainMap, origin: ObjectOrigin, problems: Problems): R | undefined;
}

/** What every checked object has. */
export interface CheckedObject {
  readonly apiVersion?: string;
  readonly metadata: ObjectMetadata;
}

interface KindDefinition<T extends CheckedObject, R extends SomeResource> {
  readonly info: KindInfo<R['kind']>;
  /** Called once, when the first object of the kind is met. */
  readonly schema: () => Schema;
  readonly options?: SchemaOptions;
  readonly check?: (object: T, problems: Problems) => void;
  readonly build: (object: T, head: ResourceHead) => R;
}

/** `T`: an object that fits the schema; `R`: what is made of it. */
export function defineKind<T extends CheckedObject, R extends SomeResource>(
  definition: KindDefinition<T, R>,
): KindReader<R> {
  const { info, check, build } = definition;
  const checkObject = objectCheck<T>(definition.schema, definition.options);
  return {
    ...info,
    exceedsSchema: check !== undefined,
    read: (value, origin, problems) => {
      const object = checkObject(value, info, problems);
      if (object === undefined) return undefined;
      check?.(object, problems);
      if (problems.hasError) return undefined;
      return build(object, readMetadata(info, object, origin));
    },
  };
}

/** The object as its schema types it, or undefined when it is not in that form; its other faults are among the problems. */
export type ObjectCheck<T> = (value: PlainMap, info: KindInfo, problems: Problems) => T | undefined;

/** Schema, CEL rules and metadata; the schema is compiled when the first object comes. */
export function objectCheck<T extends CheckedObject>(schema: () => Schema, options?: SchemaOptions): ObjectCheck<T> {
  let compiled: CompiledSchema<T> | undefined;
  return (value, info, problems) => {
    compiled ??= compile<T>(schema(), options);
    const object = compiled.checkSchema(value, problems);
    if (object === undefined) return undefined;
    compiled.checkCel(object, problems);
    checkMetadata(info, object.metadata, problems);
    return object;
  };
}

interface CompiledSchema<T> {
  readonly checkSchema: SchemaCheck<T>;
  readonly checkCel: (object: T, problems: Problems) => void;
}

function compile<T>(schema: Schema, options: SchemaOptions | undefined): CompiledSchema<T> {
  return { checkSchema: compileSchema<T>(schema, options), checkCel: compileCelRules(schema) };
}

/** The same where no spec says as much as an empty one. */
export function withOptionalSpec<const S extends Schema>(spec: S) {
  return { type: 'object', required: ['metadata'], properties: { ...objectHead, spec } } as const;
}

/** The schema of a whole object whose content is its spec. */
export function withSpec<const S extends Schema>(spec: S) {
  return { type: 'object', required: ['metadata', 'spec'], properties: { ...objectHead, spec } } as const;
}
