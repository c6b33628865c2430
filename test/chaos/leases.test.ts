/** Leases against the worst that can befall a process and its file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LeaseJournal } from '../../src/delivery/files/lease-journal.ts';
import { NodeStateFolder } from '../../src/delivery/files/state-folder.ts';
import { defaultRanges, VirtualIps } from '../../src/mesh/virtual-ips/virtual-ips.ts';
import type { ServiceKey } from '../../src/model/service.ts';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'isthmus-chaos-'));
});
afterEach(() => rm(path, { recursive: true, force: true }));

/** Runs the writer until it has shown so many leases and then a few milliseconds more; gives all it showed. */
async function runAndKill(run: number, lines: number, delayMs: number): Promise<readonly string[]> {
  const writer = spawn(process.execPath, [join(import.meta.dirname, 'lease-writer.ts'), path, String(run)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const shown: string[] = [];
  const reader = createInterface({ input: writer.stdout });
  reader.on('line', (line) => {
    shown.push(line);
    if (shown.length === lines) setTimeout(() => writer.kill('SIGKILL'), delayMs);
  });
  const [[code, signal]] = await Promise.all([once(writer, 'exit'), once(reader, 'close')]);
  expect([code, signal]).toEqual([null, 'SIGKILL']);
  return shown;
}

async function readLeases() {
  const folder = new NodeStateFolder(path);
  const journal = await LeaseJournal.open(folder);
  return journal;
}

describe('leases', () => {
  it('that were shown before a kill -9 are found after it, at the same addresses, time and again', async () => {
    const shown = new Map<string, string>();
    for (let run = 0; run < 8; run++) {
      const lines = await runAndKill(run, 40 + run * 37, run * 1.7);
      for (const line of lines) shown.set(line.slice(0, line.indexOf(' ')), line);
      const journal = await readLeases();
      expect(journal.findings(undefined).map(({ code }) => code)).not.toContain('ISTH0902');
      const found = journal.leases();
      for (const [key, line] of shown) {
        const [name = '', ipv4, ipv6, state] = line.split(' ');
        const lease = found.get(name);
        // What was shown last may have changed on disk since: a lease may be a tombstone, but never elsewhere.
        expect([key, lease?.ipv4, lease?.ipv6]).toEqual([key, ipv4, ipv6]);
        if (state === 'tombstone') expect(lease?.state).toBe('tombstone');
      }
      const addresses = [...found.values()].map(({ ipv4 }) => ipv4);
      expect(new Set(addresses).size).toBe(addresses.length);
    }
  });

  it('are nearly all at the same addresses again when the journal was lost or damaged anywhere', async () => {
    const keys = Array.from({ length: 1000 }, (_, at): ServiceKey => `ns-${at % 7}/host-${at}.example.com`);
    const demand = {
      claims: new Map(keys.map((key) => [key, true])),
      written: new Map<string, readonly ServiceKey[]>(),
    };
    const book = new VirtualIps(defaultRanges, []);
    const first = await LeaseJournal.open(new NodeStateFolder(path));
    await first.append(book.update(demand, 1));
    const before = new Map([...book.leases()].map((lease) => [lease.key, lease.ipv4]));
    const whole = await readFile(join(path, 'leases.journal'));
    const count = async (bytes: Buffer): Promise<number> => {
      await writeFile(join(path, 'leases.journal'), bytes);
      const rebuilt = new VirtualIps(defaultRanges, (await readLeases()).leases().values());
      rebuilt.update(demand, 2);
      return keys.filter((key) => rebuilt.get(key)?.ipv4 === before.get(key)).length;
    };
    expect(await count(Buffer.alloc(0))).toBe(1000);
    for (const at of [0, 1, 9, 5000, 77_777, whole.length - 1]) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0x20;
      expect([at, await count(bytes)]).toEqual([at, expect.toSatisfy((same: number) => same >= 998)]);
    }
    expect(
      await count(Buffer.concat([whole.subarray(0, 40_000), Buffer.alloc(8192), whole.subarray(48_192)])),
    ).toBeGreaterThan(990);
    expect((await readdir(path)).filter((name) => name.includes('.corrupt-')).length).toBeGreaterThan(4);
  });
});
