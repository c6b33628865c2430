import { describe, expect, it } from 'vitest';
import type { ProxyNode } from '../model/proxy.ts';
import { proxyNode } from '../model/proxy-fixture.ts';
import { noTraffic, type TrafficReport } from '../model/traffic.ts';
import { TrafficWindow } from './traffic-window.ts';

const proxy = (id: string, identity = 'spiffe://mesh/ns/shop/sa/web'): ProxyNode => proxyNode(id, { identity });
const report = (successes: number, from = proxy('a'), cluster = 'inbound|80||'): TrafficReport => ({
  proxy: from,
  clusters: new Map([[cluster, { ...noTraffic, successes }]]),
});

function window() {
  const clock = { time: 0, now: () => clock.time };
  const opened = new TrafficWindow(clock);
  const successes = () =>
    opened
      .reports()
      .map(({ proxy: { id }, clusters }) => [id, [...clusters].map(([name, one]) => [name, one.successes])]);
  return { clock, opened, successes };
}

describe('what proxies counted of late', () => {
  it('is the sum of what they reported in half a minute, and no more', () => {
    const { clock, opened, successes } = window();
    for (const [time, count] of [
      [0, 1],
      [10_000, 10],
      [20_000, 100],
      [30_500, 1000],
    ] as const) {
      clock.time = time;
      opened.take(report(count));
    }
    expect(successes()).toEqual([['a', [['inbound|80||', 1110]]]]);
    clock.time = 45_000;
    expect(successes()).toEqual([['a', [['inbound|80||', 1100]]]]);
  });

  it('forgets a proxy that is gone', () => {
    const { clock, opened, successes } = window();
    opened.take(report(5));
    clock.time = 29_999;
    expect(successes()).toHaveLength(1);
    clock.time = 30_000;
    expect(successes()).toEqual([]);
  });

  it('keeps proxies apart, also those that call themselves the same', () => {
    const { opened, successes } = window();
    opened.take(report(1, proxy('b')));
    opened.take(report(2, proxy('a')));
    opened.take(report(3, proxy('a', 'spiffe://mesh/ns/shop/sa/other')));
    expect(successes()).toEqual([
      ['a', [['inbound|80||', 3]]],
      ['a', [['inbound|80||', 2]]],
      ['b', [['inbound|80||', 1]]],
    ]);
  });

  it('adds up what comes in quick succession, of each cluster', () => {
    const { clock, opened, successes } = window();
    for (let at = 0; at < 900; at++) {
      clock.time = at;
      opened.take(report(1, proxy('a'), at % 2 === 0 ? 'inbound|80||' : 'inbound|81||'));
    }
    expect(successes()).toEqual([
      [
        'a',
        [
          ['inbound|80||', 450],
          ['inbound|81||', 450],
        ],
      ],
    ]);
  });
});
