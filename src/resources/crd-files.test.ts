import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { load, loadAll } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { compileDescription } from '../../codecs/declarative/compile.ts';
import { compileCelRules } from './cel-rules.ts';
import { readCrdSchema } from './crd-files.ts';
import { apiKindOf, type KindInfo } from './kind-info.ts';
import { kinds } from './kind-table.ts';
import { isMap } from './plain-values.ts';
import { createResourceReader } from './reader.ts';
import type { Schema } from './schema-language.ts';
import { applicationProtocolSpec } from './schemas/application-protocol.ts';
import { dubboAuthorizationPolicySpec } from './schemas/dubbo-authorization-policy.ts';
import { metaRouterSpec } from './schemas/meta-router.ts';
import { objectHead } from './schemas/object-head.ts';

const folder = path.resolve(import.meta.dirname, '../../crds');
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

/** What only we write. */
const unread: readonly KindInfo[] = [
  { kind: 'AddressLease', plural: 'addressleases', group: 'isthmus.dev', versions: ['v1alpha1'], scope: 'Cluster' },
];

describe.each(files)('%s', (file) => {
  const crd = load(readFileSync(path.join(folder, file), 'utf8'));
  const info = [...kinds, ...unread].find((one) => apiKindOf(one) === kindOf(crd) && one.group === groupOf(crd));
  const name = path.basename(file, '.yaml');

  test('is of a kind that is read, under the name in paths and in the versions and scope that are read', () => {
    expect(crd).toMatchObject({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${info?.plural}.${groupOf(crd)}` },
      spec: {
        group: info?.group,
        names: { plural: info?.plural },
        // Cluster-wide where its published definitions differ.
        scope: info?.scope === 'Either' ? 'Cluster' : info?.scope,
        versions: info?.versions.map((one, index) => ({ name: one, served: true, storage: index === 0 })),
      },
    });
  });

  // Nobody waits for a condition of an AddressLease: its state is all that there is to say of it.
  const isOfUsers = kindOf(crd) !== 'AddressLease';
  if (isOfUsers)
    test('has short names, a category, columns, and a status with conditions', () => {
      expect(crd).toMatchObject({
        spec: {
          names: { shortNames: [expect.any(String)], categories: expect.arrayContaining(['isthmus']) },
          versions: info?.versions.map(() => ({
            subresources: { status: {} },
            additionalPrinterColumns: expect.arrayContaining(
              ['Accepted', info.kind === 'ServiceRegistry' ? 'Synced' : 'Programmed'].map((column) =>
                expect.objectContaining({ name: column }),
              ),
            ),
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
          })),
        },
      });
    });

  test('shows in each column a field that there is, and no list of objects before somebody asks for wide ones', () => {
    for (const { name: version, schema, additionalPrinterColumns: columns } of versionsOf(crd))
      for (const { name: column, jsonPath, priority = 0 } of columns)
        for (const path of alternatives(jsonPath).filter(([first]) => first !== 'metadata')) {
          const shown = path.reduce<Schema | undefined>(stepInto, schema.openAPIV3Schema);
          expect([version, column, path, shown?.type ?? 'no such field']).not.toContain('no such field');
          if (priority === 0) expect([version, column, shown?.items?.type]).not.toContain('object');
        }
  });

  test('says of every field what it is for: kubectl explain shows it', () => {
    const schemas = (info?.versions ?? []).map((version) => readCrdSchema(name, version));
    const content = schemas.flatMap(({ description, properties = {} }) => [
      ...(description === undefined ? ['the object'] : []),
      ...Object.entries(properties)
        .filter(([field]) => !Object.hasOwn(objectHead, field))
        .flatMap(([field, one]) => undescribed(one, field)),
    ]);
    expect(content).toEqual([]);
  });

  test('is structural, and bounds every text, list and map: an API server refuses CEL over what has no bound', () => {
    const schemas = (info?.versions ?? []).map((version) => readCrdSchema(name, version));
    const content = schemas.flatMap(({ properties = {} }) =>
      Object.entries(properties).filter(([field]) => !Object.hasOwn(objectHead, field)),
    );
    expect(content.flatMap(([field, one]) => unbounded(one, field))).toEqual([]);
  });

  test.each(info?.versions ?? [])('has rules in %s that are CEL', (version) => {
    expect(() => compileCelRules(readCrdSchema(name, version))).not.toThrow();
  });
});

test('each kind of our own group, of Aeraki, SMI, and Open Service Mesh, has a file', () => {
  const groups = [
    'isthmus.dev',
    'specs.smi-spec.io',
    'access.smi-spec.io',
    'split.smi-spec.io',
    'policy.openservicemesh.io',
    'config.openservicemesh.io',
    'metaprotocol.aeraki.io',
    'dubbo.aeraki.io',
    'redis.aeraki.io',
  ];
  expect([...kinds, ...unread].filter((one) => groups.includes(one.group))).toHaveLength(files.length);
});

describe("Aeraki's definitions and the schemas that files are held to are the same", () => {
  test.each([
    ['application-protocol', applicationProtocolSpec],
    ['meta-router', metaRouterSpec],
    ['dubbo-authorization-policy', dubboAuthorizationPolicySpec],
  ] as const)('%s', (name, spec) => {
    const described = readCrdSchema(name).properties?.spec ?? {};
    expect(withoutWords(described)).toEqual(withoutWords(spec));
  });

  /** What only an API server heeds is left out: words, rules that our code has, and nulls, which we take for absent. */
  function withoutWords(schema: Schema): unknown {
    const { description: _, nullable: __, 'x-kubernetes-validations': ___, properties, items, ...rest } = schema;
    const { additionalProperties, ...bounds } = rest;
    return {
      ...bounds,
      ...(properties === undefined
        ? {}
        : { properties: Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, withoutWords(one)])) }),
      ...(items === undefined ? {} : { items: withoutWords(items) }),
      ...(additionalProperties === undefined ? {} : { additionalProperties: withoutWords(additionalProperties) }),
    };
  }
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

interface DefinedVersion {
  readonly name: string;
  readonly schema: { readonly openAPIV3Schema: Schema };
  readonly additionalPrinterColumns: readonly {
    readonly name: string;
    readonly jsonPath: string;
    readonly priority?: number;
  }[];
}

function versionsOf(crd: unknown): readonly DefinedVersion[] {
  return (crd as { readonly spec: { readonly versions: readonly DefinedVersion[] } }).spec.versions;
}

/** Of a path `.a[0].b`, `.a[?(@.type=="X")].b` or `.a['b','c']`: the fields on its way, for each of those it may end at. */
function alternatives(jsonPath: string): readonly (readonly string[])[] {
  const [, way = '', ends] = /^(.*?)(?:\[('[^\]]*')\])?$/.exec(jsonPath) ?? [];
  const fields = way.replaceAll(/\[\?\(.*?\)\]|\[\d+\]/g, '[]').split(/\.|(?=\[)/);
  const steps = fields.filter((field) => field !== '');
  return ends === undefined ? [steps] : ends.split(',').map((end) => [...steps, end.slice(1, -1)]);
}

function stepInto(schema: Schema | undefined, field: string): Schema | undefined {
  return field === '[]' ? schema?.items : schema?.properties?.[field];
}

function kindOf(crd: unknown): string {
  return /"kind":"(\w+)","listKind"/.exec(JSON.stringify(crd))?.[1] ?? '';
}

function groupOf(crd: unknown): string {
  return /"group":"([\w.-]+)"/.exec(JSON.stringify(crd))?.[1] ?? '';
}

/** Paths of fields without a description; items of lists and values of maps are told by what holds them. */
function undescribed(schema: Schema, at: string): readonly string[] {
  const inner = schema.items ?? schema.additionalProperties;
  return [
    ...(schema.description === undefined && !/[\]}]$/.test(at) ? [at] : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) => undescribed(one, `${at}.${name}`)),
    ...(inner === undefined ? [] : undescribed(inner, `${at}[]`)),
  ];
}

/** Paths of a schema where something has no type, or may grow without bound. */
function unbounded(schema: Schema, at: string): readonly string[] {
  const isOpen =
    schema['x-kubernetes-int-or-string'] === true ||
    // What has several forms, which code tells apart and bounds.
    (schema.type === undefined && schema['x-kubernetes-preserve-unknown-fields'] === true);
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
