import { expect, it } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import { finding, type ObjectRef } from '../../model/finding.ts';
import type { FindingCode } from '../../model/finding-catalogue.ts';
import type { ObjectStatus } from '../../model/object-status.ts';
import type { RegistryStatus } from '../../model/registry.ts';
import type { RouteTable } from '../../model/route.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import { testRegistry } from '../../resources/service-registry-fixture.ts';
import { collectionsOf, metaRouter } from '../mesh-fixture.ts';
import type { Migration } from '../migrations/migrations.ts';
import { createStatusTables, objectFindingId, objectStatuses } from './object-statuses.ts';

const key = 'MetaRouter/shop/orders';
const object: ObjectRef = { kind: 'MetaRouter', namespace: 'shop', name: 'orders' };
const router = (generation: number) => metaRouter('shop/orders', { hosts: ['orders.example'] }, { generation });

function scene() {
  const engine = new Engine({ validate: true });
  const resources = engine.table<AnyResource>('resources', { key: (one) => one.key });
  const plans = engine.table<Migration>('plans', { key: (plan) => plan.key });
  const routeTables = engine.table<RouteTable>('route tables', { key: (one) => one.key });
  const tables = createStatusTables(engine);
  const statuses = objectStatuses(engine, {
    ...tables,
    resources: collectionsOf(engine, resources),
    migrationsByPlan: plans,
    routeTables,
  });
  engine.batch(() => resources.setState('live'));
  const find = (code: FindingCode, isOfReading: boolean, about: ObjectRef = object) =>
    engine.batch(() => {
      const remedy = 'Mend it.';
      const found = finding(code, { object: about, path: 'spec.routes[0]', message: 'Something is wrong', remedy });
      tables.findings.set({ id: objectFindingId('test', found), key, isOfReading, finding: found });
    });
  const shown = (of = key) =>
    statuses.get(of)?.conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
  const message = (type: string) => statuses.get(key)?.conditions.find((one) => one.type === type)?.message;
  return { engine, resources, routeTables, tables, statuses, find, shown, message };
}

const taken = { key, generation: 1, state: 'taken' } as const;
const routed: RouteTable = {
  key: 'shop/a.example|9090',
  host: 'a.example',
  namespace: 'shop',
  port: 9090,
  routes: [],
  origin: { object },
};

it('has all conditions from the first sight, and says of none of them what is not known', () => {
  const { engine, resources, shown } = scene();
  engine.batch(() => resources.set(router(1)));
  expect(shown()).toEqual([
    'Accepted=True Accepted',
    'ResolvedRefs=True ResolvedRefs',
    'Programmed=Unknown Pending',
    'Enforced=True Enforced',
  ]);
});

it('is programmed when proxies have taken this very generation', () => {
  const { engine, resources, tables, shown } = scene();
  engine.batch(() => {
    resources.set(router(1));
    tables.programming.set(taken);
  });
  expect(shown()).toContain('Programmed=True Programmed');
  engine.batch(() => resources.set(router(2)));
  expect(shown()).toContain('Programmed=Unknown Pending');
});

it.each([
  ['ISTH0503', 'NotEnforced'],
  ['ISTH0508', 'NotEnforced'],
  ['ISTH1301', 'NotEnforced'],
  // Another object is in force in place of all of it.
  ['ISTH0305', 'Conflicted'],
  ['ISTH0307', 'Conflicted'],
  ['ISTH0316', 'Conflicted'],
] as const)('is neither programmed nor enforced where nothing of it can be: %s', (code, reason) => {
  const { engine, resources, tables, find, shown, message } = scene();
  engine.batch(() => {
    resources.set(router(1));
    tables.programming.set(taken);
  });
  find(code, false);
  expect(shown()).toContain('Programmed=False NothingToProgram');
  expect(shown()).toContain(`Enforced=False ${reason}`);
  expect(message('Programmed')).toContain(code);
});

it('is programmed where one of its hosts is there, and not enforced', () => {
  const { engine, resources, routeTables, tables, find, shown } = scene();
  engine.batch(() => {
    resources.set(metaRouter('shop/orders', { hosts: ['a.example', 'b.example'] }, { generation: 1 }));
    routeTables.set(routed);
    tables.programming.set(taken);
  });
  find('ISTH0503', false);
  expect(shown()?.slice(1)).toEqual([
    'ResolvedRefs=False RefNotFound',
    'Programmed=True Programmed',
    'Enforced=False NotEnforced',
  ]);
});

it('says that no proxy is connected, where it is so', () => {
  const { engine, resources, tables, shown, message } = scene();
  engine.batch(() => {
    resources.set(router(1));
    tables.programming.set({ ...taken, isWithoutProxies: true });
  });
  expect(shown()).toContain('Programmed=True NoProxies');
  expect(message('Programmed')).toContain('No proxy is connected');
});

it('tells how many proxies refuse it, the first of them, and their reason', () => {
  const { engine, resources, tables, shown, message } = scene();
  const refusal = { count: 12, proxies: ['a', 'b', 'c'], reason: 'regex is too large' };
  engine.batch(() => {
    resources.set(router(1));
    tables.programming.set({ key, generation: 1, state: 'refused', refusal });
  });
  expect(shown()).toContain('Programmed=False RefusedByProxies');
  expect(message('Programmed')).toBe(
    'ISTH0801: 12 proxies refuse it (a, b, c and 9 more): regex is too large. Correct the resource that the proxy names; until then the proxy keeps its last good configuration.',
  );
});

it('is not programmed where an object that is made of it for Istio cannot be written', () => {
  const { engine, resources, tables, find, shown, message } = scene();
  engine.batch(() => {
    resources.set(router(1));
    tables.programming.set(taken);
  });
  find('ISTH1701', false);
  expect(shown()).toEqual(
    expect.arrayContaining(['Programmed=False NotWritten', 'Enforced=False NotEnforced', 'Accepted=True Accepted']),
  );
  expect(message('Programmed')).toBe('ISTH1701 at spec.routes[0]: Something is wrong. Mend it.');
});

it('tells of what is named and not there apart from what is not done, with codes and paths', () => {
  const { engine, resources, find, shown, message } = scene();
  engine.batch(() => resources.set(router(1)));
  find('ISTH0505', false);
  find('ISTH0701', false);
  expect(shown()).toEqual([
    'Accepted=True Accepted',
    'ResolvedRefs=False RefNotFound',
    'Programmed=Unknown Pending',
    'Enforced=False NotEnforced',
  ]);
  expect(message('ResolvedRefs')).toBe('ISTH0505 at spec.routes[0]: Something is wrong. Mend it.');
});

it('tells whom it waits for, and what to do about them', () => {
  const { engine, resources, tables, message } = scene();
  engine.batch(() => {
    resources.set(router(1));
    tables.programming.set({ key, generation: 1, state: 'pending', waitsFor: { count: 1, proxies: ['a'] } });
  });
  expect(message('Programmed')).toBe(
    '1 proxy has yet to take it (a). isthmus proxy-status shows what each has: restart one that hangs.',
  );
});

it('tells two findings apart that say to do different things', () => {
  const said = (remedy: string): string =>
    objectFindingId('test', finding('ISTH0503', { object, message: 'Something is wrong', remedy }));
  expect(said('Mend it.')).not.toBe(said('Leave it.'));
});

it.each([
  ['ISTH1351', 'AccessDisabled'],
  ['ISTH1354', 'AccessPermissive'],
] as const)('says that nothing is kept out by the mode of access of the mesh: %s', (code, reason) => {
  const { engine, resources, tables, find, shown, message } = scene();
  engine.batch(() => {
    resources.set(router(1));
    tables.programming.set(taken);
  });
  find('ISTH1103', false);
  find(code, false);
  expect(shown()).toContain(`Enforced=False ${reason}`);
  expect(message('Enforced')).toContain(code);
  expect(shown()).toContain('Programmed=False NothingToProgram');
});

it('is programmed only where it is in force for a service at least, and another object for others', () => {
  const { engine, resources, routeTables, tables, find, shown } = scene();
  engine.batch(() => {
    resources.set(router(1));
    tables.programming.set(taken);
  });
  find('ISTH0501', false);
  expect(shown()?.slice(2)).toEqual(['Programmed=False NothingToProgram', 'Enforced=False Conflicted']);
  engine.batch(() => routeTables.set(routed));
  expect(shown()?.slice(2)).toEqual(['Programmed=True Programmed', 'Enforced=False Conflicted']);
});

it('is there for an object that was refused and stands in no table', () => {
  const { find, statuses, shown } = scene();
  find('ISTH0104', true, { ...object, group: 'metaprotocol.aeraki.io', generation: 4 });
  expect(statuses.get(key)).toMatchObject({ namespace: 'shop', name: 'orders', generation: 4 });
  expect(shown()).toEqual([
    'Accepted=False Invalid',
    'ResolvedRefs=Unknown Invalid',
    'Programmed=False Invalid',
    'Enforced=Unknown Invalid',
  ]);
});

it('says which generation stays in force when a later one is refused', () => {
  const { engine, resources, find, statuses, message } = scene();
  engine.batch(() => resources.set(router(3)));
  find('ISTH0104', true, { ...object, group: 'metaprotocol.aeraki.io', generation: 4 });
  expect(statuses.get(key)?.generation).toBe(4);
  expect(message('Accepted')).toBe(
    'ISTH0104 at spec.routes[0]: Something is wrong. Mend it. Generation 3 stays in force.',
  );
});

it('is not there for what is not there, nor for kinds whose status is not ours', () => {
  const { engine, resources, statuses } = scene();
  engine.batch(() => resources.set(router(1)));
  engine.batch(() => resources.delete(key));
  engine.batch(() => {
    const metadata = { name: 'shop', namespace: '', labels: {}, annotations: {} };
    resources.set({ kind: 'Namespace', apiVersion: 'v1', key: 'Namespace//shop', metadata, spec: {} });
  });
  expect([...statuses.keys()]).toEqual([]);
});

it('tells whether a registry answers, whether the mesh is as it says, and how much it holds', () => {
  const { engine, resources, tables, statuses, shown } = scene();
  const registry = testRegistry();
  const seen = { registry: 'polaris', reason: '', services: 3, instances: 9, awaited: 0, held: [] };
  const told = (status: Partial<RegistryStatus>): Pick<ObjectStatus, 'fields' | 'times'> | undefined => {
    engine.batch(() => tables.registries.set({ ...seen, state: 'live', ...status }));
    return statuses.get(registry.key);
  };
  engine.batch(() => resources.set(registry));
  expect(shown(registry.key)).toEqual([
    'Accepted=True Accepted',
    'Connected=Unknown Connecting',
    'Synced=Unknown Syncing',
  ]);
  expect(told({ lastComplete: Date.UTC(2026, 10, 21, 10, 3, 7) })).toMatchObject({
    fields: { services: 3, instances: 9, heldDeletions: 0 },
    times: { lastComplete: Date.UTC(2026, 10, 21, 10, 0, 0) },
  });
  expect(shown(registry.key)).toEqual(['Accepted=True Accepted', 'Connected=True Connected', 'Synced=True Synced']);
  told({ held: [{ service: 'a', since: 1 }] });
  expect(shown(registry.key)?.at(-1)).toBe('Synced=False DeletionsHeld');
  told({ state: 'stale', reason: 'connection refused' });
  expect(shown(registry.key)?.slice(1)).toEqual(['Connected=False Unreachable', 'Synced=False Stale']);
  const message = () => statuses.get(registry.key)?.conditions.find(({ type }) => type === 'Connected')?.message;
  expect(message()).toBe(
    'ISTH1003: connection refused. Look into its address, credentials and network. What it said last stays in force.',
  );
  const about = { object: { kind: 'ServiceRegistry', name: 'polaris' }, message: 'No such option', remedy: 'Mend it.' };
  const refused = finding('ISTH1021', about);
  engine.batch(() =>
    tables.findings.set({
      id: objectFindingId('test', refused),
      key: registry.key,
      isOfReading: false,
      finding: refused,
    }),
  );
  expect(message()).toBe('ISTH1021: No such option. Mend it.');
});
