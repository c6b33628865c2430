import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Health } from '../../model/endpoint.ts';
import type { LocatedEndpoint } from '../endpoints/workloads.ts';
import { migrationLabel, mixEndpoints } from './migrating-endpoints.ts';

function endpoint(address: string, weight = 1, health: Health = 'healthy'): LocatedEndpoint {
  return {
    endpoint: { address, port: 80, weight, health, labels: {}, network: '', tlsMode: 'disabled' },
    locality: { region: '', zone: '', subzone: '' },
  };
}

const endpoints = (prefix: string, ...weights: readonly number[]) =>
  weights.map((weight, at) => endpoint(`${prefix}${at}`, weight));

const weights = (mixed: readonly LocatedEndpoint[]) =>
  Object.fromEntries(mixed.map(({ endpoint: { address, weight } }) => [address, weight]));

/** The percentage of requests that the target gets. */
function shareOf(mixed: readonly LocatedEndpoint[]): number {
  const sum = (side: string) =>
    mixed
      .filter(({ endpoint: { labels, health } }) => labels[migrationLabel] === side && health === 'healthy')
      .reduce((total, one) => total + one.endpoint.weight, 0);
  return (100 * sum('to')) / (sum('to') + sum('from'));
}

describe('a share of requests', () => {
  it('does not depend on how many endpoints there are on either side', () => {
    expect(weights(mixEndpoints({ own: endpoints('o', 1, 1, 1), target: endpoints('t', 1) }, 10))).toEqual({
      o0: 3,
      o1: 3,
      o2: 3,
      t0: 1,
    });
    expect(shareOf(mixEndpoints({ own: endpoints('o', 1), target: endpoints('t', 1, 1, 1, 1, 1) }, 10))).toBe(10);
  });

  it('is kept to half a percent of itself for any numbers and weights', () => {
    const side = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 99 }), (own, target, share) => {
        const mixed = mixEndpoints({ own: endpoints('o', ...own), target: endpoints('t', ...target) }, share);
        expect(Math.abs(shareOf(mixed) - share)).toBeLessThanOrEqual(0.5);
        for (const one of mixed) expect(Number.isInteger(one.endpoint.weight)).toBe(true);
      }),
    );
  });

  it('counts those that can take requests', () => {
    const own = [...endpoints('o', 1, 1), endpoint('sick', 1, 'unhealthy')];
    expect(shareOf(mixEndpoints({ own, target: endpoints('t', 1) }, 50))).toBe(50);
  });

  it('keeps the proportions of the weights within a side', () => {
    const mixed = weights(mixEndpoints({ own: endpoints('o', 2, 6), target: endpoints('t', 1) }, 50));
    expect(mixed).toEqual({ o0: 1, o1: 3, t0: 4 });
  });
});

describe('a side with nobody healthy', () => {
  const sick = [endpoint('t', 1, 'unhealthy')];

  it('leaves all to the other one', () => {
    const own = endpoints('o', 1, 2);
    for (const target of [[], sick]) expect(mixEndpoints({ own, target }, 100)).toEqual(own);
    const target = endpoints('t', 3);
    expect(weights(mixEndpoints({ own: sick, target }, 1))).toEqual({ t0: 3 });
  });
});

it('an endpoint that stands on both sides is one of the new', () => {
  const mixed = mixEndpoints({ own: endpoints('x', 1, 1), target: endpoints('x', 1) }, 10);
  expect(weights(mixed)).toEqual({ x0: 1, x1: 9 });
  expect(mixed.map(({ endpoint: { labels } }) => labels[migrationLabel])).toEqual(['from', 'to']);
});

it('all or nothing leaves the other side out', () => {
  const sides = { own: endpoints('o', 5), target: endpoints('t', 7) };
  expect(mixEndpoints(sides, 0)).toEqual(sides.own);
  expect(weights(mixEndpoints(sides, 100))).toEqual({ t0: 7 });
});
