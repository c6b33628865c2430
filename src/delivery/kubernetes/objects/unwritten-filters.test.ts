import { expect, it } from 'vitest';
import { Engine } from '../../../collections/engine.ts';
import { metaRouter } from '../../../mesh/mesh-fixture.ts';
import { about } from '../../../mesh/resource-order.ts';
import type { MetaRouter } from '../../../resources/kinds.ts';
import { objectName } from '../../../translate/istio/object-names.ts';
import { routersByNameOfHost, unwrittenFilterFindings } from './unwritten-filters.ts';

const filterNames = (host: string) =>
  ['inbound', 'outbound'].map((what) => objectName(what, `${host}-9090`, ['shop', host, 9090]));

function troubled(...names: readonly string[]) {
  const troubles = names.map((name) => ({
    object: { kind: 'EnvoyFilter', namespace: 'shop', name },
    origin: { kind: 'ServiceEntry', namespace: 'shop', name: 'orders' },
    cause: 'foreign' as const,
    message: 'There is one of that name that is not ours.',
  }));
  const none = { state: 'live', reason: '', wanted: 1, owned: 0, strangers: [], namespaces: [], fights: [] } as const;
  return { kinds: [{ kind: 'EnvoyFilter', resource: 'envoyfilters.networking.istio.io', ...none, troubles }] };
}

it('a MetaRouter is told of each filter for its host that is not written, and no other MetaRouter is', () => {
  const engine = new Engine();
  const routers = engine.table<MetaRouter>('routers', { key: ({ key }) => key });
  const around = { byNameOfHost: routersByNameOfHost(engine, routers), about };
  engine.batch(() => {
    routers.set(metaRouter('shop/orders', { hosts: ['orders_1.mesh'] }));
    routers.set(metaRouter('shop/other', { hosts: ['other.mesh'] }));
    routers.setState('live');
  });
  const [inbound = '', outbound = ''] = filterNames('orders_1.mesh');
  expect(unwrittenFilterFindings(troubled(inbound, outbound, ...filterNames('third.mesh')), around)).toMatchObject([
    {
      code: 'ISTH1701',
      object: { kind: 'MetaRouter', namespace: 'shop', name: 'orders' },
      message: `EnvoyFilter shop/${inbound} is not written, so that Istio's sidecars keep to nothing of it there: There is one of that name that is not ours.`,
    },
    { message: expect.stringContaining(outbound) },
  ]);
  expect(unwrittenFilterFindings(troubled(), around)).toEqual([]);
});
