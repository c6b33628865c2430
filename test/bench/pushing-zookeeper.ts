/** ZooKeeper for registry-push.bench.ts, with providers of interfaces as Dubbo registers them. */

import { serverSocket } from '../../src/sources/registries/zookeeper/server-socket.ts';
import { Session } from '../../src/sources/registries/zookeeper/session.ts';
import { ZooKeeperServer } from '../peers/zookeeper/zookeeper-server.ts';
import { ZooKeeperWriter } from '../peers/zookeeper/zookeeper-writer.ts';
import { addressOf, type PushingRegistry, type RegistryShape, weightIn } from './pushing-registry.ts';

export async function startZooKeeper({ services, instances }: RegistryShape): Promise<PushingRegistry> {
  const server = await ZooKeeperServer.start();
  const writer = await ZooKeeperWriter.connect(server.address);
  for (let at = 0; at < services; at++)
    await Promise.all(Array.from({ length: instances }, async (_, n) => writer.create(provider(at, n, 100))));
  const watcher = await watch(server.port, providersOf(0));
  let node = provider(0, 0, 100);
  let round = 0;
  return {
    spec: { type: 'ZooKeeper', addresses: [server.address], options: { levels: 'interface' } },
    notified: "watch of the interface's providers",
    change: async () => {
      const told = watcher.next();
      const next = provider(0, 0, weightIn(++round));
      await writer.replace(node, next);
      node = next;
      return told;
    },
    stop: async () => {
      watcher.close();
      await writer.close();
      await server.stop();
    },
  };
}

function providersOf(service: number): string {
  return `/dubbo/service-${service}/providers`;
}

/** The weight is a part of the node's name. */
function provider(service: number, instance: number, weight: number): string {
  const name = `service-${service}`;
  const url = `dubbo://${addressOf(service, instance)}:20880/${name}?application=bench&interface=${name}&side=provider&weight=${weight}`;
  return `${providersOf(service)}/${encodeURIComponent(url)}`;
}

interface Watcher {
  /** Resolves at the time of the next change, when the one after it is watched for. */
  readonly next: () => Promise<number>;
  readonly close: () => void;
}

/** The registry's own notification: a watch of one node's children, and nothing else. */
async function watch(port: number, path: string): Promise<Watcher> {
  let waiting = Promise.withResolvers<number>();
  const session = await Session.open({
    socket: serverSocket({ host: '127.0.0.1', port }, undefined, {}),
    name: 'watcher',
    timeoutMs: 20_000,
    zxid: 0n,
    credentials: undefined,
    onEvent: () => waiting.resolve(performance.now()),
    signal: new AbortController().signal,
  });
  await session.children(path);
  return {
    next: async () => {
      const told = await waiting.promise;
      waiting = Promise.withResolvers<number>();
      await session.children(path);
      return told;
    },
    close: session.close,
  };
}
