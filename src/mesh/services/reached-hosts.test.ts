import { expect, test } from 'vitest';
import { applicationProtocol, metaRouter, serviceEntry, testMesh } from '../mesh-fixture.ts';

const match = { attributes: {} };

test('a host is reached through the services whose routes lead to it, split or mirrored, and no longer than they do', () => {
  const mesh = testMesh();
  const reached = (host: string) => mesh.mesh.reachedHosts.lookup(host).map(({ by }) => by);
  const route = { destination: { host: 'green.example' }, weight: 100 };
  const router = metaRouter('shop/blue', {
    hosts: ['blue.example'],
    routes: [{ name: 'all', match, route: [route], mirror: { host: 'grey.example' } }],
  });
  mesh.set(
    applicationProtocol('isthmus-system/thrift', 'thrift', 'aeraki.meta_protocol.codec.thrift'),
    ...['blue', 'green', 'grey'].map((name) => serviceEntry(`shop/${name}`, {})),
    router,
  );
  expect([reached('green.example'), reached('grey.example'), reached('blue.example')]).toEqual([
    ['shop/blue.example'],
    ['shop/blue.example'],
    [],
  ]);
  mesh.remove(router);
  expect(reached('green.example')).toEqual([]);
});
