/**
 * The services of a registry that are in force, and what is to become of those that it lost: a few go after a while, many at
 * once are held, and none goes that is out of sight.
 *
 *   missed, held --time--> gone, unless too many at once --hold--> gone
 */
import type { Clock } from '../../model/clock.ts';
import { HighWater } from '../../model/high-water.ts';
import type { HeldDeletion, RegisteredService } from '../../model/registry.ts';
import type { RegistrySafetySpec } from '../../resources/kinds.ts';
import { BridgedService } from './bridged-service.ts';
import type { HeededReleases, Loss } from './heeded-releases.ts';

export interface ServicesInForceOptions {
  /** From the records of an earlier run. */
  readonly known: Iterable<RegisteredService>;
  readonly safety: RegistrySafetySpec;
  readonly clock: Clock;
  /** What somebody let go, here or at another replica. */
  readonly releases: HeededReleases;
  /** Whether what is missing in a namespace, or anywhere (''), is missing indeed. */
  readonly isClear: (namespace: string) => boolean;
  /** A service is not as it was, or went. */
  readonly onChange: (key: string) => void;
  readonly onGone: (key: string) => void;
  /** There is room for others. */
  readonly onRoom: (now: number) => void;
  /** It is time to settle. */
  readonly onDue: () => void;
}

export class ServicesInForce {
  readonly #options: ServicesInForceOptions;
  readonly #services = new Map<string, BridgedService>();
  /** Keys of services that are missing, or of which something is held: few, so that time costs nothing for the others. */
  readonly #doubtful = new Set<string>();
  readonly #highWater: HighWater;
  /** Services that would go and are too many. */
  #heldSince: number | undefined;
  #cancelTimer: () => void = () => {};

  constructor(options: ServicesInForceOptions) {
    this.#options = options;
    const { known, safety, clock } = options;
    const now = clock.now();
    for (const service of known) this.#services.set(service.key, new BridgedService(service, safety, now));
    this.#highWater = new HighWater(this.#services.size, now);
  }

  get size(): number {
    return this.#services.size;
  }

  get(key: string): BridgedService | undefined {
    return this.#services.get(key);
  }

  /** With their keys, in no order. */
  [Symbol.iterator](): IterableIterator<[string, BridgedService]> {
    return this.#services.entries();
  }

  add(service: RegisteredService, now: number): void {
    const { safety } = this.#options;
    this.#services.set(service.key, new BridgedService(service, safety, now));
    this.#highWater.note(this.#services.size, now, safety.hold);
  }

  /** The registry has no such service, as it says. */
  miss(key: string, now: number): void {
    const service = this.#services.get(key);
    if (service === undefined) return;
    service.missingSince ??= now;
    this.#doubtful.add(key);
  }

  /** Something of the service is held. */
  doubt(key: string): void {
    this.#doubtful.add(key);
  }

  /** A scope, or all (''), was lost: what it said before is no reason to remove anything. */
  forgetDoubts(scope: string): void {
    for (const key of this.#doubtful) {
      const service = this.#services.get(key);
      if (service !== undefined && scope !== '' && scope !== service.current.namespace) continue;
      service?.forgetDoubts();
      this.#doubtful.delete(key);
    }
    if (scope === '') this.#heldSince = undefined;
  }

  /** Carries out what is due, where it can be seen. */
  settle(now: number): void {
    this.#cancelTimer();
    if (!this.#options.isClear('')) return;
    const { grace, hold, maxLostServices } = this.#options.safety;
    this.#letGo([...this.#seenDoubted()], now);
    const gone: string[] = [];
    const due: string[] = [];
    for (const [key, service] of this.#seenDoubted()) {
      const before = service.current;
      service.settle(now);
      if (service.current !== before) this.#options.onChange(key);
      const absentFor = service.missingSince === undefined ? -1 : now - service.missingSince;
      if (absentFor >= grace) gone.push(key);
      if (absentFor >= service.absenceMs) due.push(key);
      if (absentFor < 0 && !service.isDoubtful) this.#doubtful.delete(key);
    }
    const isTooMuch = this.#highWater.isTooLow(this.#services.size - gone.length, maxLostServices);
    if (gone.length === 0 || !isTooMuch) this.#heldSince = undefined;
    else this.#heldSince ??= now;
    if (this.#heldSince === undefined || now - this.#heldSince >= hold) this.#remove(due, now);
    this.#wait(now);
  }

  /** What would go if it were released, of one service, or of all. */
  losses(key: string | undefined): readonly Loss[] {
    return [...this.#doubted()]
      .filter(([own]) => key === undefined || own === key)
      .map(([, service]) => lossOf(service));
  }

  /** Carries out at once what is held and was released, be the registry in sight or not. Gives the keys of the services. */
  release(now: number): readonly string[] {
    return this.#letGo([...this.#doubted()], now);
  }

  #letGo(doubted: readonly (readonly [string, BridgedService])[], now: number): readonly string[] {
    const { releases, onChange } = this.#options;
    const released = doubted.filter(([, service]) => service.isDoubtful && releases.names(lossOf(service), now));
    for (const [key, service] of released) {
      releases.carriedOut(key);
      if (service.missingSince === undefined) service.release(now);
      else this.#forget(key);
      onChange(key);
    }
    if (released.length > 0) this.#highWater.note(this.#services.size, now, 0);
    return released.map(([key]) => key);
  }

  held(now: number): readonly HeldDeletion[] {
    const { grace } = this.#options.safety;
    const held: HeldDeletion[] = [];
    for (const [key, service] of this.#doubted()) {
      if (service.held !== undefined) held.push({ service: key, ...service.held });
      else if (service.missingSince !== undefined && now - service.missingSince >= grace)
        held.push({ service: key, since: service.missingSince });
    }
    return held;
  }

  close(): void {
    this.#cancelTimer();
  }

  #remove(keys: readonly string[], now: number): void {
    const isReleased = this.#heldSince !== undefined;
    this.#heldSince = undefined;
    for (const key of keys) {
      this.#forget(key);
      this.#options.onChange(key);
    }
    if (keys.length > 0) this.#options.onRoom(now);
    this.#highWater.note(this.#services.size, now, isReleased ? 0 : this.#options.safety.hold);
  }

  #forget(key: string): void {
    this.#services.delete(key);
    this.#doubtful.delete(key);
    this.#options.onGone(key);
  }

  /** Until something is due. */
  #wait(now: number): void {
    const { clock, safety, onDue } = this.#options;
    const { grace, hold } = safety;
    let due = this.#heldSince === undefined ? Infinity : this.#heldSince + hold;
    for (const [, service] of this.#seenDoubted()) {
      if (service.due !== undefined) due = Math.min(due, service.due);
      const { missingSince, absenceMs } = service;
      if (missingSince === undefined) continue;
      if (now < missingSince + grace) due = Math.min(due, missingSince + grace);
      else if (this.#heldSince === undefined) due = Math.min(due, missingSince + absenceMs);
    }
    if (due < Infinity) this.#cancelTimer = clock.after(Math.max(0, due - now), onDue);
  }

  *#doubted(): IterableIterator<readonly [string, BridgedService]> {
    for (const key of this.#doubtful) {
      const service = this.#services.get(key);
      if (service !== undefined) yield [key, service];
    }
  }

  /** Those of which what is missing is missing indeed. */
  *#seenDoubted(): IterableIterator<readonly [string, BridgedService]> {
    for (const doubted of this.#doubted()) if (this.#options.isClear(doubted[1].current.namespace)) yield doubted;
  }
}

function lossOf(service: BridgedService): Loss {
  const { current, missingSince, lost } = service;
  return { key: current.key, isAbsent: missingSince !== undefined, instances: lost };
}
