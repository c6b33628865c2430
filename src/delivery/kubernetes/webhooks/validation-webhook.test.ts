import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileDescription } from '../../../../codecs/declarative/compile.ts';
import { apiKindOf } from '../../../resources/kind-info.ts';
import { validatedKinds } from '../../../resources/kind-table.ts';
import { createResourceReader } from '../../../resources/reader.ts';
import { defaultInjectionSettings } from '../../../translate/injection/injection-settings.ts';
import type { AdmissionRequest } from './admission-review.ts';
import { injectionWebhook } from './injection-webhook.ts';
import { validationWebhook } from './validation-webhook.ts';

const reader = createResourceReader({
  checkCodec: (spec, name) => {
    const compiled = compileDescription(spec, name);
    return 'problems' in compiled ? compiled.problems : [];
  },
});
const validate = validationWebhook({
  read: (object) => reader.read(object),
  revision: 'default',
  findingsInMesh: async () => [],
});
const inject = injectionWebhook({ settings: () => defaultInjectionSettings, labelsOf: () => ({}) });

const asked = {
  uid: 'u',
  operation: 'CREATE',
  kind: { group: 'metaprotocol.aeraki.io', version: 'v1alpha1', kind: 'MetaRouter' },
  namespace: 'shop',
  name: 'x',
  oldObject: null,
} as const;

const router = (regex: string, metadata: object = {}) => ({
  apiVersion: 'metaprotocol.aeraki.io/v1alpha1',
  kind: 'MetaRouter',
  metadata: { name: 'x', namespace: 'shop', ...metadata },
  spec: {
    hosts: ['a.b'],
    routes: [{ match: { attributes: { m: { regex } } }, route: [{ destination: { host: 'a.b' } }] }],
  },
});

describe('a review of an object', () => {
  const review = (more: Partial<AdmissionRequest>) => validate({ ...asked, object: undefined, ...more });

  it.each<readonly [string, Partial<AdmissionRequest>]>([
    ['is sound', { object: router('a') }],
    ['is being deleted', { object: router('(', { deletionTimestamp: '2026-11-21T00:00:00Z' }) }],
    ['is that of another control plane', { object: router('(', { labels: { 'isthmus.dev/rev': 'canary' } }) }],
    ['goes', { operation: 'DELETE', object: null, oldObject: router('(') }],
    [
      'has a name that the server is to make',
      { name: '', object: router('a', { name: undefined, generateName: 'x-' }) },
    ],
  ])('lets in what %s', async (_, more) => {
    expect((await review(more)).refusal).toBeUndefined();
  });

  it('names each error of what is wrong, and those that were there before as warnings', async () => {
    expect((await review({ object: router('(') })).refusal).toMatch(/^ISTH0209 spec\.routes\[0\]\.match/);
    const same = await review({ operation: 'UPDATE', object: router('('), oldObject: router('(') });
    expect(same).toEqual({ warnings: [expect.stringContaining('ISTH0209')] });
    const other = await review({ operation: 'UPDATE', object: router('['), oldObject: router('(') });
    expect(other.refusal).toContain('ISTH0209');
  });

  it('answers for whatever an API server could send', async () => {
    const anything = fc.jsonValue({ maxDepth: 5 });
    const kinds = fc.constantFrom(...validatedKinds);
    await fc.assert(
      fc.asyncProperty(kinds, anything, anything, anything, async (kind, spec, metadata, before) => {
        const object = { apiVersion: `${kind.group}/${kind.versions[0]}`, kind: apiKindOf(kind), metadata, spec };
        const answer = await review({ operation: 'UPDATE', object, oldObject: before });
        expect(answer.refusal ?? '').toBeTypeOf('string');
      }),
    );
  });
});

describe('a Pod', () => {
  it('is answered for whatever is in it', async () => {
    const anything = fc.jsonValue({ maxDepth: 5 });
    const containers = fc.array(fc.record({ name: fc.string(), ports: anything, readinessProbe: anything }));
    const spec = fc.oneof(anything, fc.record({ containers, volumes: anything, securityContext: anything }));
    await fc.assert(
      fc.asyncProperty(spec, anything, async (written, metadata) => {
        const kind = { group: '', version: 'v1', kind: 'Pod' };
        const answer = await inject({ ...asked, kind, object: { metadata, spec: written } });
        expect(Object.keys(answer).length).toBeGreaterThan(0);
      }),
    );
  });
});
