/**
 * A large Eureka registry, polled: how long the first sync takes, what share of a core the polls of deltas take while some
 * instances change each second, and the memory of it all. Client and bridge as `isthmus run` has them; the registry is a
 * stand-in, in a process of its own. Prints JSON when run: `node test/bench/eureka-poll.bench.ts [services]`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/model/clock.ts';
import { testRegistry } from '../../src/resources/service-registry-fixture.ts';
import { createEurekaClient } from '../../src/sources/registries/eureka/eureka-client.ts';
import { RegistryBridge } from '../../src/sources/registries/registry-bridge.ts';

export interface EurekaPollOptions {
  readonly services: number;
  /** Of each service. */
  readonly instances: number;
  readonly intervalMs: number;
  readonly changesPerSecond: number;
  readonly seconds: number;
}

export interface EurekaPollFigures extends EurekaPollOptions {
  readonly firstSyncMs: number;
  /** CPU time, of which each full read takes about as much. */
  readonly firstSyncCpuMs: number;
  /** Of one core, for polls of deltas. */
  readonly corePercent: number;
  /** Changes that came into force while it was measured. */
  readonly changes: number;
  readonly peakRssMb: number;
}

/** Milliseconds for which a server has a change in its deltas. */
const windowMs = 180_000;

export async function benchEurekaPoll(options: EurekaPollOptions): Promise<EurekaPollFigures> {
  const { services, instances, changesPerSecond, intervalMs, seconds } = options;
  const recent = Math.min((changesPerSecond * windowMs) / 1_000, services * instances);
  const server = await startServer([services, instances, recent]);
  const registry = testRegistry({ type: 'Eureka', addresses: [server.address], interval: intervalMs });
  let changes = 0;
  const bridge = new RegistryBridge({
    registry,
    known: [],
    own: { ranges: [], places: [] },
    clock: systemClock,
    onChange: (some) => {
      changes += some.length;
    },
  });
  const start = measure();
  const client = createEurekaClient({ registry, secrets: async () => ({}), answer: bridge.accept });
  bridge.expect(client.scopes);
  try {
    while (!bridge.isSeen) await sleep(10);
    const synced = measure(start);
    changes = 0;
    const from = measure();
    for (let at = 0; at < seconds * changesPerSecond; at++) {
      server.process.send('change');
      await sleep(1_000 / changesPerSecond);
    }
    await sleep(2 * intervalMs);
    const polled = measure(from);
    return {
      ...options,
      firstSyncMs: Math.round(synced.ms),
      firstSyncCpuMs: Math.round(synced.cpuMs),
      corePercent: Number(((100 * polled.cpuMs) / polled.ms).toFixed(2)),
      changes,
      peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
    };
  } finally {
    await client.close();
    bridge.close();
    await server.stop();
  }
}

interface Measured {
  readonly ms: number;
  readonly cpuMs: number;
}

function measure(since: Measured = { ms: 0, cpuMs: 0 }): Measured {
  const { user, system } = process.cpuUsage();
  return { ms: performance.now() - since.ms, cpuMs: (user + system) / 1_000 - since.cpuMs };
}

interface Server {
  readonly process: ChildProcess;
  readonly address: string;
  readonly stop: () => Promise<void>;
}

async function startServer(numbers: readonly number[]): Promise<Server> {
  const program = path.join(import.meta.dirname, 'eureka-stand-in-process.ts');
  const child = fork(program, numbers.map(String));
  const [told]: unknown[] = await once(child, 'message');
  const address = typeof told === 'object' && told !== null && 'address' in told ? String(told.address) : '';
  return {
    process: child,
    address,
    stop: async () => {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

if (import.meta.main) {
  const services = Number(process.argv[2] ?? 10_000);
  const options = { services, instances: 10, intervalMs: 5_000, changesPerSecond: 100, seconds: 30 };
  console.log(JSON.stringify(await benchEurekaPoll(options), undefined, 2));
}
