import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { load, loadAll } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { compileDescription } from '../../codecs/declarative/compile.ts';
import { compileCelRules } from './cel-rules.ts';
import { readCrdSchema } from './crd-files.ts';
import { kinds } from './kind-table.ts';
import { isMap } from './plain-values.ts';
import { createResourceReader } from './reader.ts';
import type { Schema } from './schema-language.ts';

const folder = path.resolve(import.meta.dirname, '../../crds');
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

describe.each(files)('%s', (file) => {
  const crd = load(readFileSync(path.join(folder, file), 'utf8'));
  const schema = readCrdSchema(path.basename(file, '.yaml'));

  test('is of a kind that is read, in the version and scope that are read', () => {
    const info = kinds.find((one) => one.group === 'isthmus.dev' && one.kind === kindOf(crd));
    expect(crd).toMatchObject({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${kindOf(crd).toLowerCase().replace(/y$/, 'ie')}s.isthmus.dev` },
      spec: {
        group: 'isthmus.dev',
        scope: info?.scope,
        versions: [{ name: info?.versions[0], served: true, storage: true }],
      },
    });
  });

  test('has short names, a category, columns to print, and a status with conditions', () => {
    expect(crd).toMatchObject({
      spec: {
        names: { shortNames: [expect.any(String)], categories: ['isthmus'] },
        versions: [
          {
            subresources: { status: {} },
            additionalPrinterColumns: expect.arrayContaining([expect.objectContaining({ name: 'Accepted' })]),
            schema: {
              openAPIV3Schema: {
                properties: {
                  status: {
                    properties: {
                      observedGeneration: { type: 'integer' },
                      conditions: { type: 'array', 'x-kubernetes-list-map-keys': ['type'] },
                    },
                  },
                },
              },
            },
          },
        ],
      },
    });
  });

  test('is structural, and bounds every text, list and map: an API server refuses CEL over what has no bound', () => {
    expect(unbounded(schema.properties?.spec ?? {}, 'spec')).toEqual([]);
  });

  test('has rules that are CEL', () => {
    expect(() => compileCelRules(schema)).not.toThrow();
  });
});

test('each kind of our own group has a file', () => {
  expect(kinds.filter((one) => one.group === 'isthmus.dev')).toHaveLength(files.length);
});

/** Whatever a codec's author may write by the compiler's account must get past the CRD, or no cluster would take it. */
describe('a ProtocolCodec that compiles gets past its CRD', () => {
  const root = path.resolve(import.meta.dirname, '../..');
  const manifests = ['codecs', 'examples'].flatMap((room) =>
    readdirSync(path.join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.yaml') && !file.includes('node_modules'))
      .flatMap((file) => documentsOf(path.join(room, file))),
  );
  const reader = createResourceReader({
    checkCodec: (spec, name) => {
      const compiled = compileDescription(spec, name);
      return 'problems' in compiled ? compiled.problems : [];
    },
  });
  test.each(manifests)('$file', ({ value }) => {
    const { findings, resource } = reader.read(value);
    expect(findings).toEqual([]);
    expect(resource?.kind).toBe('ProtocolCodec');
  });

  function documentsOf(file: string): readonly { readonly file: string; readonly value: unknown }[] {
    return loadAll(readFileSync(path.join(root, file), 'utf8'))
      .filter((value) => isMap(value) && value.kind === 'ProtocolCodec')
      .map((value) => ({ file, value }));
  }
});

function kindOf(crd: unknown): string {
  return /"kind":"(\w+)","listKind"/.exec(JSON.stringify(crd))?.[1] ?? '';
}

/** Paths of a schema where something has no type, or may grow without bound. */
function unbounded(schema: Schema, at: string): readonly string[] {
  const isOpen = schema['x-kubernetes-int-or-string'] === true;
  const own =
    (schema.type === undefined && !isOpen) ||
    (schema.type === 'string' && schema.maxLength === undefined && schema.enum === undefined) ||
    (schema.type === 'array' && schema.maxItems === undefined) ||
    (schema.additionalProperties !== undefined && schema.maxProperties === undefined);
  return [
    ...(own ? [at] : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) => unbounded(one, `${at}.${name}`)),
    ...(schema.items === undefined ? [] : unbounded(schema.items, `${at}[]`)),
    ...(schema.additionalProperties === undefined ? [] : unbounded(schema.additionalProperties, `${at}{}`)),
  ];
}
