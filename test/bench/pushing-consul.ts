/** Consul for registry-push.bench.ts, with services in its catalog, on nodes that run no agent. */
import { ConsulServer } from '../peers/consul/consul-server.ts';
import { addressOf, type PushingRegistry, type RegistryShape, weightIn } from './pushing-registry.ts';

/** As many as one transaction of Consul may have. */
const mostOperations = 64;
/** Our client asks for one service twice a second, where it changes for longer than a burst. */
const restMs = 600;

export async function startConsul({ services, instances }: RegistryShape): Promise<PushingRegistry> {
  const server = await ConsulServer.start();
  const node = (instance: number) => ({ Node: `n${instance}`, Address: `10.255.0.${instance + 1}` });
  const service = (at: number, instance: number, weight: number) => ({
    ID: `service-${at}-${instance}`,
    Service: `service-${at}`,
    Address: addressOf(at, instance),
    Port: 9090,
    Meta: { protocol: 'grpc' },
    Weights: { Passing: weight, Warning: 1 },
  });
  for (let instance = 0; instance < instances; instance++) {
    await server.register(node(instance));
    for (let first = 0; first < services; first += mostOperations) {
      const count = Math.min(mostOperations, services - first);
      const operations = Array.from({ length: count }, (_, n) => ({
        Service: { Verb: 'set', Node: `n${instance}`, Service: service(first + n, instance, 100) },
      }));
      await server.call('PUT', '/v1/txn', operations);
    }
  }
  const watcher = await watch(server);
  let round = 0;
  return {
    spec: { type: 'Consul', addresses: [server.address] },
    notified: 'blocking query on the service',
    restMs,
    change: async () => {
      const told = watcher.next();
      await server.register({ ...node(0), Service: service(0, 0, weightIn(++round)) });
      return told;
    },
    stop: async () => server.stop(),
  };
}

/** The registry's own notification: a blocking query on one service, which the agent answers from no copy. */
async function watch(server: ConsulServer): Promise<{ readonly next: () => Promise<number> }> {
  const ask = async (index: string): Promise<string> => {
    const target = `/v1/health/service/service-0?near=_agent&wait=60s&index=${index}`;
    const response = await fetch(`http://${server.address}${target}`);
    await response.text();
    return response.headers.get('x-consul-index') ?? '';
  };
  let index = await ask('0');
  return {
    next: async () => {
      index = await ask(index);
      return performance.now();
    },
  };
}
