import { describe, expect, it } from 'vitest';
import type { BalancedHost } from './balanced-host.ts';
import { type BalancingPolicy, balancer } from './balancer.ts';
import { hashText } from './hash.ts';

const hosts = (count: number, weights: readonly number[] = []): BalancedHost[] =>
  Array.from({ length: count }, (_, index) => ({ key: `10.0.0.${index}:80`, weight: weights[index] ?? 1, active: 0 }));

/** A random source that is the same in every run. */
function sequence(): () => number {
  let state = 12345;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 0x1_0000_0000;
  };
}

function shares(policy: BalancingPolicy, all: readonly BalancedHost[], picks: number): number[] {
  const random = sequence();
  const pick = balancer(policy, all, random);
  const counts = new Map<BalancedHost | undefined, number>();
  for (let turn = 0; turn < picks; turn++) {
    const host = pick(Math.floor(random() * 0x1_0000_0000), 0);
    counts.set(host, (counts.get(host) ?? 0) + 1);
  }
  return all.map((host) => (counts.get(host) ?? 0) / picks);
}

const hashing: readonly BalancingPolicy[] = [
  { kind: 'ring-hash', minimumSize: 1024, maximumSize: 1_048_576 },
  { kind: 'maglev', tableSize: 65_537 },
];

it('finds no host where there is none', () => {
  expect(balancer({ kind: 'round-robin' }, [], Math.random)(1, 0)).toBeUndefined();
});

it('goes round equal hosts in turn', () => {
  const all = hosts(3);
  const pick = balancer({ kind: 'round-robin' }, all, () => 0);
  expect(Array.from({ length: 6 }, () => pick(0, 0)?.key)).toEqual([...all, ...all].map(({ key }) => key));
});

const leastRequest: BalancingPolicy = { kind: 'least-request', choices: 2 };

it.each([{ kind: 'round-robin' }, { kind: 'random' }, leastRequest, ...hashing] satisfies BalancingPolicy[])(
  '$kind shares requests by weight',
  (policy) => {
    const [light = 0, heavy = 0, heaviest = 0] = shares(policy, hosts(3, [1, 3, 6]), 30_000);
    const digits = hashing.includes(policy) ? 1 : 2;
    expect(light).toBeCloseTo(0.1, digits);
    expect(heavy).toBeCloseTo(0.3, digits);
    expect(heaviest).toBeCloseTo(0.6, digits);
  },
);

it.each([{ kind: 'round-robin' }, leastRequest] satisfies BalancingPolicy[])(
  '$kind gives one percent to a host that weighs one percent, among many',
  (policy) => {
    const weights = [...Array.from({ length: 40 }, () => 99), ...Array.from({ length: 4 }, () => 10)];
    const light = shares(policy, hosts(44, weights), 40_000).slice(40);
    expect(light.reduce((sum, share) => sum + share, 0)).toBeCloseTo(0.01, 3);
  },
);

it('gives less to a host of more weight that has more requests in flight', () => {
  const [busy, idle] = [
    { key: 'busy', weight: 10, active: 99 },
    { key: 'idle', weight: 1, active: 0 },
  ];
  const [toBusy = 0] = shares(leastRequest, [busy, idle], 11_000);
  expect(toBusy).toBeCloseTo(1 / 11, 2);
});

it('prefers the host with fewer requests in flight', () => {
  const [busy, idle] = [
    { key: 'busy', weight: 1, active: 50 },
    { key: 'idle', weight: 1, active: 0 },
  ];
  const [toBusy = 0] = shares({ kind: 'least-request', choices: 2 }, [busy, idle], 10_000);
  // Chosen only when both choices fall on it.
  expect(toBusy).toBeCloseTo(0.25, 1);
});

describe.each(hashing)('$kind', (policy) => {
  const keys = Array.from({ length: 2000 }, (_, index) => hashText(`request ${index}`));

  it('sends one hash to one host, in whatever order the hosts are listed', () => {
    const all = hosts(7);
    const [forward, backward] = [balancer(policy, all, Math.random), balancer(policy, all.toReversed(), Math.random)];
    for (const key of keys) expect(forward(key, 0)).toBe(backward(key, 0));
  });

  it('moves few requests when a host goes', () => {
    const all = hosts(10);
    const [whole, fewer] = [balancer(policy, all, Math.random), balancer(policy, all.slice(1), Math.random)];
    const moved = keys.filter((key) => whole(key, 0) !== all[0] && whole(key, 0) !== fewer(key, 0));
    expect(moved.length).toBeLessThan(keys.length * 0.05);
  });

  it('gives another host when it is asked again', () => {
    const pick = balancer(policy, hosts(5), Math.random);
    const moved = keys.filter((key) => pick(key, 1) !== pick(key, 0));
    expect(moved.length).toBeGreaterThan(keys.length * 0.7);
  });
});
