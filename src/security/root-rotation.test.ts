import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beginRotation,
  type RootRotation,
  type RotationFacts,
  type RotationStep,
  rotationSteps,
  type StepResult,
  takeStep,
  trustedRoots,
} from './root-rotation.ts';

const day = 24 * 3_600_000;
const start: RootRotation = { phase: 'single', signing: 'old' };
const facts = (now: number, changes: Partial<RotationFacts> = {}): RotationFacts => ({
  now,
  signingLeavesUntil: now + day,
  untrusting: [],
  settleMs: 60_000,
  ...changes,
});

function resultOf(result: StepResult): RootRotation {
  if (result.kind !== 'done') throw new Error(result.reason);
  return result.rotation;
}

const introduced = resultOf(beginRotation(start, 'new', 0));
const switched = resultOf(takeStep(introduced, 'switch', facts(60_000)));

describe('a rotation of roots', () => {
  it('trusts both before the new one signs, and until the leaves of the old one have ended', () => {
    expect([introduced.signing, trustedRoots(introduced)]).toEqual(['old', ['old', 'new']]);
    expect([switched.signing, trustedRoots(switched)]).toEqual(['new', ['new', 'old']]);
    const over = resultOf(takeStep(switched, 'finish', facts(60_000 + day)));
    expect(over).toEqual({ phase: 'single', signing: 'new' });
  });

  it('does not sign with the new root while a proxy does not trust it, unless forced', () => {
    const lacking = facts(day, { untrusting: ['cart-1', 'cart-2'] });
    const reason = '2 proxies do not trust the new root yet: cart-1, cart-2';
    expect(takeStep(introduced, 'switch', lacking)).toEqual({ kind: 'unsafe', reason });
    expect(takeStep(introduced, 'switch', lacking, { force: true })).toMatchObject({ kind: 'done' });
  });

  it('names the first of many who do not trust the new root, and counts the others', () => {
    const untrusting = Array.from({ length: 12 }, (_, at) => `p${at}`);
    expect(takeStep(introduced, 'switch', facts(day, { untrusting }))).toMatchObject({
      reason: expect.stringMatching(/^12 proxies .*: p0, .*, p9 and 2 more$/),
    });
  });

  it('gives proxies of which nothing is known time to learn of the new root', () => {
    expect(takeStep(introduced, 'switch', facts(59_999))).toMatchObject({ kind: 'unsafe' });
    expect(takeStep(introduced, 'switch', facts(60_000))).toMatchObject({ kind: 'done' });
  });

  it('does not let the old root go while leaves of it may be alive, unless forced', () => {
    const early = facts(60_000 + day - 1);
    expect(takeStep(switched, 'finish', early)).toEqual({
      kind: 'unsafe',
      reason: 'certificates of the old root may be alive until 1970-01-02T00:01:00.000Z',
    });
    expect(takeStep(switched, 'finish', early, { force: true })).toMatchObject({ kind: 'done' });
  });

  it('can be called off before the new root signs, as if it had not been', () => {
    expect(resultOf(takeStep(introduced, 'abort', facts(1)))).toEqual(start);
  });

  it('can be rolled back after the new root has signed, which then stays trusted for its leaves', () => {
    const back = resultOf(takeStep(switched, 'abort', facts(70_000)));
    expect([back.signing, trustedRoots(back)]).toEqual(['old', ['old', 'new']]);
    expect(takeStep(back, 'abort', facts(70_000 + day - 1))).toMatchObject({ kind: 'unsafe' });
    expect(resultOf(takeStep(back, 'abort', facts(70_000 + day)))).toEqual(start);
  });

  it.each<[string, RootRotation, RotationStep]>([
    ['switched to before it began', start, 'switch'],
    ['finished before it began', start, 'finish'],
    ['aborted before it began', start, 'abort'],
    ['finished before the new root signs', introduced, 'finish'],
    ['switched to twice', switched, 'switch'],
  ])('cannot be %s, even by force', (_, rotation, step) => {
    expect(takeStep(rotation, step, facts(10 * day), { force: true })).toMatchObject({ kind: 'impossible' });
  });

  it('does not begin while another is under way', () => {
    expect(beginRotation(introduced, 'third', 0)).toMatchObject({ kind: 'impossible' });
    expect(beginRotation(switched, 'third', 0)).toMatchObject({ kind: 'impossible' });
  });

  it('never takes trust from a root with a leaf that is alive, nor signs with one that is not trusted, whatever is tried', () => {
    const action = fc.oneof(
      fc.constant('begin' as const),
      fc.constant('issue' as const),
      fc.constantFrom(...rotationSteps),
    );
    const moment = fc.record({
      action,
      pass: fc.oneof(fc.nat(120_000), fc.nat(day)),
      life: fc.integer({ min: 1, max: day }),
    });
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 60 }), (moments) => {
        let rotation: RootRotation = start;
        let now = 0;
        let made = 0;
        const leaves: { root: string; until: number }[] = [];
        for (const { action: chosen, pass, life } of moments) {
          now += pass;
          if (chosen === 'issue') leaves.push({ root: rotation.signing, until: now + life });
          else {
            const result: StepResult =
              chosen === 'begin'
                ? beginRotation(rotation, `root-${++made}`, now)
                : takeStep(rotation, chosen, facts(now));
            if (result.kind === 'done') rotation = result.rotation;
          }
          const trusted = trustedRoots(rotation);
          expect(trusted).toContain(rotation.signing);
          for (const { root, until } of leaves) if (until > now) expect(trusted).toContain(root);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('can always be brought to its end, and always be called off', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...rotationSteps), { maxLength: 20 }), (steps) => {
        let now = 0;
        let rotation: RootRotation = introduced;
        for (const step of steps) {
          now += 2 * day;
          const result = takeStep(rotation, step, facts(now));
          if (result.kind === 'done') rotation = result.rotation;
          if (rotation.phase === 'single') return;
        }
        const goOn = (step: RotationStep, from: RootRotation): RootRotation => {
          now += 2 * day;
          return resultOf(takeStep(from, step, facts(now)));
        };
        const end = goOn('finish', rotation.phase === 'introduced' ? goOn('switch', rotation) : rotation);
        expect(end.phase).toBe('single');
        const off = goOn('abort', rotation.phase === 'switched' ? goOn('abort', rotation) : rotation);
        expect(off.phase).toBe('single');
      }),
    );
  });
});
