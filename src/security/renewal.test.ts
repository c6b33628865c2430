import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SettableClock } from '../model/test-clock.ts';
import { type Life, RenewalSchedule, renewalTime } from './renewal.ts';
import { day, hour } from './security-fixture.ts';

const start = Date.UTC(2026, 10, 21);
const minute = 60_000;

/** An authority whose answers are given by hand. */
class Desk {
  readonly clock = new SettableClock(start);
  readonly asked: { key: string; at: number }[] = [];
  changes = 0;
  /** Why nothing is issued; undefined: it is. */
  outage: Error | undefined;
  /** When set, answers wait for `answer`. */
  holds = false;
  readonly #waiting: (() => void)[] = [];
  readonly schedule: RenewalSchedule;

  constructor(random = 0.5) {
    this.schedule = new RenewalSchedule({
      clock: this.clock,
      random: () => random,
      renew: (key) => this.#issue(key),
      objectOf: (name) => ({ kind: 'WorkloadCertificate', name }),
      findingsChanged: () => this.changes++,
    });
  }

  life(length = day): Life {
    return { notBefore: this.clock.now(), notAfter: this.clock.now() + length };
  }

  async #issue(key: string): Promise<Life> {
    this.asked.push({ key, at: this.clock.now() });
    if (this.holds) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.outage !== undefined) throw this.outage;
    return this.life();
  }

  async answer(): Promise<void> {
    for (const go of this.#waiting.splice(0)) go();
    await settled();
  }

  /** Lets time pass as it does: timers run, and promises between them. */
  async pass(ms: number, stepMs = 10_000): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(stepMs, left));
      await settled();
    }
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
}

describe('a renewal', () => {
  it('comes at a random moment between 50 and 80 % of a life', () => {
    const life = { notBefore: 1000, notAfter: 2000 };
    expect([renewalTime(life, 0), renewalTime(life, 0.5), renewalTime(life, 1)]).toEqual([1500, 1650, 1800]);
  });

  it('comes once a life, and again in the next', async () => {
    const desk = new Desk();
    desk.schedule.keep('a', desk.life());
    await desk.pass(0.65 * day - minute, minute);
    expect(desk.asked).toEqual([]);
    await desk.pass(minute);
    expect(desk.asked).toEqual([{ key: 'a', at: start + 0.65 * day }]);
    await desk.pass(0.65 * day, minute);
    expect(desk.asked.length).toBe(2);
  });

  it('that fails is tried again after growing pauses, and is told of', async () => {
    const desk = new Desk();
    desk.schedule.keep('a', desk.life());
    desk.outage = new Error('no route to host');
    await desk.pass(0.65 * day + 20 * minute, 1000);
    const pauses = desk.asked.slice(1).map(({ at }, n) => (at - (desk.asked[n]?.at ?? 0)) / 1000);
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    expect(desk.schedule.findings()).toMatchObject([
      { code: 'ISTH1207', object: { name: 'a' }, message: /expires at 2026-11-22T00:00:00.000Z.*no route to host/ },
    ]);
    desk.outage = undefined;
    await desk.pass(6 * minute);
    expect(desk.schedule.findings()).toEqual([]);
    expect(desk.changes).toBe(desk.asked.length);
  });

  it('that fails to the end leaves no certificate that ended in silence', async () => {
    const desk = new Desk();
    desk.schedule.keep('a', desk.life(hour));
    desk.outage = new Error('sealed');
    await desk.pass(hour);
    expect(desk.schedule.findings()).toMatchObject([{ code: 'ISTH1208', message: /sealed/ }]);
    desk.outage = undefined;
    await desk.pass(6 * minute);
    expect(desk.schedule.findings()).toEqual([]);
  });

  it('waits for its turn where many are due, those that end first before others', async () => {
    const desk = new Desk();
    desk.holds = true;
    for (let n = 0; n < 10; n++) desk.schedule.keep(`w${n}`, desk.life(day - n * minute));
    desk.clock.set(start + 0.9 * day);
    await desk.pass(30_000);
    const keys = () => desk.asked.map(({ key }) => key);
    expect(keys()).toEqual(['w9', 'w8', 'w7', 'w6']);
    await desk.answer();
    await desk.pass(1);
    expect(keys().slice(4)).toEqual(['w5', 'w4', 'w3', 'w2']);
    await desk.answer();
    await desk.pass(1);
    expect(keys().slice(8)).toEqual(['w1', 'w0']);
    await desk.answer();
    await desk.pass(hour);
    expect(keys().length).toBe(10);
  });

  it('is not brought about by a clock that is set back, and comes when the clock says so', async () => {
    const desk = new Desk();
    desk.schedule.keep('a', { notBefore: start - 5 * minute, notAfter: start + day - 5 * minute });
    await desk.pass(hour, minute);
    desk.clock.set(start);
    await desk.pass(0.65 * day - 10 * minute, minute);
    expect(desk.asked).toEqual([]);
    await desk.pass(10 * minute);
    expect(desk.asked.length).toBe(1);
  });

  it('comes at once, and once, where the clock was set back before the certificate begins', async () => {
    const desk = new Desk();
    desk.schedule.keep('a', desk.life());
    desk.clock.set(start - 30 * day);
    await desk.pass(minute);
    expect(desk.asked.length).toBe(1);
    await desk.pass(hour, minute);
    expect(desk.asked.length).toBe(1);
  });

  it('that failed is tried again soon where the clock is set back', async () => {
    const desk = new Desk();
    desk.schedule.keep('a', { notBefore: start - day, notAfter: start + day });
    desk.outage = new Error('down');
    await desk.pass(10 * hour, minute);
    desk.clock.set(start + 9 * hour);
    const before = desk.asked.length;
    desk.outage = undefined;
    await desk.pass(minute);
    expect(desk.asked.length).toBe(before + 1);
  });

  it('that failed while the clock was wrong is forgotten where that is right again', async () => {
    const desk = new Desk();
    desk.schedule.keep('a', desk.life());
    desk.outage = new Error('not valid yet');
    desk.clock.set(start - day);
    await desk.pass(minute);
    expect(desk.schedule.findings()).toMatchObject([{ code: 'ISTH1207' }]);
    const [tries, changes] = [desk.asked.length, desk.changes];
    desk.clock.set(start + hour);
    await desk.pass(minute);
    expect([desk.schedule.findings(), desk.asked.length]).toEqual([[], tries]);
    expect(desk.changes).toBeGreaterThan(changes);
  });

  it('comes soon after the clock was set forwards past its time', async () => {
    const desk = new Desk();
    desk.schedule.keep('a', desk.life());
    desk.clock.set(start + 10 * day);
    await desk.pass(30_000);
    expect(desk.asked.length).toBe(1);
  });

  it('can be hastened, for one or for all', async () => {
    const desk = new Desk();
    for (const key of ['a', 'b']) desk.schedule.keep(key, desk.life());
    desk.schedule.hasten(0, 'a');
    await desk.pass(1);
    expect(desk.asked.map(({ key }) => key)).toEqual(['a']);
    desk.schedule.hasten(10 * minute);
    await desk.pass(4 * minute);
    expect(desk.asked.length).toBe(1);
    await desk.pass(2 * minute);
    expect(desk.asked.map(({ key }) => key)).toEqual(['a', 'a', 'b']);
  });

  it('of what was forgotten or closed does not come', async () => {
    const desk = new Desk();
    desk.schedule.keep('a', desk.life());
    desk.schedule.keep('b', desk.life());
    desk.schedule.forget('a');
    await desk.pass(0.7 * day, minute);
    expect(desk.asked.map(({ key }) => key)).toEqual(['b']);
    desk.schedule.close();
    await desk.pass(day, minute);
    expect(desk.asked.length).toBe(1);
  });

  it('keeps every certificate alive whatever the clock does, without more than a renewal for each step and life', async () => {
    const move = fc.oneof(
      fc.record({ pass: fc.integer({ min: minute, max: 6 * hour }) }),
      fc.record({ jump: fc.integer({ min: -3 * day, max: 3 * day }) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { maxLength: 12 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        async (moves, random) => {
          const desk = new Desk(random);
          for (const key of ['a', 'b', 'c']) desk.schedule.keep(key, desk.life());
          let passed = 0;
          let jumps = 0;
          for (const step of moves) {
            if ('jump' in step) {
              jumps++;
              desk.clock.set(desk.clock.now() + step.jump);
            } else passed += step.pass;
            await desk.pass('pass' in step ? step.pass : minute, minute);
            expect(desk.schedule.findings()).toEqual([]);
          }
          expect(desk.asked.length).toBeLessThanOrEqual(3 * (jumps + Math.ceil((passed + jumps * minute) / (day / 2))));
        },
      ),
      { numRuns: 40 },
    );
  });
});
