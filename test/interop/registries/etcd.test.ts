/** The bridge against a real etcd: nothing is lost without a cause, and nothing changes without a change. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceRegistry } from '../../../src/resources/kinds.ts';
import { EtcdServer } from '../../peers/etcd/etcd-server.ts';
import { peerUnderTest } from '../peer-under-test.ts';
import { BridgedRegistry } from './bridged-registry.ts';
import { testRegistryPromises } from './registry-promises.ts';

const etcd = peerUnderTest('etcd');

/** As Dubbo registers a provider. */
const provider = (name: string, n: number, rest = ''): string =>
  `/dubbo/${name}/providers/${encodeURIComponent(`dubbo://10.0.0.${n}:20880/${name}?interface=${name}&application=shop${rest}`)}`;

describe.skipIf(etcd === undefined)('an etcd registry', () => {
  let server: EtcdServer;
  let bridged: BridgedRegistry;
  const open = (spec: Partial<ServiceRegistry['spec']> = {}, known?: BridgedRegistry) =>
    new BridgedRegistry({ type: 'Etcd', addresses: server.addresses, ...spec }, known?.records.values());
  const all = { 'com.Carts': ['10.0.0.5'], 'com.Orders': ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] };

  const order = (n: number): string => provider('com.Orders', n, `&weight=${100 * n}`);
  const registerAll = async (): Promise<void> => {
    for (const n of [1, 2, 3, 4]) await server.put(order(n), '');
    await server.put(provider('com.Carts', 5), '');
  };

  beforeAll(async () => {
    server = await EtcdServer.start();
  });
  afterAll(async () => server?.stop());
  beforeEach(async () => {
    await server.restartEmpty();
    await registerAll();
    bridged = open();
    await bridged.untilShown(all);
    await bridged.untilState('live');
  });
  afterEach(async () => bridged?.close());

  testRegistryPromises({
    bridged: () => bridged,
    shown: all,
    open: (known, spec) => open(spec, known),
    server: () => server,
    registerAll,
    repeat: () => server.put(provider('com.Carts', 5), ''),
    add: () => server.put(provider('com.Carts', 9), ''),
    remove: () => server.delete(provider('com.Carts', 9)),
    shownWithIt: { ...all, 'com.Carts': ['10.0.0.5', '10.0.0.9'] },
    // As when the programs that keep their leases are cut off.
    loseMost: async () => {
      const lease = await server.grantLease(5);
      for (const n of [1, 2, 3]) await server.put(order(n), '', lease);
      return { before: all, left: { ...all, 'com.Orders': ['10.0.0.4'] } };
    },
  });

  it('with interfaces and applications of Dubbo shows both, as they come, change and go', async () => {
    const endpoints = '[{"port":20880,"protocol":"dubbo"},{"port":50051,"protocol":"tri"}]';
    const instance = { serviceName: 'shop', host: '10.0.0.6', port: 20_880, enabled: true, healthy: true };
    const metadata = { 'dubbo.endpoints': endpoints, 'dubbo.metadata.revision': '1' };
    await server.put('/services/shop/10.0.0.6:20880', JSON.stringify({ ...instance, metadata }));
    await server.delete(order(1));
    await server.put(provider('com.Orders', 7, '&group=blue&version=2.0.0'), '');
    await bridged.untilShown({
      'com.Carts': ['10.0.0.5'],
      'com.Orders': ['10.0.0.2', '10.0.0.3', '10.0.0.4'],
      'com.Orders:2.0.0': ['10.0.0.7'],
      shop: ['10.0.0.6'],
    });
    const ports = bridged.service('shop')?.instances[0]?.ports.map(({ number, protocol }) => `${protocol}:${number}`);
    expect(ports).toEqual(['dubbo:20880', 'tri:50051']);
    await server.put('/services/shop/10.0.0.6:20880', JSON.stringify({ ...instance, enabled: false, metadata }));
    await expect.poll(() => bridged.service('shop')?.instances[0]?.health).toBe('down');
    await server.delete('/services/shop/10.0.0.6:20880');
    await expect.poll(() => bridged.service('shop')).toBe(undefined);
  });

  it('loses an instance whose lease nobody keeps', async () => {
    await server.put(provider('com.Orders', 9), '', await server.grantLease(5));
    await bridged.untilShown({ ...all, 'com.Orders': [...all['com.Orders'], '10.0.0.9'] });
    await bridged.untilShown(all);
  });

  it('that comes back empty, and then has an instance elsewhere, shows it there', async () => {
    await server.restartEmpty();
    await expect.poll(() => bridged.codes).toContain('ISTH1005');
    for (const n of [1, 2, 3, 4]) await server.put(order(n), '');
    await server.put(provider('com.Carts', 8), '');
    await bridged.untilShown({ ...all, 'com.Carts': ['10.0.0.8'] });
  });

  it('whose changes during an outage were compacted is read anew', async () => {
    await server.kill();
    await bridged.untilState('stale');
    const earlier = bridged;
    await server.restart();
    await server.delete(order(4));
    await server.put(provider('com.Carts', 6), '');
    await server.compact();
    await earlier.untilShown({
      'com.Carts': ['10.0.0.5', '10.0.0.6'],
      'com.Orders': ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
    });
  });

  it('with keys that are no registrations names them, and everything else goes on', async () => {
    await server.put('/dubbo/com.Orders/providers/nonsense', '');
    await server.put('/dubbo/com.Orders/configurators/override%3A%2F%2F0.0.0.0%2Fcom.Orders%3Fweight%3D5', '');
    await server.put('/services/shop/10.0.0.6:20880', '{"host":');
    await expect.poll(() => bridged.status?.reason).toContain('nonsense');
    await server.delete(order(4));
    await server.delete(provider('com.Carts', 5));
    await bridged.untilShown({ 'com.Orders': ['10.0.0.1', '10.0.0.2', '10.0.0.3'] });
    await expect.poll(() => bridged.codes.toSorted()).toEqual(['ISTH1017', 'ISTH1017', 'ISTH1018']);
  });

  it('of more keys than one answer holds is read whole, at one revision', async () => {
    for (let at = 0; at < 12; at++)
      await server.putAll(Array.from({ length: 100 }, (_, n) => [`/many/s${at}/${n}`, `10.1.${at}.${n}:80`]));
    const many = open({ options: { prefix: '/many' } });
    try {
      await expect.poll(() => many.status).toMatchObject({ state: 'live', services: 12, instances: 1_200 });
    } finally {
      await many.close();
    }
  });

  it('of another layout is read by a template', async () => {
    const template = '/registry/{namespace}/{service}/{instance}';
    const other = open({ options: { template, addressField: 'Addr' } });
    try {
      await server.put('/registry/prod/users/a', '{"Addr":"10.0.1.1:9090","Metadata":{"version":"v1"},"weight":3}');
      await server.put('/registry/prod/users/b', '10.0.1.2:9090');
      await other.untilShown({ users: ['10.0.1.1', '10.0.1.2'] });
      const [first] = other.service('users')?.instances ?? [];
      expect(first).toMatchObject({ id: 'a', weight: 3, metadata: { version: 'v1' }, ports: [{ number: 9090 }] });
      expect(other.service('users')?.namespace).toBe('prod');
    } finally {
      await other.close();
    }
  });
});

describe.skipIf(etcd === undefined)('an etcd registry with users', () => {
  let server: EtcdServer;
  let folder: string;
  const credentials = (password: string) => {
    writeFileSync(path.join(folder, 'user'), 'isthmus\n');
    writeFileSync(path.join(folder, 'password'), password);
    return { usernameFile: path.join(folder, 'user'), passwordFile: path.join(folder, 'password') };
  };
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'isthmus-etcd-'));
    server = await EtcdServer.start();
    await server.put(provider('com.Carts', 5), '');
    await server.enableAuth('isthmus', 'secret', ['/dubbo/']);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows what a user may read, says what he may not, and all once he may', async () => {
    await server.put('/services/shop/a', '{"host":"10.0.0.6","port":20880}');
    const bridged = new BridgedRegistry({
      type: 'Etcd',
      addresses: server.addresses,
      credentials: credentials('secret'),
    });
    try {
      await bridged.untilShown({ 'com.Carts': ['10.0.0.5'] });
      expect(bridged.status).toMatchObject({ state: 'syncing' });
      await expect.poll(() => bridged.status?.reason).toContain('permission denied to read /services/');
      // The server forgets tokens when it starts anew; so do users when they change.
      await server.allow('isthmus', '/services/');
      await server.restart();
      await bridged.untilShown({ 'com.Carts': ['10.0.0.5'], shop: ['10.0.0.6'] });
      await bridged.untilState('live');
      await server.forbid('isthmus', '/services/');
      await server.forbid('isthmus', '/dubbo/');
      await bridged.untilState('stale');
      await expect.poll(() => bridged.status?.reason).toContain('permission denied');
      expect(bridged.shown).toEqual({ 'com.Carts': ['10.0.0.5'], shop: ['10.0.0.6'] });
    } finally {
      await bridged.close();
    }
  });

  it('says why it refuses us, and not what we said', async () => {
    for (const wrong of [{ credentials: credentials('not the one') }, {}]) {
      const bridged = new BridgedRegistry({ type: 'Etcd', addresses: server.addresses, ...wrong });
      try {
        await bridged.untilState('stale');
        await expect.poll(() => bridged.status?.reason).toMatch(/authentication failed|user name is empty/);
        expect(bridged.status?.reason).not.toContain('not the one');
      } finally {
        await bridged.close();
      }
    }
  });
});

describe.skipIf(etcd === undefined)('an etcd of several members', () => {
  let server: EtcdServer;
  beforeAll(async () => {
    server = await EtcdServer.start({ members: 2 });
    await server.put(provider('com.Carts', 5), '');
  });
  afterAll(async () => server?.stop());

  it('without a leader shows what one member has, removes nothing, and goes on with the next leader', async () => {
    await server.kill(1);
    const bridged = new BridgedRegistry({ type: 'Etcd', addresses: server.addresses });
    try {
      await bridged.untilShown({ 'com.Carts': ['10.0.0.5'] });
      await bridged.untilState('stale');
      await expect.poll(() => bridged.status?.reason).toContain('no leader');
      await server.startMember(1);
      await bridged.untilState('live');
      await server.put(provider('com.Carts', 6), '');
      await bridged.untilShown({ 'com.Carts': ['10.0.0.5', '10.0.0.6'] });
    } finally {
      await bridged.close();
    }
  });
});

describe.skipIf(etcd === undefined)('an etcd with TLS', () => {
  it('is read where its certificate is trusted, and nowhere else', async () => {
    const server = await EtcdServer.start({ tls: true });
    const open = (tls?: { readonly caFile: string; readonly insecureSkipVerify: boolean }) =>
      new BridgedRegistry({ type: 'Etcd', addresses: server.addresses, ...(tls === undefined ? {} : { tls }) });
    const trusting = open({ caFile: server.certificate, insecureSkipVerify: false });
    const doubting = open();
    try {
      await trusting.untilState('live');
      await doubting.untilState('stale');
      await expect.poll(() => doubting.status?.reason).toContain('certificate');
    } finally {
      await Promise.all([trusting.close(), doubting.close()]);
      await server.stop();
    }
  });
});
