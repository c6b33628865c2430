/** etcd for registry-push.bench.ts, with services below a prefix. */
import { afterPrefix, EtcdServer } from '../peers/etcd/etcd-server.ts';
import { addressOf, type PushingRegistry, type RegistryShape, weightIn } from './pushing-registry.ts';

export async function startEtcd({ services, instances }: RegistryShape): Promise<PushingRegistry> {
  const server = await EtcdServer.start();
  const key = (service: number, instance: number): string => `/bench/service-${service}/${instance}`;
  const value = (service: number, instance: number, weight: number): string =>
    JSON.stringify({ address: `${addressOf(service, instance)}:9090`, protocol: 'grpc', weight });
  for (let service = 0; service < services; service++)
    await server.putAll(Array.from({ length: instances }, (_, at) => [key(service, at), value(service, at, 100)]));
  const watcher = await watch(server, key(0, 0));
  let round = 0;
  return {
    spec: { type: 'Etcd', addresses: server.addresses, options: { prefix: '/bench' } },
    notified: 'watch of the key',
    change: async () => {
      const told = watcher.next();
      await server.put(key(0, 0), value(0, 0, weightIn(++round)));
      return told;
    },
    stop: async () => {
      await watcher.close();
      await server.stop();
    },
  };
}

interface Watcher {
  /** Resolves at the time of the next change. */
  readonly next: () => Promise<number>;
  readonly close: () => Promise<void>;
}

/** The registry's own notification: a watch of one key, and nothing else. */
async function watch(server: EtcdServer, key: string): Promise<Watcher> {
  const request = { create_request: { key: btoa(key), range_end: btoa(afterPrefix(key)) } };
  const over = new AbortController();
  const response = await fetch(`http://${server.addresses[0]}/v3/watch`, {
    method: 'POST',
    body: JSON.stringify(request),
    signal: over.signal,
  });
  const reader = response.body?.getReader();
  await reader?.read();
  return {
    next: async () => {
      await reader?.read();
      return performance.now();
    },
    close: async () => over.abort(),
  };
}
