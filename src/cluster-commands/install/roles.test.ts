import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { writtenKinds } from '../../delivery/kubernetes/objects/written-kinds.ts';
import { kinds } from '../../resources/kind-table.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';
import { renderInstallation } from './install.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const definitions = path.resolve(import.meta.dirname, '../../../crds');

/** `verb resource.group`, of all roles of the kind. */
function rightsOf(kind: string, values: PlainMap = {}): readonly string[] {
  const roles = renderInstallation({ release: 'isthmus', namespace: 'isthmus-system', values: [values] }).filter(
    (manifest) => manifest.kind === kind,
  );
  return roles
    .flatMap(({ rules }) => rules as readonly Rule[])
    .filter(({ resourceNames }) => resourceNames === undefined)
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}.${group}`)),
      ),
    );
}

describe('the rights of a control plane', () => {
  const granted = new Set(rightsOf('ClusterRole'));

  it('are to read every kind that is read, and no other but what it keeps and writes', () => {
    const wanted = kinds.map(({ plural, group }) => `${plural}.${group}`);
    for (const verb of ['get', 'list', 'watch'])
      expect(wanted.filter((resource) => !granted.has(`${verb} ${resource}`))).toEqual([]);
    const beside = [...granted]
      .filter((right) => right.startsWith('watch '))
      .map((right) => right.slice('watch '.length))
      .filter((resource) => !wanted.includes(resource));
    expect(beside.sort()).toEqual(besideKinds);
  });

  it('are to write the status of every kind that we define, and of no other', () => {
    const wanted = readdirSync(definitions)
      .map((file) => load(readFileSync(path.join(definitions, file), 'utf8')))
      .flatMap((crd) => (isMap(crd) && isMap(crd.spec) ? [crd.spec] : []))
      .filter(({ versions }) => JSON.stringify(versions).includes('"subresources":{"status"'))
      .map(({ names, group }) => `patch ${isMap(names) ? String(names.plural) : ''}/status.${String(group)}`);
    expect([...granted].filter((right) => right.includes('/status.')).sort()).toEqual(wanted.sort());
  });

  it('are to apply and to delete every kind that it writes into a cluster', () => {
    const wanted = writtenKinds.flatMap(({ plural, group }) =>
      ['get', 'list', 'watch', 'create', 'patch', 'delete'].map((verb) => `${verb} ${plural}.${group}`),
    );
    expect(wanted.filter((right) => !granted.has(right))).toEqual([]);
  });

  it('name every kind and verb, and read no Secret of the cluster', () => {
    expect([...granted].filter((right) => right.includes('*') || right.includes(' secrets.'))).toEqual([]);
  });

  it('are to read and to change ConfigMaps of the cluster by the names that it keeps, and no others', () => {
    const rules = renderInstallation({ release: 'isthmus', namespace: 'isthmus-system', values: [] })
      .filter(({ kind }) => kind === 'ClusterRole')
      .flatMap((role) => role.rules as readonly Rule[])
      .filter(({ resources }) => resources.includes('configmaps'));
    expect(rules.filter(({ resourceNames }) => resourceNames === undefined).map(({ verbs }) => verbs)).toEqual([
      ['create'],
    ]);
    const named = rules.filter(({ resourceNames }) => resourceNames !== undefined);
    expect(named.flatMap(({ resourceNames = [] }) => resourceNames).sort()).toEqual([
      'aeraki-bootstrap-config',
      'isthmus-bootstrap-config',
      'isthmus-roots',
    ]);
    for (const { verbs } of named) expect(verbs).toEqual(['get', 'list', 'watch', 'patch']);
  });

  it('are nothing of Istio where it is not wanted', () => {
    const without = rightsOf('ClusterRole', { rbac: { istio: false } });
    expect(without.filter((right) => right.includes('istio.io'))).toEqual([]);
  });

  it('are to read the Secrets that are named, each by a role of its namespace', () => {
    const values = { rbac: { secrets: [{ namespace: 'shop', name: 'consul-token' }] } };
    const roles = renderInstallation({ release: 'isthmus', namespace: 'isthmus-system', values: [values] });
    expect(roles).toContainEqual(
      expect.objectContaining({
        kind: 'Role',
        metadata: expect.objectContaining({ namespace: 'shop' }),
        rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['consul-token'], verbs: ['get'] }],
      }),
    );
  });
});

/** No kinds of the table, and read all the same: its own state, and what it writes. */
const besideKinds = ['addressleases.isthmus.dev', 'envoyfilters.networking.istio.io'];
