/** A registry that says by itself what changed, for registry-push.bench.ts: with many services, of which one changes. */
import { afterPrefix, EtcdServer } from '../peers/etcd/etcd-server.ts';

export interface PushingRegistry {
  /** Of a ServiceRegistry. */
  readonly spec: object;
  /** Changes one instance of `service-0`; resolves at the time at which the registry told its own watcher. */
  readonly change: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

export interface RegistryShape {
  readonly services: number;
  readonly instances: number;
}

export async function startEtcd({ services, instances }: RegistryShape): Promise<PushingRegistry> {
  const server = await EtcdServer.start();
  const key = (service: number, instance: number): string => `/bench/service-${service}/${instance}`;
  const value = (service: number, instance: number, weight: number): string =>
    JSON.stringify({ address: `10.${service >> 8}.${service & 255}.${instance + 1}:9090`, protocol: 'grpc', weight });
  for (let service = 0; service < services; service++)
    await server.putAll(Array.from({ length: instances }, (_, at) => [key(service, at), value(service, at, 100)]));
  const watcher = await watch(server, key(0, 0));
  let round = 0;
  return {
    spec: { type: 'Etcd', addresses: server.addresses, options: { prefix: '/bench' } },
    change: async () => {
      const told = watcher.next();
      await server.put(key(0, 0), value(0, 0, 1 + (++round % 50)));
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
