/** The bridge against a real ZooKeeper, where Dubbo registers: nothing is lost without a cause. */
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import { ZooKeeperEnsemble } from '../../peers/zookeeper/zookeeper-ensemble.ts';
import { ZooKeeperServer } from '../../peers/zookeeper/zookeeper-server.ts';
import { forAll, onlyFor, ZooKeeperWriter } from '../../peers/zookeeper/zookeeper-writer.ts';
import { peerUnderTest } from '../peer-under-test.ts';
import { BridgedRegistry, graceMs, holdMs } from './bridged-registry.ts';
import { MuteRelay } from './mute-relay.ts';
import { testRegistryPromises } from './registry-promises.ts';

const zooKeeper = peerUnderTest('zookeeper');
/** Of ZooKeeper's client, so short that tests can wait for it. */
const sessionTimeout = '2s';
const sessionMs = 2_000;

const urlOf = (name: string, n: number, rest = '', protocol = 'dubbo'): string =>
  encodeURIComponent(`${protocol}://10.0.0.${n}:20880/${name}?application=shop&interface=${name}&side=provider${rest}`);
const provider = (name: string, n: number, rest = '', protocol = 'dubbo'): string =>
  `/dubbo/${name}/providers/${urlOf(name, n, rest, protocol)}`;

/** As Dubbo's Curator writes it. */
const instance = (n: number, metadata: Readonly<Record<string, string>> = {}): string =>
  JSON.stringify({
    name: 'shop',
    id: `10.0.0.${n}:20880`,
    address: `10.0.0.${n}`,
    port: 20_880,
    payload: {
      '@class': 'org.apache.dubbo.registry.zookeeper.ZookeeperInstance',
      id: `10.0.0.${n}:20880`,
      name: 'shop',
      metadata: {
        'dubbo.endpoints': JSON.stringify([
          { port: 20_880, protocol: 'dubbo' },
          { port: 50_051, protocol: 'tri' },
        ]),
        ...metadata,
      },
    },
  });

const all = {
  'com.Carts': ['10.0.0.5'],
  'com.Orders': ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'],
  shop: ['10.0.0.6'],
};

async function registerAll(writer: ZooKeeperWriter): Promise<void> {
  for (const n of [1, 2, 3, 4]) await writer.create(provider('com.Orders', n));
  await writer.create(provider('com.Carts', 5));
  await writer.create('/services/shop/10.0.0.6:20880', { data: instance(6) });
}

describe.skipIf(zooKeeper === undefined)('a ZooKeeper where Dubbo registers', () => {
  let server: ZooKeeperServer;
  let writer: ZooKeeperWriter;
  let bridged: BridgedRegistry;
  const open = (
    spec: Partial<ConstructorParameters<typeof BridgedRegistry>[0]> = {},
    known?: BridgedRegistry,
  ): BridgedRegistry =>
    new BridgedRegistry(
      { type: 'ZooKeeper', addresses: [server.address], options: { sessionTimeout }, ...spec },
      known?.records.values(),
    );
  const reconnect = async (): Promise<void> => {
    await writer?.close();
    writer = await ZooKeeperWriter.connect(server.address);
  };

  beforeAll(async () => {
    server = await ZooKeeperServer.start();
  });
  afterAll(async () => server?.stop());
  beforeEach(async () => {
    writer = await ZooKeeperWriter.connect(server.address);
    await registerAll(writer);
    bridged = open();
    await bridged.untilShown(all);
    await bridged.untilState('live');
  });
  afterEach(async () => {
    await bridged?.close();
    await writer?.close();
    await server.restartEmpty();
  });

  testRegistryPromises({
    bridged: () => bridged,
    shown: all,
    open: (known, spec) => open(spec, known),
    server: () => server,
    recover: reconnect,
    registerAll: async () => {
      await reconnect();
      await registerAll(writer);
    },
    repeat: () => writer.write('/services/shop/10.0.0.6:20880', instance(6)),
    add: () => writer.create(provider('com.Carts', 9)),
    remove: () => writer.remove(provider('com.Carts', 9)),
    shownWithIt: { ...all, 'com.Carts': ['10.0.0.5', '10.0.0.9'] },
    settleMs: sessionMs,
    // What stands below a root that is not there is kept for as long as that is so.
    foundEmpty: async (found) => {
      const said = () => found.status?.reason;
      await expect.poll(said).toBe('there is no /dubbo and no /services');
      await sleep(sessionMs + graceMs + holdMs);
      expect(bridged.shown).toEqual(all);
      await expect.poll(said).toBe('there is no /dubbo and no /services');
    },
    // As when the session of a provider with many instances ends.
    loseMost: async (followed) => {
      const others = await ZooKeeperWriter.connect(server.address);
      for (const n of [6, 7, 8, 9, 10, 11]) await others.create(provider('com.Orders', n), { isEphemeral: true });
      const before = { ...all, 'com.Orders': [1, 10, 11, 2, 3, 4, 6, 7, 8, 9].map((n) => `10.0.0.${n}`) };
      await followed.untilShown(before);
      await others.close();
      return { before, left: all };
    },
  });

  it('is read with all that the mesh needs, at both levels', async () => {
    await writer.create(provider('com.Api', 7, '&version=1.2.0&group=blue&weight=250&zone=z1', 'tri'));
    await writer.create(provider('com.Web', 8, '', 'rest'));
    await bridged.untilShown({ ...all, 'com.Api:1.2.0': ['10.0.0.7'], 'com.Web': ['10.0.0.8'] });
    expect(bridged.service('com.Api:1.2.0')).toMatchObject({
      group: 'blue',
      instances: [{ ports: [{ number: 20_880, protocol: 'tri' }], weight: 250, metadata: { zone: 'z1' } }],
    });
    expect(bridged.service('com.Web')?.instances[0]?.ports[0]?.protocol).toBe('rest');
    expect(bridged.service('shop')?.instances[0]?.ports).toEqual([
      { name: '', number: 20_880, protocol: 'dubbo' },
      { name: '', number: 50_051, protocol: 'tri' },
    ]);
  });

  it('shows instances and services that come, change and go, and nothing else changes', async () => {
    const { changes } = bridged;
    await writer.create(provider('com.Orders', 9));
    await bridged.untilShown({ ...all, 'com.Orders': [...all['com.Orders'], '10.0.0.9'] });
    await writer.remove(provider('com.Orders', 1));
    await bridged.untilShown({ ...all, 'com.Orders': ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.9'] });
    await writer.write('/services/shop/10.0.0.6:20880', instance(6, { version: 'v2' }));
    await expect.poll(() => bridged.service('shop')?.instances[0]?.metadata.version).toBe('v2');
    expect(bridged.changes).toBe(changes + 3);
    await writer.write('/services/shop/10.0.0.6:20880', instance(6, { version: 'v2' }));
    await writer.create(`/dubbo/com.Orders/consumers/${urlOf('com.Orders', 9, '', 'consumer')}`);
    await sleep(sessionMs);
    expect(bridged.changes).toBe(changes + 3);
    await bridged.untilState('live');
    await writer.remove(provider('com.Carts', 5));
    await writer.remove('/dubbo/com.Carts/providers');
    await writer.remove('/dubbo/com.Carts');
    await bridged.untilShown({ 'com.Orders': ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.9'], shop: ['10.0.0.6'] });
  });

  it('is followed on, with what happened meanwhile, when our session expires', async () => {
    const relay = await MuteRelay.start(server.port);
    const behind = open({ addresses: [relay.address] });
    try {
      await behind.untilShown(all);
      relay.mute();
      await writer.create(provider('com.Orders', 9));
      await writer.remove(provider('com.Orders', 1));
      await behind.untilState('stale');
      const now = { ...all, 'com.Orders': ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.9'] };
      await behind.untilShown(now);
      await behind.untilState('live');
      await writer.create(provider('com.Orders', 8));
      await behind.untilShown({ ...now, 'com.Orders': ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.8', '10.0.0.9'] });
    } finally {
      await behind.close();
      await relay.stop();
    }
  });
});

const secret = 'isthmus:not for logs';
/** As ZooKeeper keeps it: base64 of the SHA-1 of user:password. */
const keptSecret = `isthmus:${hash('sha1', secret, 'base64')}`;

describe.skipIf(zooKeeper === undefined)('a ZooKeeper with rights', () => {
  let server: ZooKeeperServer;
  let writer: ZooKeeperWriter;
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-zookeeper-credentials-'));
  const credentials = (password: string) => {
    const files = { usernameFile: path.join(folder, 'user'), passwordFile: path.join(folder, password) };
    writeFileSync(files.usernameFile, 'isthmus\n');
    writeFileSync(files.passwordFile, `${password}\n`);
    return files;
  };
  // The shorter the sessions, the sooner it is looked for changes that nobody is told of.
  const options = { sessionTimeout: '1s' };
  const open = (spec: Partial<ConstructorParameters<typeof BridgedRegistry>[0]> = {}): BridgedRegistry =>
    new BridgedRegistry({ type: 'ZooKeeper', addresses: [server.address], options, ...spec });

  beforeAll(async () => {
    server = await ZooKeeperServer.start();
    writer = await ZooKeeperWriter.connect(server.address, secret);
    await registerAll(writer);
  });
  afterAll(async () => {
    await writer?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('that shows a part removes nothing of the rest, and says so, until it shows all', async () => {
    const bridged = open();
    const secretly = { ...all, 'com.Secret': ['10.0.0.7'] };
    try {
      await writer.create(provider('com.Secret', 7));
      await bridged.untilShown(secretly);
      await writer.allow('/dubbo/com.Secret/providers', onlyFor(keptSecret));
      // Nobody is told of what it may not see.
      await writer.create(provider('com.Secret', 8));
      await expect.poll(() => bridged.codes).toEqual(['ISTH1016']);
      await expect.poll(() => bridged.status?.reason).toBe('permission denied to read /dubbo/com.Secret/providers');
      await writer.remove(provider('com.Orders', 1));
      const now = { ...all, 'com.Orders': ['10.0.0.2', '10.0.0.3', '10.0.0.4'] };
      await bridged.untilShown({ ...now, 'com.Secret': ['10.0.0.7'] });
      const trusted = open({ credentials: credentials('not for logs') });
      const shown = { ...now, 'com.Secret': ['10.0.0.7', '10.0.0.8'] };
      try {
        await trusted.untilShown(shown);
      } finally {
        await trusted.close();
      }
      await writer.allow('/dubbo/com.Secret/providers', forAll);
      await bridged.untilShown(shown);
      await expect.poll(() => bridged.codes).toEqual([]);
    } finally {
      await bridged.close();
    }
  });

  it('that shows nothing of it says so, and not what we said', async () => {
    for (const root of ['/dubbo', '/services']) await writer.allow(root, onlyFor(keptSecret));
    const bridged = open({ credentials: credentials('another') });
    try {
      await bridged.untilState('stale');
      await expect.poll(() => bridged.status?.reason).toContain('permission denied to read /dubbo and /services');
      expect(bridged.status?.reason).not.toContain('another');
    } finally {
      await bridged.close();
      for (const root of ['/dubbo', '/services']) await writer.allow(root, forAll);
    }
  });

  it('is read below a path, at other roots, by the next address when one is down', async () => {
    await writer.create(`/tenants/a/mesh/com.Tenant/providers/${urlOf('com.Tenant', 3)}`);
    const [down = 0] = await freePorts(1);
    const bridged = open({
      addresses: [`127.0.0.1:${down}`, `${server.address}/tenants/a`],
      options: { ...options, root: 'mesh' },
    });
    try {
      await bridged.untilShown({ 'com.Tenant': ['10.0.0.3'] });
      await bridged.untilState('live');
      await writer.create(`/tenants/a/mesh/com.Tenant/providers/${urlOf('com.Tenant', 4)}`);
      await bridged.untilShown({ 'com.Tenant': ['10.0.0.3', '10.0.0.4'] });
    } finally {
      await bridged.close();
    }
  });

  it('with rules of Dubbo, and nodes that are no registrations, names them, and everything else goes on', async () => {
    const bridged = open();
    const override = encodeURIComponent('override://0.0.0.0/com.Carts?category=configurators&weight=1');
    const route = encodeURIComponent('condition://0.0.0.0/com.Carts?category=routers&rule=host%3D1');
    try {
      await bridged.untilState('live');
      await writer.create(`/dubbo/com.Carts/configurators/${override}`);
      await writer.create(`/dubbo/com.Carts/routers/${route}`);
      await writer.create('/dubbo/com.Carts/providers/nonsense');
      await writer.create('/services/shop/odd', { data: '{' });
      await expect.poll(() => bridged.codes).toEqual(['ISTH1017', 'ISTH1018', 'ISTH1018', 'ISTH1017']);
      await expect
        .poll(() => bridged.status?.reason)
        .toBe(
          '1 entry can be read as no registration: /dubbo/com.Carts/providers/nonsense; ' +
            '1 entry would override providers, which is not done: com.Carts; 1 entry would route calls, which is not done: com.Carts',
        );
      await writer.create(provider('com.Carts', 6));
      await expect.poll(() => bridged.shown['com.Carts']).toEqual(['10.0.0.5', '10.0.0.6']);
    } finally {
      await bridged.close();
    }
  });
});

describe.skipIf(zooKeeper === undefined)('a ZooKeeper of several servers', () => {
  it('is followed from one server to the next, and is stale without a quorum, with nothing lost', async () => {
    const ensemble = await ZooKeeperEnsemble.start();
    const [first, second, third] = ensemble.members;
    const writer = await ZooKeeperWriter.connect(third?.address ?? '');
    const options = { sessionTimeout };
    const bridged = new BridgedRegistry({ type: 'ZooKeeper', addresses: ensemble.addresses, options });
    try {
      await registerAll(writer);
      await bridged.untilShown(all);
      await first?.kill();
      await writer.create(provider('com.Carts', 6));
      const now = { ...all, 'com.Carts': ['10.0.0.5', '10.0.0.6'] };
      await bridged.untilShown(now);
      await bridged.untilState('live');
      await second?.kill();
      await bridged.untilState('stale');
      await sleep(graceMs);
      expect(bridged.shown).toEqual(now);
      await second?.restart();
      await bridged.untilState('live');
      await sleep(sessionMs + graceMs);
      expect(bridged.shown).toEqual(now);
    } finally {
      await bridged.close();
      await ensemble.stop();
      await writer.close();
    }
  });
});

describe.skipIf(zooKeeper === undefined)('a ZooKeeper with TLS', () => {
  it('is read where its certificate is trusted, and nowhere else', async () => {
    const server = await ZooKeeperServer.start({ tls: true });
    const open = (tls: { readonly caFile?: string }) =>
      new BridgedRegistry({
        type: 'ZooKeeper',
        addresses: [server.address],
        options: { sessionTimeout, root: 'zookeeper' },
        tls: { insecureSkipVerify: false, ...tls },
      });
    const trusting = open({ caFile: server.certificate });
    const doubting = open({});
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
