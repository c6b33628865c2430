import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { apiKindOf } from '../../resources/kind-info.ts';
import { kinds } from '../../resources/kind-table.ts';
import { conventionOf, isToldByEvent, kindsWithStatus, kindWithStatus } from './status-conventions.ts';

const definitions = path.resolve(import.meta.dirname, '../../../crds');

describe('the status of a kind', () => {
  it('is left to those whose kinds they are: Kubernetes and Istio', () => {
    const theirs = kinds.filter(({ kind }) => conventionOf(kind) === undefined).map(({ group }) => group);
    expect([...new Set(theirs)].sort()).toEqual(['', 'discovery.k8s.io', 'networking.istio.io', 'security.istio.io']);
    expect(kindWithStatus('Service/shop/orders')).toBeUndefined();
    expect(kindWithStatus('MetaRouter/shop/orders')).toBe('MetaRouter');
  });

  it('has the conditions and fields of its convention, and tells of all but what is not enforced by an event', () => {
    const shown = new Map(
      kindsWithStatus.map((kind) => {
        const { conditions = [], fields = '' } = conventionOf(kind) ?? {};
        return [kind, `${conditions.join(' ')}, ${fields}`];
      }),
    );
    const rules = 'Accepted ResolvedRefs Programmed Enforced';
    expect([...shown].filter(([, convention]) => convention !== `${rules}, none`)).toEqual([
      ['ServiceRegistry', 'Accepted Connected Synced, counts'],
      ['MigrationPlan', `${rules}, stage`],
      ['IngressBackend', `${rules}, osm`],
      ['UpstreamTrafficSetting', `${rules}, osm`],
    ]);
    const all = new Set(kindsWithStatus.flatMap((kind) => conventionOf(kind)?.conditions ?? []));
    expect([...all].filter((type) => !isToldByEvent(type))).toEqual(['Enforced']);
    expect(isToldByEvent('canary.isthmus.dev/Accepted')).toBe(false);
  });

  it('has a place in the definition of its kind', () => {
    const fields = { none: [], counts: ['services', 'instances', 'heldDeletions'], stage: ['stage', 'share'] };
    const byKind = new Map(
      readdirSync(definitions).map((file) => {
        const text = readFileSync(path.join(definitions, file), 'utf8');
        const { spec } = load(text) as { readonly spec: Definition };
        return [`${spec.group}/${spec.names.kind}`, spec] as const;
      }),
    );
    for (const info of kinds.filter(({ kind }) => kindsWithStatus.includes(kind))) {
      const definition = byKind.get(`${info.group}/${apiKindOf(info)}`);
      const convention = conventionOf(info.kind)?.fields ?? 'none';
      const wanted = convention === 'osm' ? ['currentStatus', 'reason'] : fields[convention];
      for (const { schema } of definition?.versions ?? []) {
        const known = Object.keys(schema.openAPIV3Schema.properties.status?.properties ?? {});
        expect(known, info.kind).toEqual(expect.arrayContaining(['conditions', 'observedGeneration', ...wanted]));
      }
      expect(definition?.versions.length, info.kind).toBeGreaterThan(0);
    }
  });
});

interface Definition {
  readonly group: string;
  readonly names: { readonly kind: string };
  readonly versions: readonly {
    readonly schema: {
      readonly openAPIV3Schema: {
        readonly properties: { readonly status?: { readonly properties?: Readonly<Record<string, unknown>> } };
      };
    };
  }[];
}
