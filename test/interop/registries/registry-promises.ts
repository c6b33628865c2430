/**
 * What every registry promises to those who bridge it, however it is followed. The suite of a registry calls
 * `testRegistryPromises` where it has a server and a bridge, and says how that server is harmed; what it alone can do, or
 * cannot, it tests itself. A registry that is added gets all of these by that call.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { ServiceRegistry } from '../../../src/resources/kinds.ts';
import { testRegistry } from '../../../src/resources/service-registry-fixture.ts';
import { type BridgedRegistry, graceMs, holdMs } from './bridged-registry.ts';

/** Addresses of instances, by the name of their service. */
export type Shown = Readonly<Record<string, readonly string[]>>;

type Spec = Partial<ServiceRegistry['spec']>;

export interface HarmedServer {
  kill(): Promise<void>;
  /** With what it keeps. */
  restart(): Promise<void>;
  restartEmpty(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

export interface RegistryUnderTest {
  /** Live when a test begins, and showing all that is registered then. */
  readonly bridged: () => BridgedRegistry;
  readonly shown: Shown;
  /** Another bridge of the same server, which begins with what is in force in that one. */
  readonly open: (known: BridgedRegistry, spec: Spec) => BridgedRegistry;
  readonly server: () => HarmedServer;
  /** Brings a server that was started again to what it had, for servers that do not keep it: as its publishers do. */
  readonly recover?: () => Promise<void>;
  /** With a server that has nothing. */
  readonly registerAll: () => Promise<void>;
  /** The server is told again what it has, or what is none of ours. */
  readonly repeat: () => Promise<void>;
  /** One more instance: how it comes and goes, and what is shown while it is there. */
  readonly add: () => Promise<void>;
  readonly remove: () => Promise<void>;
  readonly shownWithIt: Shown;
  /** For so long after it was lost, a server that is there is not believed to lack anything, in milliseconds. */
  readonly settleMs?: number;
  /** Resolves when the bridge tells that the server has nothing; without it, when deletions are held. */
  readonly foundEmpty?: (bridged: BridgedRegistry) => Promise<void>;
  /**
   * Takes most instances of a service away in one step, for registries that have such steps. Gives what was shown before
   * by the one that follows it, and what is left.
   */
  readonly loseMost?: (followed: BridgedRegistry) => Promise<{ readonly before: Shown; readonly left: Shown }>;
}

/** Within a describe of the registry. */
export function testRegistryPromises(registry: RegistryUnderTest): void {
  testSilence(registry);
  testOutages(registry);
  testLosses(registry);
}

/** What was on its way when a test began has come by then. */
const calmMs = 1_000;
/** Several polls, or a probe of each kind. */
const quietMs = 2_500;
/** Losses are held for longer than the slowest server takes to know all again. */
export const longHold = { ...testRegistry().spec.safety, grace: graceMs, hold: 60_000 };

function testSilence({ bridged, shownWithIt, shown, repeat, add, remove }: RegistryUnderTest): void {
  it('that says nothing new changes nothing, and one change is one change', async () => {
    await sleep(calmMs);
    const { changes } = bridged();
    await repeat();
    await sleep(quietMs);
    expect(bridged().history.slice(changes)).toEqual([]);
    await bridged().untilState('live');
    await expect.poll(() => bridged().codes).toEqual([]);
    await add();
    try {
      await bridged().untilShown(shownWithIt);
      expect(bridged().changes).toBe(changes + 1);
    } finally {
      await remove();
    }
    await bridged().untilShown(shown);
  });
}

function testOutages(registry: RegistryUnderTest): void {
  const { bridged, shown, open, server, recover, add, remove, shownWithIt, settleMs = 0 } = registry;
  const restart = async (): Promise<void> => {
    await server().restart();
    await recover?.();
  };

  it('that is killed, and comes back, loses nothing, and is followed on', async () => {
    const patient = open(bridged(), { safety: longHold });
    try {
      await patient.untilState('live');
      const { changes } = patient;
      await server().kill();
      await patient.untilState('stale');
      await sleep(graceMs + holdMs);
      expect(bridged().shown).toEqual(shown);
      await restart();
      await patient.untilState('live');
      await sleep(settleMs + graceMs + 500);
      // Counted from when it has found the server again, which may be later than that it is believed to be there.
      await expect.poll(() => patient.codes, { timeout: settleMs + 30_000 }).toEqual([]);
      expect(patient.shown).toEqual(shown);
      expect(patient.history.slice(changes)).toEqual([]);
      await add();
      try {
        await patient.untilShown(shownWithIt);
      } finally {
        await remove();
      }
      await patient.untilShown(shown);
    } finally {
      await patient.close();
    }
  });

  it('that cannot be reached at the start is served from what it said before', async () => {
    await server().kill();
    const late = open(bridged(), {});
    try {
      await late.untilState('stale');
      expect(late.shown).toEqual(shown);
      await expect.poll(() => late.codes).toEqual(['ISTH1003', 'ISTH1010']);
    } finally {
      await late.close();
      await restart();
    }
  });

  it('that freezes is not believed to be empty', async () => {
    const { changes } = bridged();
    server().freeze();
    try {
      await bridged().untilState('stale');
      await sleep(settleMs + graceMs);
      expect(bridged().shown).toEqual(shown);
    } finally {
      server().thaw();
    }
    await bridged().untilState('live');
    await sleep(settleMs + graceMs);
    expect(bridged().shown).toEqual(shown);
    expect(bridged().history.slice(changes)).toEqual([]);
    await expect.poll(() => bridged().codes).toEqual([]);
  });
}

function testLosses(registry: RegistryUnderTest): void {
  const { bridged, shown, open, server, registerAll, loseMost } = registry;
  const areHeld = async (one: BridgedRegistry): Promise<void> => {
    await expect.poll(() => one.codes).toContain('ISTH1005');
  };
  const { foundEmpty = areHeld } = registry;

  it('that comes back empty keeps all, and says so, until it is registered again', async () => {
    const patient = open(bridged(), { safety: longHold });
    try {
      await patient.untilState('live');
      await sleep(calmMs);
      const { changes } = patient;
      await server().restartEmpty();
      await foundEmpty(patient);
      expect(patient.shown).toEqual(shown);
      await registerAll();
      await expect.poll(() => patient.codes).toEqual([]);
      await patient.untilState('live');
      expect(patient.shown).toEqual(shown);
      expect(patient.history.slice(changes)).toEqual([]);
    } finally {
      await patient.close();
    }
  });

  if (loseMost === undefined) return;
  it('that loses most instances of a service at once has them held, and released by hand', async () => {
    const patient = open(bridged(), { safety: longHold });
    try {
      await patient.untilState('live');
      const { before, left } = await loseMost(patient);
      await areHeld(patient);
      expect(patient.shown).toEqual(before);
      expect(patient.release()).toHaveLength(1);
      await patient.untilShown(left);
    } finally {
      await patient.close();
    }
  });
}
