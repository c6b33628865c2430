import { expect, it } from 'vitest';
import { Engine } from '../collections/engine.ts';
import type { AccessMode } from '../model/mesh-service.ts';
import type { MeshConfig, MeshRootCertificate, OsmMeshConfig } from '../resources/kinds.ts';
import { kubernetesService, meshConfig, testMesh } from './mesh-fixture.ts';
import { meshKey, meshSettings } from './settings.ts';

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

it('MeshConfigs that disagree open nothing: the mode of before stays, and the strictest holds where there was none', () => {
  const engine = new Engine();
  const configs = engine.table<MeshConfig>('configs', { key: ({ key }) => key });
  const osm = engine.table<OsmMeshConfig>('osm', { key: ({ key }) => key });
  const kept = engine.table<AccessMode>('kept', { key: () => meshKey });
  const roots = engine.table<MeshRootCertificate>('roots', { key: ({ key }) => key });
  const tables = { MeshConfig: configs, OsmMeshConfig: osm, MeshRootCertificate: roots };
  const { settings, writtenAccess } = meshSettings(engine, tables, { keptAccess: kept });
  const now = () => [settings.get(meshKey)?.access, writtenAccess.get(meshKey)];
  engine.batch(() => {
    for (const table of [configs, osm, kept, roots]) table.setState('live');
    configs.set(meshConfig('/aa', { access: { mode: 'Disabled' } }));
    configs.set(meshConfig('/mesh', { access: { mode: 'Permissive' } }));
  });
  expect(now()).toEqual(['Permissive', 'Permissive']);
  engine.batch(() => configs.set(meshConfig('/zz', { access: { mode: 'Enforced' } })));
  expect(now()).toEqual(['Enforced', 'Enforced']);
  engine.batch(() => kept.set('Permissive'));
  expect(now()).toEqual(['Permissive', 'Permissive']);
  engine.batch(() => configs.delete(meshConfig('/mesh', {}).key));
  expect(now()).toEqual(['Enforced', 'Enforced']);
});

it('the trust domains of bundles are trusted beside our own, which no bundle is for', () => {
  const bundle = (trustDomain: string) => ({ trustDomain, file: '/roots.pem' });
  const { mesh, set } = testMesh();
  set(meshConfig('/mesh', { trustDomain: 'ours', trustBundles: [bundle('b'), bundle('ours'), bundle('a')] }));
  expect(mesh.settings.get('mesh')?.otherDomains).toEqual(['a', 'b']);
  set(meshConfig('/mesh', { trustDomain: 'ours', trustBundles: [bundle('ours')] }));
  expect(mesh.settings.get('mesh')).not.toHaveProperty('otherDomains');
});

it('the cluster domain stands in the names of Kubernetes Services', () => {
  const { mesh, set } = testMesh();
  set(kubernetesService('shop/pay'), meshConfig('/mesh', { clusterDomain: 'Example.Org' }));
  expect([...mesh.services.keys()]).toEqual(['shop/pay.shop.svc.example.org']);
});

it('a mesh that denies goes on denying when nothing says so any more, and tells it', () => {
  const engine = new Engine();
  const configs = engine.table<MeshConfig>('configs', { key: ({ key }) => key });
  const osm = engine.table<OsmMeshConfig>('osm', { key: ({ key }) => key });
  const kept = engine.table<AccessMode>('kept', { key: () => meshKey });
  const roots = engine.table<MeshRootCertificate>('roots', { key: ({ key }) => key });
  const tables = { MeshConfig: configs, OsmMeshConfig: osm, MeshRootCertificate: roots };
  const { settings, writtenAccess } = meshSettings(engine, tables, { keptAccess: kept });
  const now = () => ({
    access: settings.get(meshKey)?.access,
    written: writtenAccess.get(meshKey),
    findings: [...engine.findings.values()].map(({ code }) => code),
  });
  const enforced = meshConfig('/mesh', { access: { mode: 'Enforced' } });
  engine.batch(() => {
    for (const table of [configs, osm, kept, roots]) table.setState('live');
    configs.set(enforced);
  });
  expect(now()).toEqual({ access: 'Enforced', written: 'Enforced', findings: [] });
  engine.batch(() => kept.set('Enforced'));
  engine.batch(() => configs.delete(enforced.key));
  expect(now()).toEqual({ access: 'Enforced', written: undefined, findings: ['ISTH1308'] });
  engine.batch(() => configs.set(meshConfig('/mesh', {})));
  expect(now()).toEqual({ access: 'Enforced', written: undefined, findings: ['ISTH1308'] });
  engine.batch(() => configs.set(meshConfig('/mesh', { access: { mode: 'Disabled' } })));
  expect(now()).toEqual({ access: 'Disabled', written: 'Disabled', findings: [] });
});

it('a trust domain that certificates are issued for stays, and another one is refused with a finding', () => {
  const engine = new Engine();
  const configs = engine.table<MeshConfig>('configs', { key: ({ key }) => key });
  const osm = engine.table<OsmMeshConfig>('osm', { key: ({ key }) => key });
  const roots = engine.table<MeshRootCertificate>('roots', { key: ({ key }) => key });
  const fixed = engine.table<string>('fixed', { key: () => meshKey });
  const tables = { MeshConfig: configs, OsmMeshConfig: osm, MeshRootCertificate: roots };
  const { settings } = meshSettings(engine, tables, { fixedTrustDomain: fixed });
  const now = () => [settings.get(meshKey)?.trustDomain, ...[...engine.findings.values()].map(({ code }) => code)];
  engine.batch(() => {
    for (const table of [configs, osm, roots, fixed]) table.setState('live');
    configs.set(meshConfig('/mesh', { trustDomain: 'one.example' }));
  });
  engine.batch(() => fixed.set('one.example'));
  expect(now()).toEqual(['one.example']);
  engine.batch(() => configs.set(meshConfig('/mesh', { trustDomain: 'two.example' })));
  expect(now()).toEqual(['one.example', 'ISTH1212']);
  engine.batch(() => configs.set(meshConfig('/mesh', { trustDomain: 'one.example' })));
  expect(now()).toEqual(['one.example']);
});
