/**
 * What a kind is to the reader: where it belongs, its schema, the rules beyond the schema, and how its typed resource is
 * made. One object passes through in this order; an error anywhere refuses it as a whole.
 */
import type { Place } from '../model/finding.ts';
import { compileCelRules } from './cel-rules.ts';
import type { AnyResource, Kind, Metadata } from './kinds.ts';
import { checkMetadata, type ObjectMetadata, readMetadata } from './metadata.ts';
import type { PlainMap } from './plain-values.ts';
import type { Problems } from './problem.ts';
import { compileSchema, type SchemaCheck } from './schema-check.ts';
import type { Schema } from './schema-language.ts';
import { objectHead } from './schemas/object-head.ts';

export interface KindInfo {
  readonly kind: Kind;
  /** Empty for the core group. */
  readonly group: string;
  /** All versions that are read, the stored one first. */
  readonly versions: readonly string[];
  /** Either: its published CRDs differ; a namespace is kept where one is written. */
  readonly scope: 'Namespaced' | 'Cluster' | 'Either';
}

/** What a typed resource has whatever its kind. */
interface ResourceHead {
  readonly apiVersion: string;
  readonly key: string;
  readonly metadata: Metadata;
}

/** What is known of an object from where it was found. */
interface ObjectOrigin {
  /** Where the object begins. */
  readonly place?: Place;
  /** For objects that name no namespace. */
  readonly defaultNamespace: string;
}

export interface KindReader extends KindInfo {
  /** The typed resource, or undefined when there is an error among the problems. */
  read(value: PlainMap, origin: ObjectOrigin, problems: Problems): AnyResource | undefined;
}

/** What every checked object has. */
interface CheckedObject {
  readonly apiVersion?: string;
  readonly metadata: ObjectMetadata;
}

interface KindDefinition<T extends CheckedObject> {
  readonly info: KindInfo;
  /** Called once, when the first object of the kind is met. */
  readonly schema: () => Schema;
  readonly check?: (object: T, problems: Problems) => void;
  readonly build: (object: T, head: ResourceHead) => AnyResource;
}

export function defineKind<T extends CheckedObject>(definition: KindDefinition<T>): KindReader {
  const { info, check, build } = definition;
  let compiled: CompiledSchema<T> | undefined;
  return {
    ...info,
    read: (value, origin, problems) => {
      compiled ??= compile<T>(definition.schema());
      const object = compiled.checkSchema(value, problems);
      if (object === undefined) return undefined;
      compiled.checkCel(object, problems);
      checkMetadata(info, object.metadata, problems);
      check?.(object, problems);
      if (problems.hasError) return undefined;
      return build(object, readMetadata(info, object, origin));
    },
  };
}

interface CompiledSchema<T> {
  readonly checkSchema: SchemaCheck<T>;
  readonly checkCel: (object: T, problems: Problems) => void;
}

function compile<T>(schema: Schema): CompiledSchema<T> {
  return { checkSchema: compileSchema<T>(schema), checkCel: compileCelRules(schema) };
}

/** The schema of a whole object whose content is its spec. */
export function withSpec<const S extends Schema>(spec: S) {
  return { type: 'object', required: ['metadata', 'spec'], properties: { ...objectHead, spec } } as const;
}
