/** Maglev: a table that hosts fill in turns, each by its own permutation; few entries move when a host comes or goes. */
import type { BalancedHost, Balancer } from './balanced-host.ts';
import { hashText, mix } from './hash.ts';

/** `tableSize` is prime. */
export function maglev<H extends BalancedHost>(hosts: readonly H[], tableSize: number): Balancer<H> {
  const table = fill(hosts, tableSize);
  return (hash, attempt) => hosts[table[attempt === 0 ? hash % tableSize : mix(hash + attempt) % tableSize] ?? 0];
}

function fill<H extends BalancedHost>(hosts: readonly H[], size: number): Int32Array {
  const ordered = hosts.map((host, index) => ({ host, index })).sort((a, b) => (a.host.key < b.host.key ? -1 : 1));
  const offsets = ordered.map(({ host }) => hashText(host.key) % size);
  const skips = ordered.map(({ host }) => (mix(hashText(host.key)) % (size - 1)) + 1);
  const largest = Math.max(...hosts.map((host) => host.weight));
  const credit = ordered.map(() => 0);
  const next = ordered.map(() => 0);
  const table = new Int32Array(size).fill(-1);
  for (let filled = 0; filled < size; ) {
    for (let turn = 0; turn < ordered.length && filled < size; turn++) {
      credit[turn] = (credit[turn] ?? 0) + (ordered[turn]?.host.weight ?? 1) / largest;
      if ((credit[turn] ?? 0) < 1) continue;
      credit[turn] = (credit[turn] ?? 0) - 1;
      let slot = 0;
      do {
        slot = ((offsets[turn] ?? 0) + (next[turn] ?? 0) * (skips[turn] ?? 1)) % size;
        next[turn] = (next[turn] ?? 0) + 1;
      } while (table[slot] !== -1);
      table[slot] = ordered[turn]?.index ?? 0;
      filled++;
    }
  }
  return table;
}
