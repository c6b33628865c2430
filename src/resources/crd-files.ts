/**
 * The CustomResourceDefinitions of our own kinds, read from `crds/` of the installation: what a cluster installs is what
 * files are held to.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { IsthmusError } from '../model/errors.ts';
import { isMap, type PlainMap } from './plain-values.ts';
import type { Schema } from './schema-language.ts';
import { objectHead } from './schemas/object-head.ts';

/**
 * The schema of the whole object in `crds/<name>.yaml`: of the version named, else of the first. Throws INTERNAL when the
 * installation lacks it.
 */
export function readCrdSchema(name: string, version?: string): Schema {
  const file = path.join(crdFolder(), `${name}.yaml`);
  try {
    const schema = schemaOf(load(readFileSync(file, 'utf8')), version);
    // An API server knows what metadata is, and a CRD does not say it; in files we must.
    if (isSchema(schema)) {
      return {
        ...schema,
        required: [...(schema.required ?? []), 'metadata'],
        properties: { ...schema.properties, ...objectHead },
      };
    }
  } catch (cause) {
    throw new IsthmusError('INTERNAL', `${file} cannot be read.`, { cause });
  }
  throw new IsthmusError('INTERNAL', `${file} holds no schema.`);
}

/** Up from this file, be it a source, or part of the bundle: the package's folder is the first that holds crds/. */
function crdFolder(): string {
  for (let folder = import.meta.dirname; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'crds');
    if (existsSync(candidate) || folder === path.dirname(folder)) return candidate;
  }
}

function schemaOf(crd: unknown, version: string | undefined): unknown {
  const versions = dig(crd, ['spec', 'versions']);
  if (!Array.isArray(versions)) return undefined;
  const found: unknown = version === undefined ? versions[0] : versions.find((one) => dig(one, ['name']) === version);
  return dig(found, ['schema', 'openAPIV3Schema']);
}

function dig(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, step) => (isMap(at) ? at[step] : undefined), value);
}

/** A CRD is ours and tested against an API server's rules; its form is not checked again at each start. */
function isSchema(value: unknown): value is Schema & PlainMap {
  return isMap(value) && value.type === 'object';
}
