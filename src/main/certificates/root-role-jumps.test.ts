import { expect, it } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import { formatObject } from '../../model/finding.ts';
import type { MeshRootCertificate } from '../../resources/kinds.ts';
import { RootRoleJumps } from './root-role-jumps.ts';

type Role = MeshRootCertificate['spec']['role'];

function root(name: string, role: Role): MeshRootCertificate {
  return {
    kind: 'MeshRootCertificate',
    apiVersion: 'config.openservicemesh.io/v1alpha2',
    key: name,
    metadata: { namespace: 'osm-system', name, labels: {}, annotations: {} },
    spec: { trustDomain: 'cluster.local', role, spiffeEnabled: false, provider: { kind: 'tresor' } },
  };
}

function following() {
  const engine = new Engine({ validate: true });
  const roots = engine.table<MeshRootCertificate>('roots', { key: ({ key }) => key });
  roots.setState('live');
  const jumps = new RootRoleJumps(engine, roots);
  const set = (...written: readonly MeshRootCertificate[]) =>
    engine.batch(() => {
      for (const one of written) roots.set(one);
    });
  const remove = (name: string) => engine.batch(() => roots.delete(name));
  const told = () => jumps.findings().map(({ code, object, path }) => `${code} ${formatObject(object)} ${path}`);
  return { set, remove, told, jumps };
}

const about = (name: string) => `ISTH1215 MeshRootCertificate osm-system/${name} spec.role`;

it('roles that go step by step, as Open Service Mesh permits them, are told of by nobody', () => {
  const { set, told } = following();
  for (const roles of [['active'], ['active', 'passive'], ['passive', 'active'], ['inactive', 'active']] as const) {
    set(...roles.map((role, at) => root(`root-${at}`, role)));
    expect(told()).toEqual([]);
  }
});

it('a role that jumps is told of until it changes again or its object is gone', () => {
  const { set, remove, told, jumps } = following();
  set(root('a', 'active'), root('b', 'inactive'));
  set(root('a', 'inactive'), root('b', 'active'));
  expect(told()).toEqual([about('a'), about('b')]);
  expect(jumps.findings().map(({ message }) => message)).toEqual([
    'It went from active to inactive at once, which Open Service Mesh refuses. Here its root stays trusted until the last certificate that it signed has ended.',
    'It went from inactive to active at once, which Open Service Mesh refuses. Here it signs once its root has been trusted for a while, as if it had been passive in between.',
  ]);
  set(root('a', 'passive'));
  expect(told()).toEqual([about('b')]);
  remove('b');
  expect(told()).toEqual([]);
});

it('a root that is new may have any role', () => {
  const { set, told } = following();
  set(root('a', 'active'));
  expect(told()).toEqual([]);
});
