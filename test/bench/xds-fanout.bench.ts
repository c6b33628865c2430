/**
 * One endpoint changes: how long until the last of many delta streams has acknowledged it. The clients are a process of
 * their own on the same machine. Prints JSON when run: `node test/bench/xds-fanout.bench.ts [streams] [connections]`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import type { EncodedResource } from '../../src/delivery/xds/resources/resource-source.ts';
import { createResourceStore } from '../../src/delivery/xds/resources/resource-store.ts';
import { endpointType } from '../../src/delivery/xds/resources/resource-types.ts';
import { createXdsServer } from '../../src/delivery/xds/server.ts';
import { encode } from '../../src/xds-api/messages.ts';

export interface FanoutOptions {
  readonly streams: number;
  readonly connections: number;
  readonly services: number;
  readonly rounds: number;
}

/** Milliseconds from the change to the last acknowledgement, over all rounds. */
export interface FanoutFigures extends FanoutOptions {
  readonly bytes: number;
  readonly acknowledged: number;
  readonly p50: number;
  readonly p99: number;
  /** Of this process alone, microseconds for one push with its acknowledgement. */
  readonly serverCpuUs: number;
  readonly rssMb: number;
}

const ENDPOINTS = 10;
const WARM_UP = 20;

function assignment(name: string, round: number): EncodedResource {
  const lbEndpoints = Array.from({ length: ENDPOINTS }, (_, index) => ({
    endpoint: { address: { socketAddress: { address: `10.0.${round % 250}.${index + 1}`, portValue: 9090 } } },
    loadBalancingWeight: { value: 1 + (round % 7) },
  }));
  const body = encode('envoy.config.endpoint.v3.ClusterLoadAssignment', {
    clusterName: name,
    endpoints: [{ locality: { region: 'r1', zone: 'z1' }, lbEndpoints }],
  });
  return { typeUrl: endpointType, name, version: createHash('sha256').update(body).digest('hex').slice(0, 16), body };
}

export async function benchFanout(options: FanoutOptions): Promise<FanoutFigures> {
  const names = Array.from({ length: options.services }, (_, index) => `outbound|9090||service-${index}.shop.svc`);
  const store = createResourceStore({ scopesOf: () => ['mesh'] });
  let missing = Number.POSITIVE_INFINITY;
  let acknowledged = 0;
  let lastAcknowledged = (): void => {};
  const server = createXdsServer({
    source: store,
    observer: {
      acknowledged() {
        acknowledged++;
        if (--missing === 0) lastAcknowledged();
      },
    },
  });
  const set = (name: string, round: number): EncodedResource => {
    const resource = assignment(name, round);
    store.apply([{ scope: 'mesh', typeUrl: endpointType, name, resource }]);
    return resource;
  };
  for (const name of names) set(name, 0);
  const allAcknowledge = (): Promise<void> =>
    new Promise((resolve) => {
      missing = options.streams;
      lastAcknowledged = resolve;
    });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  const connected = allAcknowledge();
  const clients = startClients(port, options, names);
  await connected;
  const times: number[] = [];
  let bytes = 0;
  let cpu = process.cpuUsage();
  for (let round = 1; round <= WARM_UP + options.rounds; round++) {
    if (round === WARM_UP + 1) cpu = process.cpuUsage();
    const done = allAcknowledge();
    const start = performance.now();
    bytes = set(names[round % names.length] ?? '', round).body.length;
    await done;
    if (round > WARM_UP) times.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(cpu);
  const rssMb = Math.round(process.memoryUsage().rss / 1e6);
  clients.stdin?.end();
  await once(clients, 'exit');
  await server.close(0);
  times.sort((a, b) => a - b);
  const at = (share: number): number => Number((times[Math.ceil(share * times.length) - 1] ?? 0).toFixed(2));
  const serverCpuUs = Number(((user + system) / options.rounds / options.streams).toFixed(1));
  return { ...options, bytes, acknowledged, p50: at(0.5), p99: at(0.99), serverCpuUs, rssMb };
}

function startClients(port: number, options: FanoutOptions, names: readonly string[]): ChildProcess {
  const program = path.join(import.meta.dirname, 'xds-fanout-client.ts');
  const node = path.resolve(import.meta.dirname, '../../node_modules/.bin/node');
  const args = [program, port, options.streams, options.connections, ...names].map(String);
  return spawn(node, args, { stdio: ['pipe', 'ignore', 'inherit'] });
}

if (process.argv[1] === import.meta.filename) {
  const streams = Number(process.argv[2] ?? 1000);
  const connections = Number(process.argv[3] ?? streams);
  const figures = await benchFanout({ streams, connections, services: 50, rounds: 200 });
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
