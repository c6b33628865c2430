import { expect, test } from 'vitest';
import { defineVersion, defineVersionedKind } from './kind-versions.ts';
import { Problems } from './problem.ts';
import { objectHead } from './schemas/object-head.ts';
import type { Resource } from './types/resource.ts';

interface Content {
  readonly metadata: { readonly name: string };
  readonly ports: readonly number[];
}

const schema = {
  type: 'object',
  required: ['metadata', 'ports'],
  properties: { ...objectHead, ports: { type: 'array', items: { type: 'integer' } } },
} as const;

/** A kind whose name in manifests is another group's too, and whose older version counts ports from 0. */
const kind = defineVersionedKind<Resource<'TCPRoute', { readonly ports: readonly number[] }>>({
  info: { kind: 'TCPRoute', apiKind: 'Route', group: 'example.com', plural: 'routes', scope: 'Namespaced' },
  versions: [
    defineVersion({ version: 'v2', schema: () => schema, convert: ({ ports }: Content) => ({ ports }) }),
    defineVersion({
      version: 'v1',
      schema: () => schema,
      options: { everyFieldRestricts: true },
      convert: ({ ports }: Content, { problems, namespace }) => {
        if (ports.length > 1) problems.add('ISTH0216', ['ports'], `Lost in ${namespace}.`);
        return { ports: ports.slice(0, 1).map((port) => port + 1) };
      },
    }),
  ],
  build: (spec, head) => ({ kind: 'TCPRoute', ...head, spec }),
});

function read(apiVersion: string, content: object) {
  const problems = new Problems();
  const value = { apiVersion, kind: 'Route', metadata: { name: 'a' }, ...content };
  const resource = kind.read(value, { defaultNamespace: 'shop' }, problems);
  return { resource, codes: problems.list.map(({ code }) => code), problems: problems.list };
}

test('each version is converted in its own way, into a resource under one key of our name for the kind', () => {
  expect(kind.versions).toEqual(['v2', 'v1']);
  expect(read('example.com/v2', { ports: [80] }).resource).toMatchObject({
    key: 'TCPRoute/shop/a',
    apiVersion: 'example.com/v2',
    spec: { ports: [80] },
  });
  expect(read('example.com/v1', { ports: [79] }).resource).toMatchObject({
    key: 'TCPRoute/shop/a',
    apiVersion: 'example.com/v1',
    spec: { ports: [80] },
  });
});

test('a loss is a finding beside what is left, and knows the namespace of the object', () => {
  const { resource, problems } = read('example.com/v1', { ports: [1, 2] });
  expect(resource?.spec).toEqual({ ports: [2] });
  expect(problems).toMatchObject([{ code: 'ISTH0216', message: 'Lost in shop.' }]);
});

test('a field that is not known refuses the object where every field restricts, but in its metadata; else it is left out', () => {
  expect(read('example.com/v2', { ports: [1], prot: 'udp' })).toMatchObject({
    resource: { spec: { ports: [1] } },
    codes: ['ISTH0102'],
  });
  expect(read('example.com/v1', { ports: [1], prot: 'udp' })).toMatchObject({
    resource: undefined,
    codes: ['ISTH0118'],
  });
  expect(read('example.com/v1', { ports: [1], metadata: { name: 'a', lables: {} } })).toMatchObject({
    resource: { spec: { ports: [2] } },
    codes: ['ISTH0102'],
  });
});

test('names in messages are those of manifests', () => {
  const { problems } = read('example.com/v2', { ports: [], metadata: { name: 'A' } });
  expect(problems).toMatchObject([{ code: 'ISTH0116', message: '"A" is no name for a Route.' }]);
});
