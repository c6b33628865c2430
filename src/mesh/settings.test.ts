import { expect, it } from 'vitest';
import { kubernetesService, meshConfig, testMesh } from './mesh-fixture.ts';

it('a mesh without a MeshConfig has the defaults', () => {
  expect(testMesh().mesh.settings.get('mesh')).toEqual({
    trustDomain: 'cluster.local',
    clusterDomain: 'cluster.local',
    rootNamespace: 'isthmus-system',
    accessLog: { path: '', encoding: 'TEXT' },
    idleTimeoutMs: 0,
    access: 'Disabled',
  });
});

it('of several MeshConfigs the oldest holds, and the others are told', () => {
  const { mesh, set, remove, findings } = testMesh();
  const old = meshConfig('/zz', { trustDomain: 'old', idleTimeout: 5 }, { created: 1 });
  set(meshConfig('/aa', { trustDomain: 'new' }, { created: 2 }), old);
  expect(mesh.settings.get('mesh')).toMatchObject({ trustDomain: 'old', idleTimeoutMs: 5 });
  expect(findings()).toEqual(['ISTH0316 MeshConfig/aa']);
  remove(old);
  expect(mesh.settings.get('mesh')?.trustDomain).toBe('new');
  expect(findings()).toEqual([]);
});

it('the cluster domain stands in the names of Kubernetes Services', () => {
  const { mesh, set } = testMesh();
  set(kubernetesService('shop/pay'), meshConfig('/mesh', { clusterDomain: 'Example.Org' }));
  expect([...mesh.services.keys()]).toEqual(['shop/pay.shop.svc.example.org']);
});
