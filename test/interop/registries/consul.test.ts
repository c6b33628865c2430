/** The bridge against a real Consul: nothing is lost without a cause, and nothing changes without a change. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceRegistry } from '../../../src/resources/kinds.ts';
import { type CatalogEntry, ConsulServer } from '../../peers/consul/consul-server.ts';
import { peerUnderTest } from '../peer-under-test.ts';
import { BridgedRegistry, graceMs, holdMs } from './bridged-registry.ts';
import { longHold, testRegistryPromises } from './registry-promises.ts';

const consul = peerUnderTest('consul');

/** An instance with one check, on a node of its own. */
const at = (
  service: string,
  n: number,
  { status = 'passing', ...rest }: Record<string, unknown> = {},
): CatalogEntry => ({
  Node: `n${n}`,
  Address: `10.0.0.${n}`,
  Service: { ID: `${service}-${n}`, Service: service, Port: 8081, ...rest },
  Checks: [{ Node: `n${n}`, CheckID: `c-${service}-${n}`, Name: 'up', ServiceID: `${service}-${n}`, Status: status }],
});
const gone = (service: string, n: number) => ({ Node: `n${n}`, ServiceID: `${service}-${n}` });
const all = { carts: ['10.0.0.5'], orders: ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] };

async function seed(server: ConsulServer): Promise<void> {
  for (const n of [1, 2, 3, 4]) await server.register(at('orders', n));
  await server.register(at('carts', 5));
}

const open = (server: ConsulServer, spec: Partial<ServiceRegistry['spec']> = {}, known?: BridgedRegistry) =>
  new BridgedRegistry({ type: 'Consul', addresses: [server.address], ...spec }, known?.records.values());

/** Of each instance in force. */
const stateOf = (bridged: BridgedRegistry, service: string) =>
  bridged.service(service)?.instances.map(({ health, isolated, weight }) => ({ health, isolated, weight }));

describe.skipIf(consul === undefined)('a Consul registry', () => {
  let server: ConsulServer;
  let bridged: BridgedRegistry;

  beforeAll(async () => {
    server = await ConsulServer.start({ isLasting: true });
  });
  afterAll(async () => server?.stop());
  beforeEach(async () => {
    const nodes = await server.call('GET', '/v1/catalog/nodes');
    for (const node of Array.isArray(nodes) ? nodes : []) {
      const name: unknown = Reflect.get(node, 'Node');
      if (typeof name === 'string' && name !== 'here') await server.deregister({ Node: name });
    }
    await seed(server);
    bridged = open(server);
    await bridged.untilShown(all);
    await bridged.untilState('live');
  });
  afterEach(async () => bridged?.close());

  testRegistryPromises({
    bridged: () => bridged,
    shown: all,
    open: (known, spec) => open(server, spec, known),
    server: () => server,
    registerAll: () => seed(server),
    repeat: async () => {
      await server.call('PUT', '/v1/kv/other', 'x');
      await seed(server);
    },
    add: () => server.register(at('carts', 9)),
    remove: () => server.deregister(gone('carts', 9)),
    shownWithIt: { ...all, carts: ['10.0.0.5', '10.0.0.9'] },
    loseMost: async () => {
      const lost = [1, 2, 3].map((n) => ({
        Service: { Verb: 'delete', Node: `n${n}`, Service: { ID: `orders-${n}`, Service: 'orders' } },
      }));
      await server.call('PUT', '/v1/txn', lost);
      return { before: all, left: { ...all, orders: ['10.0.0.4'] } };
    },
  });

  it('is read with all that the mesh needs', async () => {
    await server.register({
      ...at('mail', 6, {
        Address: '10.1.0.6',
        Tags: ['version|v2', 'canary'],
        Meta: { protocol: 'grpc', owner: 'post' },
        Weights: { Passing: 7, Warning: 2 },
      }),
      NodeMeta: { zone: 'z1' },
    });
    await bridged.untilShown({ ...all, mail: ['10.1.0.6'] });
    expect(bridged.service('mail')?.instances).toEqual([
      {
        id: 'n6/mail-6',
        address: '10.1.0.6',
        ports: [{ name: '', number: 8081, protocol: 'grpc' }],
        weight: 7,
        health: 'up',
        isolated: false,
        locality: { region: 'dc1', zone: 'z1', subzone: '' },
        metadata: { canary: 'canary', owner: 'post', protocol: 'grpc', version: 'v2' },
      },
    ]);
  });

  it('shows instances and services that come and go', async () => {
    await server.register(at('orders', 6));
    await server.deregister(gone('orders', 1));
    for (const [n, name] of ['fresh', 'mail', 'users'].entries()) await server.register(at(name, 7 + n));
    const after = {
      ...{ carts: ['10.0.0.5'], orders: ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.6'] },
      ...{ mail: ['10.0.0.8'], users: ['10.0.0.9'] },
    };
    await bridged.untilShown({ ...after, fresh: ['10.0.0.7'] });
    const asked = Date.now();
    await server.deregister(gone('fresh', 7));
    await bridged.untilShown(after);
    expect(Date.now() - asked).toBeGreaterThan(0.9 * graceMs);
    await server.register(at('fresh', 10));
    await bridged.untilShown({ ...after, fresh: ['10.0.0.10'] });
  });

  it('shows what checks of instances and of nodes say, with the weight of a warning', async () => {
    await server.register(at('carts', 5, { status: 'warning', Weights: { Passing: 10, Warning: 1 } }));
    await expect.poll(() => stateOf(bridged, 'carts')).toEqual([{ health: 'up', isolated: false, weight: 1 }]);
    await server.register({
      Node: 'n5',
      Address: '10.0.0.5',
      Check: { CheckID: 'node', Name: 'node', Status: 'critical' },
    });
    await expect.poll(() => stateOf(bridged, 'carts')?.[0]?.health).toBe('down');
  });

  it('in maintenance has isolated instances', async () => {
    const local = { ID: 'local', Name: 'local', Address: '10.0.0.9', Port: 80 };
    await server.call('PUT', '/v1/agent/service/register', local);
    await bridged.untilShown({ ...all, local: ['10.0.0.9'] });
    await server.call('PUT', '/v1/agent/service/maintenance/local?enable=true');
    await expect.poll(() => stateOf(bridged, 'local')).toEqual([{ health: 'up', isolated: true, weight: 1 }]);
    await server.call('PUT', '/v1/agent/service/maintenance/local?enable=false');
    await expect.poll(() => stateOf(bridged, 'local')).toEqual([{ health: 'up', isolated: false, weight: 1 }]);
    await server.call('PUT', '/v1/agent/maintenance?enable=true');
    await expect.poll(() => stateOf(bridged, 'local')).toEqual([{ health: 'up', isolated: true, weight: 1 }]);
    await server.call('PUT', '/v1/agent/maintenance?enable=false');
    await server.call('PUT', '/v1/agent/service/deregister/local');
  });

  it('has proxies and gateways that are no services, and names that are odd', async () => {
    await server.register(at('carts-proxy', 5, { Kind: 'connect-proxy', Proxy: { DestinationServiceName: 'carts' } }));
    await server.register(at('entry', 6, { Kind: 'mesh-gateway' }));
    for (const [n, name] of ['höhe/tief', 'a b?c=d', '%2F', '__proto__'].entries())
      await server.register(at(name, 10 + n));
    await bridged.untilShown({
      ...all,
      'höhe/tief': ['10.0.0.10'],
      'a b?c=d': ['10.0.0.11'],
      '%2F': ['10.0.0.12'],
      ['__proto__']: ['10.0.0.13'],
    });
    await bridged.untilState('live');
    expect(Object.keys(bridged.shown)).not.toContain('carts-proxy');
  });

  it('that comes back empty shows what is registered anew, while what it lost is held', async () => {
    // So that the new one begins with a lower index.
    for (let n = 0; n < 100; n++) await server.register(at('orders', 1, { Meta: { n: String(n) } }));
    const patient = open(server, { safety: longHold }, bridged);
    try {
      await patient.untilState('live');
      await server.restartEmpty();
      await expect.poll(() => patient.codes).toContain('ISTH1005');
      expect(patient.shown).toEqual(all);
      await server.register(at('fresh', 7));
      await patient.untilShown({ ...all, fresh: ['10.0.0.7'] });
      await seed(server);
      await expect.poll(() => patient.codes).toEqual([]);
      expect(patient.shown).toEqual({ ...all, fresh: ['10.0.0.7'] });
    } finally {
      await patient.close();
    }
  });

  it('without the datacenter, or the namespaces, that are asked for says so', async () => {
    const { select } = { select: { namespaces: [], groups: [], services: [], exceptServices: [], metadata: {} } };
    const away = open(server, { select: { ...select, namespaces: ['dc1', 'dc9'] } });
    const teams = open(server, { select: { ...select, groups: ['team'] } });
    try {
      await away.untilState('stale');
      await expect.poll(() => away.status?.reason).toContain('No path to datacenter');
      // What the one that is there says counts all the same.
      await away.untilShown(all);
      await teams.untilState('stale');
      await expect.poll(() => teams.status?.reason).toContain('Namespaces are a Consul Enterprise feature');
    } finally {
      await away.close();
      await teams.close();
    }
  });

  it('with more services than connections shows every change', async () => {
    const names = Array.from({ length: 60 }, (_, n) => `many-${n}`);
    for (const [n, name] of names.entries()) await server.register(at(name, 20 + (n % 10)));
    const expected: Record<string, readonly string[]> = {
      ...all,
      ...Object.fromEntries(names.map((name, n) => [name, [`10.0.0.${20 + (n % 10)}`]])),
    };
    const few = open(server, { options: { connections: '16' } });
    try {
      await few.untilShown(expected);
      await few.untilState('live');
      const { changes } = few;
      await sleep(1_500);
      expect(few.changes).toBe(changes);
      // Nothing but the index of the list tells of an instance without checks.
      for (const name of ['many-7', 'many-33', 'many-59']) {
        const { Checks: _, ...bare } = at(name, 90);
        await server.register(bare);
        const before = expected[name] ?? [];
        expected[name] = [...before, '10.0.0.90'];
        await few.untilShown(expected);
        await server.deregister(gone(name, 90));
        expected[name] = before;
        await few.untilShown(expected);
      }
      await server.register(at('many-11', 21, { status: 'critical' }));
      await expect.poll(() => stateOf(few, 'many-11')?.[0]?.health).toBe('down');
      const onNode = ['many-5', 'many-15', 'many-55'];
      await server.register({
        Node: 'n25',
        Address: '10.0.0.25',
        Check: { CheckID: 'x', Name: 'x', Status: 'critical' },
      });
      await expect.poll(() => onNode.map((name) => stateOf(few, name)?.[0]?.health)).toEqual(['down', 'down', 'down']);
      expect(few.changes - changes).toBe(6 + 1 + 6);
    } finally {
      await few.close();
    }
  });
});

describe.skipIf(consul === undefined)('a Consul registry with access control', () => {
  let server: ConsulServer;
  let folder: string;
  let bridged: BridgedRegistry | undefined;

  const allow = async (name: string, rules: string): Promise<void> => {
    await server.call('PUT', '/v1/acl/policy', { Name: name, Rules: rules });
    await server.call('PUT', '/v1/acl/token', { SecretID: secretOf[name], Policies: [{ Name: name }] });
  };
  const secretOf: Readonly<Record<string, string>> = {
    root: '00000000-0000-4000-8000-000000000001',
    reader: '00000000-0000-4000-8000-000000000002',
    some: '00000000-0000-4000-8000-000000000003',
    half: '00000000-0000-4000-8000-000000000004',
    nobody: '00000000-0000-4000-8000-00000000000f',
  };
  const openAs = (name: string, options: Record<string, string> = {}, known?: BridgedRegistry): BridgedRegistry => {
    const tokenFile = path.join(folder, `${name}.token`);
    writeFileSync(tokenFile, `${secretOf[name]}\n`, { mode: 0o600 });
    return open(server, { credentials: { tokenFile }, options }, known);
  };

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'isthmus-consul-test-'));
    server = await ConsulServer.start({ rootToken: secretOf.root ?? '', tls: true });
    await seed(server);
    await allow('reader', 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }');
    await allow(
      'half',
      'service_prefix "" { policy = "read" } node "n1" { policy = "read" } node "n2" { policy = "read" } node "n5" { policy = "read" }',
    );
    await allow('some', 'service "carts" { policy = "read" } node_prefix "" { policy = "read" }');
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => bridged?.close());

  it('is read with a token that may read it', async () => {
    bridged = openAs('reader');
    await bridged.untilShown(all);
    await bridged.untilState('live');
  });

  it('does not count as seen whole by who has no token', async () => {
    bridged = open(server, {});
    await bridged.untilState('syncing');
    await expect.poll(() => bridged?.codes ?? []).toContain('ISTH1016');
    expect(bridged.status?.lastComplete).toBeUndefined();
  });

  it('is read over TLS, by who has a certificate that it knows', async () => {
    const tokenFile = path.join(folder, 'tls.token');
    writeFileSync(tokenFile, secretOf.reader ?? '', { mode: 0o600 });
    const { caFile, ...own } = server.tlsFiles;
    const openWith = (tls: Partial<typeof server.tlsFiles>): BridgedRegistry =>
      open(server, {
        ...{ addresses: [server.tlsAddress], credentials: { tokenFile } },
        tls: { ...tls, insecureSkipVerify: false },
      });
    for (const tls of [{ caFile }, own]) {
      const refused = openWith(tls);
      await refused.untilState('stale');
      await refused.close();
      expect(refused.shown).toEqual({});
    }
    bridged = openWith({ caFile, ...own });
    await bridged.untilShown(all);
  });

  it('says that a token is wrong, and never which, and goes on when it is replaced', async () => {
    bridged = openAs('nobody');
    await bridged.untilState('stale');
    await expect.poll(() => bridged?.status?.reason).toMatch(/403, ACL not found$/);
    expect(bridged.status?.reason).not.toContain(secretOf.nobody);
    writeFileSync(path.join(folder, 'nobody.token'), secretOf.reader ?? '');
    await bridged.untilShown(all);
  });

  it('takes nothing away when the token sees less than before', async () => {
    const earlier = openAs('reader');
    await earlier.untilShown(all);
    bridged = openAs('some', {}, earlier);
    await expect.poll(() => bridged?.codes).toContain('ISTH1016');
    await sleep(graceMs + holdMs);
    expect(bridged.shown).toEqual(all);
    await expect.poll(() => bridged?.status?.reason).toBe('the token may not read all of it');
    await earlier.close();
  });

  it('takes nothing away when the token sees some of the nodes, whatever changes on them', async () => {
    const earlier = openAs('reader');
    await earlier.untilShown(all);
    bridged = openAs('half', {}, earlier);
    await earlier.close();
    await expect.poll(() => bridged?.codes).toContain('ISTH1016');
    for (const port of [9000, 9001]) {
      await server.register(at('orders', 1, { Port: port }));
      await expect
        .poll(() => bridged?.service('orders')?.instances.find(({ id }) => id === 'n1/orders-1')?.ports[0]?.number)
        .toBe(port);
    }
    expect(bridged.shown).toEqual(all);
    await expect.poll(() => bridged?.codes).toContain('ISTH1016');
    await server.register(at('orders', 1));
  });

  it('is complete with what the token may read, where that is meant', async () => {
    bridged = openAs('some', { filtered: 'complete' });
    await bridged.untilShown({ carts: ['10.0.0.5'] });
    await bridged.untilState('live');
    await expect.poll(() => bridged?.codes).toEqual([]);
  });
});
