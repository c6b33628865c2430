/** Regular expressions that users write: each is bounded before it goes to a proxy, and none is run by an engine of ours. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createResourceReader } from '../../src/resources/reader.ts';

const reader = createResourceReader();
const metadata = { namespace: 'shop', name: 'one' };
const head = (apiVersion: string, kind: string) => ({ apiVersion, kind, metadata });

const group = (match: object) => ({
  ...head('specs.smi-spec.io/v1alpha4', 'HTTPRouteGroup'),
  spec: { matches: [{ name: 'm', methods: ['GET'], ...match }] },
});
const topGroup = (match: object) => ({
  ...head('specs.smi-spec.io/v1alpha1', 'HTTPRouteGroup'),
  matches: [{ name: 'm', methods: ['GET'], ...match }],
});
const setting = (spec: object) => ({
  ...head('policy.openservicemesh.io/v1alpha1', 'UpstreamTrafficSetting'),
  spec: { host: 'store.shop.svc.cluster.local', ...spec },
});
const descriptors = (regex: string) => [
  { entries: [{ headerValueMatch: { value: 'v', headers: [{ name: 'x-a', regex }] } }] },
];
const rateLimitService = { host: 'limits.shop.svc.cluster.local', port: 8081 };

const router = (spec: object) => ({
  ...head('metaprotocol.aeraki.io/v1alpha1', 'MetaRouter'),
  spec: { hosts: ['store.shop.svc.cluster.local'], ...spec },
});

/** Every field of every kind that takes one. */
const fields: readonly (readonly [string, (regex: string) => object])[] = [
  ['HTTPRouteGroup pathRegex', (regex) => group({ pathRegex: regex })],
  ['HTTPRouteGroup pathRegex of v1alpha1', (regex) => topGroup({ pathRegex: regex })],
  ['HTTPRouteGroup headers', (regex) => group({ headers: { 'x-a': regex } })],
  ['HTTPRouteGroup headers in a list', (regex) => group({ headers: [{ 'x-a': regex }] })],
  ['UpstreamTrafficSetting path', (regex) => setting({ httpRoutes: [{ path: regex }] })],
  [
    'UpstreamTrafficSetting header of a limit',
    (regex) =>
      setting({ rateLimit: { global: { http: { rateLimitService, domain: 'd', descriptors: descriptors(regex) } } } }),
  ],
  [
    'UpstreamTrafficSetting header of a limit of a path',
    (regex) => setting({ httpRoutes: [{ path: '/a', rateLimit: { global: { descriptors: descriptors(regex) } } }] }),
  ],
  [
    'MetaRouter attribute of a local limit',
    (regex) =>
      router({
        localRateLimit: {
          conditions: [
            { match: { attributes: { method: { regex } } }, tokenBucket: { maxTokens: 1, fillInterval: '1s' } },
          ],
        },
      }),
  ],
  [
    'MetaRouter attribute of a global limit',
    (regex) =>
      router({
        globalRateLimit: {
          domain: 'd',
          match: { attributes: { method: { regex } } },
          rateLimitService: 'outbound|8081||limits.shop.svc.cluster.local',
          descriptors: [{ property: 'method', descriptorKey: 'm' }],
        },
      }),
  ],
  [
    'MetaRouter attribute',
    (regex) => ({
      ...head('metaprotocol.aeraki.io/v1alpha1', 'MetaRouter'),
      spec: {
        hosts: ['store.shop.svc.cluster.local'],
        routes: [
          { name: 'r', match: { attributes: { method: { regex } } }, route: [{ destination: { host: 'a.mesh' } }] },
        ],
      },
    }),
  ],
];

describe.each(fields)('an expression in a %s', (_, manifest) => {
  const codesOf = (regex: string) => reader.read(manifest(regex)).findings.map(({ code }) => code);

  it('is taken when it is an ordinary one', () => {
    expect(codesOf('/books(/[a-z]{1,60}){0,3}')).toEqual([]);
  });

  it.each([
    ['expands too far', '([a-z]{1,500}){1,500}'],
    ['names too many classes', '[\\p{L}\\p{N}]{0,200}'],
    ['is longer than a page', 'a'.repeat(4097)],
    ['looks behind', '(?<=a)b'],
  ])('is refused when it %s, and so is the object', (_case, regex) => {
    const { resource, findings } = reader.read(manifest(regex));
    expect(resource).toBeUndefined();
    expect(findings.map(({ code }) => code)).toContainEqual(expect.stringMatching(/^ISTH0(209|105)$/));
  });
});

it('no object takes more expressions than can be compiled in a moment', () => {
  const matches = Array.from({ length: 60 }, (_, at) => ({ name: `m${at}`, pathRegex: `/${at}[a-z]{1,500}` }));
  const { resource, findings } = reader.read({
    ...head('specs.smi-spec.io/v1alpha4', 'HTTPRouteGroup'),
    spec: { matches },
  });
  expect(resource).toBeUndefined();
  expect(findings[0]).toMatchObject({ code: 'ISTH0209', message: expect.stringContaining('too many') });
});

it('no expression in the source is made of anything but constants', () => {
  const root = path.join(import.meta.dirname, '../..');
  const files = ['src', 'codecs'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => path.join(folder, file)),
  );
  const sources = files.filter((file) => file.endsWith('.ts') && !/\.test\.ts$|\/gen\//.test(file));
  expect(sources.length).toBeGreaterThan(300);
  const making = sources.filter((file) => /\bRegExp\(/.test(readFileSync(path.join(root, file), 'utf8')));
  // Their patterns are constants that several expressions share.
  expect(making).toEqual(['src/model/label-selector.ts', 'src/model/visible-text.ts']);
});
