import { describe, expect, it } from 'vitest';
import { settings } from '../translation-fixture.ts';
import { translateAlias } from './alias-services.ts';

const writing = { revision: 'canary', sharesObjects: true };
const plan = { kind: 'MigrationPlan', namespace: 'shop', name: 'move' };
const alias = { namespace: 'shop', target: 'orders.corp.mesh', plan };

describe('the alias of a migration', () => {
  it('is an ExternalName Service with provenance', () => {
    const { objects, findings } = translateAlias(
      { ...alias, host: 'orders.shop.svc.cluster.local' },
      settings,
      writing,
    );
    expect(findings).toEqual([]);
    expect(objects).toEqual([
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name: 'orders',
          namespace: 'shop',
          labels: { 'app.kubernetes.io/managed-by': 'isthmus', 'isthmus.dev/rev': 'canary' },
          annotations: { 'isthmus.dev/source': 'MigrationPlan shop/move' },
        },
        spec: { type: 'ExternalName', externalName: 'orders.corp.mesh' },
      },
    ]);
  });

  it.each(['orders.other.svc.cluster.local', 'orders.corp', 'a.b.shop.svc.cluster.local', '9.shop.svc.cluster.local'])(
    'that is %s is none, which is told',
    (host) => {
      const { objects, findings } = translateAlias({ ...alias, host }, settings, writing);
      expect(objects).toEqual([]);
      expect(findings).toMatchObject([{ code: 'ISTH0709', object: plan, path: 'spec.alias' }]);
    },
  );
});
