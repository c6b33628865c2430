/** An unmodified Apache Dubbo provider that registers itself in a real ZooKeeper, and the bridge that reads it there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import { callDubbo, DubboProvider, registeredAddress } from '../../peers/dubbo/dubbo-peer.ts';
import { ZooKeeperServer } from '../../peers/zookeeper/zookeeper-server.ts';
import { peerUnderTest } from '../peer-under-test.ts';
import { BridgedRegistry } from './bridged-registry.ts';

const isMissing = peerUnderTest('zookeeper') === undefined || peerUnderTest('dubbo') === undefined;
const interfaceName = 'Echo:1.2.0';
const application = 'echo-shop';

describe.skipIf(isMissing)("Apache Dubbo's provider", () => {
  let server: ZooKeeperServer;
  let bridged: BridgedRegistry;
  let ports: { readonly dubbo: number; readonly tri: number };
  let provider: DubboProvider;

  beforeAll(async () => {
    const [dubbo = 0, tri = 0] = await freePorts(2);
    ports = { dubbo, tri };
    server = await ZooKeeperServer.start();
    const options = { sessionTimeout: '2s' };
    bridged = new BridgedRegistry({ type: 'ZooKeeper', addresses: [server.address], options });
    provider = await DubboProvider.start({
      protocols: ports,
      registry: `zookeeper://${server.address}`,
      application,
      version: '1.2.0',
      group: 'blue',
      weight: 250,
      parameters: { zone: 'z1' },
    });
  });
  afterAll(async () => {
    await bridged?.close();
    await provider?.kill();
    await server?.stop();
  });

  it('appears by its interface and by its application, with what it speaks where', async () => {
    await bridged.untilShown({
      [interfaceName]: [registeredAddress, registeredAddress],
      [application]: [registeredAddress],
    });
    await bridged.untilState('live');
    const byInterface = bridged.service(interfaceName);
    expect(byInterface).toMatchObject({
      group: 'blue',
      instances: [
        { ports: [{ number: ports.dubbo, protocol: 'dubbo' }], weight: 250, metadata: { zone: 'z1', application } },
        { ports: [{ number: ports.tri, protocol: 'tri' }], weight: 250 },
      ],
    });
    expect(bridged.service(application)?.instances).toMatchObject([
      {
        ports: [
          { number: ports.dubbo, protocol: 'dubbo' },
          { number: ports.tri, protocol: 'tri' },
        ],
        metadata: { 'dubbo.metadata.revision': expect.stringMatching(/^[0-9a-f]{32}$/) },
      },
    ]);
    await expect.poll(() => bridged.codes).toEqual([]);
  });

  it('is called where it is registered, by either protocol', async () => {
    for (const [protocol, port] of Object.entries(ports)) {
      const call = { url: `${protocol}://127.0.0.1:${port}`, version: '1.2.0', group: 'blue', method: 'attachment' };
      const answers = await callDubbo({ ...call, parameters: ['color'], attachments: { color: 'green' }, times: 2 });
      expect(answers).toEqual(['= green', '= green']);
    }
  });

  it('is not lost when ZooKeeper freezes for longer than its session lasts, and goes when it says goodbye', async () => {
    const { shown } = bridged;
    server.freeze();
    await bridged.untilState('stale');
    server.thaw();
    await bridged.untilState('live');
    expect(bridged.shown).toEqual(shown);
    await provider.stop();
    await expect.poll(() => bridged.shown).toEqual({});
  });
});
