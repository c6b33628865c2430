/**
 * Kinds whose versions differ. Each version has a schema of its own, and a conversion of what fits it into the one form
 * that the rest of the product knows: the hub. A conversion is pure and takes everything its schema lets through; what the
 * hub cannot hold becomes a finding, never a silence. Nothing is ever converted back: an object stays as it was written.
 */
import type { KindInfo } from './kind-info.ts';
import {
  type CheckedObject,
  type KindReader,
  type ObjectOrigin,
  objectCheck,
  type ResourceHead,
  type SomeResource,
} from './kind-reader.ts';
import { namespaceOf, readMetadata } from './metadata.ts';
import type { PlainMap } from './plain-values.ts';
import type { Problems } from './problem.ts';
import type { SchemaOptions } from './schema-check.ts';
import type { Schema } from './schema-language.ts';

/** What a conversion is told besides the object. */
export interface Conversion {
  /** The object's own; what references without one mean. */
  readonly namespace: string;
  /** Takes what is wrong, and what is lost; paths are those of the object as it was written. */
  readonly problems: Problems;
}

interface Converted<Content> {
  readonly object: CheckedObject;
  readonly content: Content;
}

/** One version of a kind, as a way from a plain value into the hub. */
export interface KindVersion<Content> {
  readonly version: string;
  /** Whether its conversion may find what its schema does not. */
  readonly exceedsSchema: boolean;
  /** Undefined when the value does not have the form of this version. */
  convert(value: PlainMap, info: KindInfo, origin: ObjectOrigin, problems: Problems): Converted<Content> | undefined;
}

interface VersionDefinition<T extends CheckedObject, Content> {
  readonly version: string;
  /** Called once, when the first object of the version is met. */
  readonly schema: () => Schema;
  readonly options?: SchemaOptions;
  readonly convert: (object: T, conversion: Conversion) => Content;
}

export function defineVersion<T extends CheckedObject, Content>(
  definition: VersionDefinition<T, Content>,
): KindVersion<Content> {
  const checkObject = objectCheck<T>(definition.schema, definition.options);
  return {
    version: definition.version,
    // One that does not take where problems go can report none.
    exceedsSchema: definition.convert.length > 1,
    convert: (value, info, origin, problems) => {
      const object = checkObject(value, info, problems);
      if (object === undefined) return undefined;
      const namespace = namespaceOf(info.scope, object.metadata.namespace, origin.defaultNamespace);
      return { object, content: definition.convert(object, { namespace, problems }) };
    },
  };
}

interface VersionedKind<R extends SomeResource> {
  readonly info: Omit<KindInfo<R['kind']>, 'versions'>;
  /** The stored one first. */
  readonly versions: readonly KindVersion<R['spec']>[];
  readonly build: (content: R['spec'], head: ResourceHead) => R;
}

/** A kind with a schema for each version. Objects whose apiVersion it does not have are not to get here. */
export function defineVersionedKind<R extends SomeResource>({
  info,
  versions,
  build,
}: VersionedKind<R>): KindReader<R> {
  const byName = new Map(versions.map((one) => [one.version, one]));
  const full: KindInfo<R['kind']> = { ...info, versions: [...byName.keys()] };
  return {
    ...full,
    exceedsSchema: versions.some((one) => one.exceedsSchema),
    read: (value, origin, problems) => {
      const converted = byName.get(versionOf(value))?.convert(value, full, origin, problems);
      if (converted === undefined || problems.hasError) return undefined;
      return build(converted.content, readMetadata(full, converted.object, origin));
    },
  };
}

function versionOf({ apiVersion }: PlainMap): string {
  return typeof apiVersion === 'string' ? apiVersion.slice(apiVersion.indexOf('/') + 1) : '';
}
