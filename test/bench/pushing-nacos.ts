/** Nacos for registry-push.bench.ts, with instances that are registered over HTTP and pushed over gRPC. */
import { grpcConnection } from '../../src/sources/registries/grpc-connection.ts';
import { AccessToken } from '../../src/sources/registries/nacos/access-token.ts';
import { openGrpcSession } from '../../src/sources/registries/nacos/grpc-session.ts';
import { HttpApi } from '../../src/sources/registries/nacos/http-api.ts';
import { nacosServer } from '../../src/sources/registries/nacos/nacos-options.ts';
import type { ServiceInfo } from '../../src/sources/registries/nacos/naming-session.ts';
import { type NacosInstance, NacosServer } from '../peers/nacos/nacos-server.ts';
import { addressOf, type PushingRegistry, type RegistryShape, weightIn } from './pushing-registry.ts';

export async function startNacos({ services, instances }: RegistryShape): Promise<PushingRegistry> {
  const server = await NacosServer.start();
  for (let at = 0; at < services; at++)
    await Promise.all(Array.from({ length: instances }, async (_, n) => server.register(instance(at, n, 100))));
  const watcher = await watch(server.address);
  let round = 0;
  return {
    spec: {
      type: 'Nacos',
      addresses: [server.address],
      select: { namespaces: ['public'], groups: [group] },
      options: { transport: 'grpc' },
    },
    notified: 'push of a subscription to the service',
    change: async () => {
      const weight = weightIn(++round);
      const told = watcher.next(weight);
      await server.register(instance(0, 0, weight));
      return told;
    },
    stop: async () => {
      watcher.close();
      await server.stop();
    },
  };
}

const group = 'DEFAULT_GROUP';

function instance(service: number, at: number, weight: number): NacosInstance {
  return { serviceName: `service-${service}`, ip: addressOf(service, at), port: 9090, weight };
}

interface Watcher {
  /** Resolves at the time at which an instance of this weight is pushed. */
  readonly next: (weight: number) => Promise<number>;
  readonly close: () => void;
}

/** The registry's own notification: a subscription to one service, and nothing else. */
async function watch(address: string): Promise<Watcher> {
  const urls = nacosServer(address, false, { transport: 'grpc', warmUpMs: 0 });
  if (urls === undefined) throw new Error(`no address: ${address}`);
  const api = new HttpApi(urls.http, undefined, {});
  let take = (_info: ServiceInfo): void => {};
  const session = await openGrpcSession({
    connection: grpcConnection(urls.grpc, undefined, {}),
    token: new AccessToken(api, async () => ({})),
    onChange: (_service, info) => take(info),
    signal: new AbortController().signal,
  });
  await session.subscribe({ namespace: 'public', group, name: 'service-0' });
  return {
    next: async (weight) =>
      new Promise((resolve) => {
        take = ({ hosts }) => {
          if (hosts.some((host) => weightOf(host) === weight)) resolve(performance.now());
        };
      }),
    close: () => {
      session.close();
      api.close();
    },
  };
}

function weightOf(host: unknown): unknown {
  return typeof host === 'object' && host !== null ? Reflect.get(host, 'weight') : undefined;
}
