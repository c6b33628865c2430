import { expect, test } from 'vitest';
import { testMesh } from './mesh-fixture.ts';

test('an object by which nothing is done yet is told so, once', () => {
  const mesh = testMesh();
  const metadata = { namespace: 'shop', name: 'cache', labels: {}, annotations: {} };
  mesh.set({
    kind: 'Gateway',
    apiVersion: 'networking.istio.io/v1',
    key: 'Gateway/shop/cache',
    metadata,
    spec: { selector: {}, servers: [] },
  });
  expect(mesh.findings()).toEqual(['ISTH0320 Gateway/cache']);
});

test('a policy that keeps nothing out is a warning', () => {
  const mesh = testMesh();
  mesh.set({
    kind: 'AuthorizationPolicy',
    apiVersion: 'security.istio.io/v1',
    key: 'AuthorizationPolicy/shop/orders',
    metadata: { namespace: 'shop', name: 'orders', labels: {}, annotations: {} },
    spec: { action: 'DENY', rules: [], targetRefs: [] },
  });
  expect([...mesh.engine.findings.values()]).toMatchObject([{ code: 'ISTH0321', severity: 'warning' }]);
});
