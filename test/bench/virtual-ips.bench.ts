/**
 * What it costs to lease virtual IPs, and whether they stay. Prints JSON when run: `node test/bench/virtual-ips.bench.ts`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeaseJournal } from '../../src/delivery/files/lease-journal.ts';
import { NodeStateFolder } from '../../src/delivery/files/state-folder.ts';
import { defaultRanges, VirtualIps } from '../../src/mesh/virtual-ips/virtual-ips.ts';
import type { ServiceKey } from '../../src/model/service.ts';

export interface VirtualIpFigures {
  readonly hosts: number;
  /** The decision alone: hash, probe, both families. Median of the repetitions. */
  readonly allocateMs: number;
  /** One append of all leases, with its fsync. */
  readonly writeMs: number;
  /** Reading the journal and taking all claims again. */
  readonly restartMs: number;
  readonly movedAfterRestart: number;
  /** Hosts that get another address when the journal is lost. */
  readonly movedAfterLoss: number;
}

export async function measureVirtualIps(hosts: number, repetitions: number): Promise<VirtualIpFigures> {
  const keys = Array.from(
    { length: hosts },
    (_, at): ServiceKey => `ns-${at % 100}/service-${at}.ns-${at % 100}.example.com`,
  ).sort();
  const demand = { claims: new Map(keys.map((key) => [key, true])), written: new Map<string, readonly ServiceKey[]>() };
  const times = Array.from({ length: repetitions }, () => {
    const book = new VirtualIps(defaultRanges, []);
    return elapsed(() => book.update(demand, 1));
  }).sort((a, b) => a - b);
  const book = new VirtualIps(defaultRanges, []);
  const changes = book.update(demand, 1);
  const path = await mkdtemp(join(tmpdir(), 'isthmus-bench-'));
  try {
    const journal = await LeaseJournal.open(new NodeStateFolder(path));
    const writeStart = performance.now();
    await journal.append(changes);
    const writeMs = performance.now() - writeStart;
    const restartStart = performance.now();
    const reopened = await LeaseJournal.open(new NodeStateFolder(path));
    const restarted = new VirtualIps(defaultRanges, reopened.leases().values());
    restarted.update(demand, 2);
    const restartMs = performance.now() - restartStart;
    const lost = new VirtualIps(defaultRanges, []);
    lost.update(demand, 2);
    const moved = (other: VirtualIps): number =>
      keys.filter((key) => other.get(key)?.ipv4 !== book.get(key)?.ipv4 || other.get(key)?.ipv6 !== book.get(key)?.ipv6)
        .length;
    const movedAfterRestart = moved(restarted);
    return {
      hosts: changes.length,
      allocateMs: times[times.length >> 1] ?? 0,
      writeMs,
      restartMs,
      movedAfterRestart,
      movedAfterLoss: moved(lost),
    };
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

function elapsed(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

if (import.meta.main) console.log(JSON.stringify(await measureVirtualIps(50_000, 9)));
