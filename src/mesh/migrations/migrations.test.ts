import { describe, expect, it } from 'vitest';
import { type RegisteredService, registeredServiceKey } from '../../model/registry.ts';
import type { MigrationPlan } from '../../resources/kinds.ts';
import { testRegistry } from '../../resources/service-registry-fixture.ts';
import {
  endpointSlice,
  kubernetesService,
  meshConfig,
  migrationPlan,
  serviceEntry,
  testMesh,
} from '../mesh-fixture.ts';

const host = 'orders.polaris.mesh';
const target = 'orders.shop.svc.cluster.local';

/** `orders` of a registry with three endpoints, a Service `orders` with one, and a plan. */
function moving(spec: Partial<MigrationPlan['spec']> = {}, namespace = 'shop') {
  const mesh = testMesh();
  const registry = testRegistry();
  const plan = migrationPlan(`${namespace}/orders`, { host, to: { host: target, ports: [] }, ...spec });
  const service = kubernetesService('shop/orders', { ports: [{ name: 'tcp', port: 7000, protocol: 'TCP' }] });
  mesh.set(
    {
      ...registry,
      spec: {
        ...registry.spec,
        mapping: { ...registry.spec.mapping, host: '{service}.{registry}.mesh', namespace: 'shop' },
      },
    },
    service,
    slice('10.1.0.1'),
    plan,
  );
  mesh.engine.batch(() => mesh.registered.set(registered('orders', '10.0.0.1', '10.0.0.2', '10.0.0.3')));
  const to = (changed: Partial<MigrationPlan['spec']>) => mesh.set({ ...plan, spec: { ...plan.spec, ...changed } });
  const weights = () =>
    Object.fromEntries(
      mesh.mesh.groupsByService
        .lookup(`shop/${host}`)
        .flatMap(({ endpoints }) => endpoints.map(({ address, weight }) => [address, weight])),
    );
  return { ...mesh, plan, to, weights };
}

function slice(...addresses: readonly string[]) {
  return endpointSlice('shop/orders-1', {
    serviceName: 'orders',
    endpoints: addresses.map((address) => ({
      addresses: [address],
      conditions: { ready: true, serving: true, terminating: false },
    })),
    ports: [{ name: 'tcp', port: 8080, protocol: 'TCP' }],
  });
}

function registered(name: string, ...addresses: readonly string[]): RegisteredService {
  const id = { namespace: '', group: '', name };
  return {
    ...id,
    key: registeredServiceKey('polaris', id),
    registry: 'polaris',
    metadata: {},
    instances: addresses.map((address) => ({
      id: address,
      address,
      ports: [{ name: '', number: 7000, protocol: 'tcp' }],
      health: 'up',
      isolated: false,
      locality: { region: '', zone: '', subzone: '' },
      metadata: {},
    })),
    isProtected: false,
    since: 1,
    firstPorts: { tcp: { number: 7000, protocol: 'tcp' } },
  };
}

const old = { '10.0.0.1': 1, '10.0.0.2': 1, '10.0.0.3': 1 };

describe('a migration', () => {
  it('changes nothing until the new endpoints join, then gives them their share, and all in the end', () => {
    const { to, weights, findings } = moving();
    for (const stage of ['Discover', 'Mirror', 'Alias'] as const) {
      to({ stage });
      expect(weights()).toEqual(old);
    }
    to({ stage: 'Join', steps: [10, 50] });
    expect(weights()).toEqual({ '10.0.0.1': 3, '10.0.0.2': 3, '10.0.0.3': 3, '10.1.0.1': 1 });
    to({ stage: 'Shift', share: 50 });
    expect(weights()).toEqual({ '10.0.0.1': 1, '10.0.0.2': 1, '10.0.0.3': 1, '10.1.0.1': 3 });
    to({ stage: 'CutOver' });
    expect(weights()).toEqual({ '10.1.0.1': 1 });
    to({ stage: 'Alias' });
    expect(weights()).toEqual(old);
    expect(findings()).toEqual([]);
  });

  it('keeps its share when endpoints come and go on either side', () => {
    const { set, weights } = moving({ stage: 'Shift', share: 25 });
    set(slice('10.1.0.1', '10.1.0.2', '10.1.0.3'));
    expect(weights()).toEqual({
      '10.0.0.1': 3,
      '10.0.0.2': 3,
      '10.0.0.3': 3,
      '10.1.0.1': 1,
      '10.1.0.2': 1,
      '10.1.0.3': 1,
    });
  });

  it('has requests go round by weight from stage Mirror on: the least loaded side would draw more than its share', () => {
    const { mesh, to } = moving({ stage: 'Discover' });
    const balancing = () => mesh.meshServices.get(`shop/${host}`)?.policy.policy.loadBalancing.kind;
    expect(balancing()).toBe('least-request');
    to({ stage: 'Mirror' });
    expect(balancing()).toBe('round-robin');
    to({ stage: 'Shift' });
    expect(balancing()).toBe('round-robin');
  });

  it('stays with the old endpoints while none of the new is healthy, and says so', () => {
    const { set, weights, findings } = moving({ stage: 'CutOver' });
    set(slice());
    expect(weights()).toEqual(old);
    expect(findings()).toEqual(['ISTH1102 MigrationPlan/orders spec.to.host']);
    set(slice('10.1.0.1'));
    expect(weights()).toEqual({ '10.1.0.1': 1 });
    expect(findings()).toEqual([]);
  });

  it.each([
    [
      'an unknown host to go to',
      { to: { host: 'nobody.shop.svc.cluster.local', ports: [] } },
      'ISTH1101 MigrationPlan/orders spec.to.host',
    ],
    [
      'a port that is not there',
      { to: { host: target, ports: [{ from: 7000, to: 9 }] } },
      'ISTH1105 MigrationPlan/orders spec.to.ports',
    ],
  ] as const)('with %s changes nothing, and says so', (_, spec, code) => {
    const { weights, findings } = moving({ stage: 'CutOver', ...spec });
    expect(weights()).toEqual(old);
    expect(findings()).toEqual([code]);
  });

  it('to a port that speaks something else changes nothing, and says so: whoever wrote the stage', () => {
    const { weights, findings, set, engine, registered: said } = moving({ stage: 'CutOver' });
    const port = { number: 7000, protocol: 'thrift' };
    const speaking = registered('orders', '10.0.0.1');
    const instances = speaking.instances.map((one) => ({ ...one, ports: [{ name: '', ...port }] }));
    engine.batch(() => said.set({ ...speaking, instances, firstPorts: { thrift: port } }));
    expect(weights()).toEqual({ '10.1.0.1': 1 });
    set(kubernetesService('shop/orders', { ports: [{ name: 'http-web', port: 7000, protocol: 'TCP' }] }));
    expect(weights()).toEqual({ '10.0.0.1': 1 });
    expect(findings()).toEqual(['ISTH1105 MigrationPlan/orders spec.to.ports']);
  });

  it('of another namespace is not in force, of the root namespace it is', () => {
    const stranger = moving({ stage: 'CutOver' }, 'elsewhere');
    expect(stranger.weights()).toEqual(old);
    expect(stranger.findings()).toEqual(['ISTH1104 MigrationPlan/orders spec.host']);
    const root = moving({ stage: 'CutOver' }, 'ops');
    root.set(meshConfig('/mesh', { rootNamespace: 'ops' }));
    expect(root.weights()).toEqual({ '10.1.0.1': 1 });
  });

  it('that is second for a host is not in force', () => {
    const { set, weights, findings } = moving({ stage: 'Join' });
    set(migrationPlan('shop/zzz', { host, to: { host: target, ports: [] }, stage: 'CutOver' }));
    expect(Object.keys(weights())).toHaveLength(4);
    expect(findings()).toEqual(['ISTH1103 MigrationPlan/zzz spec.host']);
  });

  it('takes the same steps whatever order things become known in', () => {
    const { mesh, engine, registered: table, set, remove, plan, weights } = moving({ stage: 'CutOver' });
    remove(plan);
    expect(weights()).toEqual(old);
    engine.batch(() => table.delete(registered('orders').key));
    expect(mesh.hosts.get(host)).toBeUndefined();
    set(plan);
    engine.batch(() => table.set(registered('orders', '10.0.0.1')));
    expect(weights()).toEqual({ '10.1.0.1': 1 });
  });
});

describe('an alias', () => {
  const alias = 'orders.corp';

  it('leads to the host, from the cut over on to the new one, and back', () => {
    const { mesh, to } = moving({ alias });
    const target = () => mesh.aliases.get(alias)?.target;
    expect(target()).toBeUndefined();
    to({ alias, stage: 'Alias' });
    expect(target()).toBe(host);
    to({ alias, stage: 'CutOver' });
    expect(target()).toBe('orders.shop.svc.cluster.local');
    to({ alias, stage: 'Shift' });
    expect(target()).toBe(host);
  });

  it('stays with the host while none of the new endpoints is healthy', () => {
    const { mesh, set } = moving({ alias, stage: 'CutOver' });
    set(slice());
    expect(mesh.aliases.get(alias)?.target).toBe(host);
  });

  it('that is a host already is not served, and says so', () => {
    const { mesh, set, findings } = moving({ alias, stage: 'Alias' });
    set(serviceEntry('shop/taken', { hosts: [alias] }));
    expect(mesh.aliases.get(alias)).toBeUndefined();
    expect(findings()).toContain('ISTH1107 MigrationPlan/orders spec.alias');
  });
});

describe('a retired host', () => {
  it('stays until it is quiet, then goes, and its alias leads to the new one', () => {
    const { engine, mesh, quiet, plan, findings, to, weights } = moving({ stage: 'Retire', alias: 'orders.corp' });
    expect(mesh.hosts.get(host)).toBeDefined();
    expect(findings()).toEqual(['ISTH1106 MigrationPlan/orders spec.stage']);
    engine.batch(() => quiet.set(plan.key));
    expect(mesh.hosts.get(host)).toBeUndefined();
    expect(mesh.aliases.get('orders.corp')?.target).toBe(target);
    expect(findings()).toEqual([]);
    to({ stage: 'CutOver', alias: 'orders.corp' });
    expect(weights()).toEqual({ '10.1.0.1': 1 });
  });

  it('that a user declares by hand stays, and says so', () => {
    const { engine, mesh, quiet, plan, set, findings } = moving({ stage: 'Retire' });
    set(serviceEntry('shop/orders', { hosts: [host] }));
    engine.batch(() => quiet.set(plan.key));
    expect(mesh.hosts.get(host)).toBeDefined();
    expect(findings()).toContain('ISTH1109 MigrationPlan/orders spec.stage');
  });

  it('of another namespace stays', () => {
    const { engine, mesh, quiet, plan } = moving({ stage: 'Retire' }, 'elsewhere');
    engine.batch(() => quiet.set(plan.key));
    expect(mesh.hosts.get(host)).toBeDefined();
  });
});
