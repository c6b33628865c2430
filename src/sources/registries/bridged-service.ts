/**
 * One registered service through time: what is in force, what the registry says now, and what is held against it. Instances
 * that vanish in numbers stay until the hold time is over, the registry takes it back, or somebody releases them.
 */

import { HighWater } from '../../model/high-water.ts';
import {
  type FirstPort,
  namingKeys,
  type RegisteredService,
  type RegistryInstance,
  type RegistryService,
  registeredServiceKey,
  registryPortId,
} from '../../model/registry.ts';
import type { RegistrySafetySpec } from '../../resources/kinds.ts';

export class BridgedService {
  #current: RegisteredService;
  readonly #safety: RegistrySafetySpec;
  readonly #highWater: HighWater;
  /** What the registry said last, where that is not in force. */
  #held: { readonly service: RegistryService; readonly since: number } | undefined;
  /** Since when the registry has had no such service. */
  missingSince: number | undefined;
  /** Since when it had been missing, until its instances are said again. */
  #missedSince: number | undefined;

  /** `current`: from the record of an earlier run. */
  constructor(current: RegisteredService, safety: RegistrySafetySpec, now: number) {
    this.#current = current;
    this.#safety = safety;
    this.#highWater = new HighWater(current.instances.length, now);
  }

  get current(): RegisteredService {
    return this.#current;
  }

  get held(): { readonly instances: number; readonly since: number } | undefined {
    const held = this.#held;
    return held === undefined
      ? undefined
      : { instances: this.#current.instances.length - held.service.instances.length, since: held.since };
  }

  /** Ids of the instances that would go: all, where the registry has no such service. */
  get lost(): readonly string[] {
    const said = new Set(this.missingSince === undefined ? this.#held?.service.instances.map(({ id }) => id) : []);
    return this.#current.instances.map(({ id }) => id).filter((id) => !said.has(id));
  }

  /** The registry said all that there is to say of the service. */
  replace(service: RegistryService, now: number): void {
    this.found();
    const since = this.#held?.since ?? this.#missedSince;
    this.#missedSince = undefined;
    const all = merged(this.#current, service);
    const lacksNone = all.instances.length === service.instances.length;
    if (lacksNone || !this.#isLoss(service, since !== undefined)) {
      this.#apply(service, now);
      return;
    }
    this.#held = { service, since: since ?? now };
    this.#take(all);
  }

  /** Of a loss that was too great none is believed since a part came back: the rest is about to. */
  #isLoss({ instances }: RegistryService, isDoubtful: boolean): boolean {
    const { maxLostInstances } = this.#safety;
    const tolerated = isDoubtful && maxLostInstances < 100 ? 0 : maxLostInstances;
    return this.#highWater.isTooLow(instances.length, tolerated);
  }

  /** What the registry said is true, and not all. */
  add(service: RegistryService): void {
    this.found();
    this.#take(merged(this.#current, service));
  }

  /** The registry lists it. */
  found(): void {
    this.#missedSince = this.missingSince ?? this.#missedSince;
    this.missingSince = undefined;
  }

  get isDoubtful(): boolean {
    return this.#held !== undefined || this.missingSince !== undefined;
  }

  /**
   * For how many milliseconds it has to be absent before it goes. With instances that were there until then, it lost all of
   * them at once.
   */
  get absenceMs(): number {
    const { grace, hold, maxLostInstances } = this.#safety;
    const isLoss = this.#current.instances.length > 0 && maxLostInstances < 100;
    return isLoss ? Math.max(grace, hold) : grace;
  }

  /** Carries out what has been held for long enough. */
  settle(now: number): void {
    if (this.#held !== undefined && now - this.#held.since >= this.#safety.hold) this.release(now);
  }

  /** When there will be something to settle. */
  get due(): number | undefined {
    return this.#held === undefined ? undefined : this.#held.since + this.#safety.hold;
  }

  release(now: number): void {
    if (this.#held !== undefined) this.#apply(this.#held.service, now, true);
  }

  /** The registry was lost: what it said before it went is no reason to remove anything, and time does not count. */
  forgetDoubts(): void {
    this.#held = undefined;
    this.missingSince = undefined;
    this.#missedSince = undefined;
  }

  #apply(service: RegistryService, now: number, isReleased = false): void {
    this.#held = undefined;
    this.#highWater.note(service.instances.length, now, isReleased ? 0 : this.#safety.hold);
    this.#take(service);
  }

  #take(service: RegistryService): void {
    const { key, registry, since, firstPorts, firstNames } = this.#current;
    this.#current = { ...service, key, registry, since, ...withFirst({ firstPorts, firstNames }, service.instances) };
  }
}

export function newlyRegistered(registry: string, service: RegistryService, now: number): RegisteredService {
  return {
    ...service,
    key: registeredServiceKey(registry, service),
    registry,
    since: now,
    ...withFirst({ firstPorts: {}, firstNames: undefined }, service.instances),
  };
}

type First = Pick<RegisteredService, 'firstPorts' | 'firstNames'>;

function withFirst(
  { firstPorts, firstNames }: { readonly [K in keyof First]-?: First[K] | undefined },
  instances: readonly RegistryInstance[],
): First {
  const names = withFirstNames(firstNames, instances);
  return {
    firstPorts: withFirstPorts(firstPorts ?? {}, instances),
    ...(names === undefined ? {} : { firstNames: names }),
  };
}

/** Of what instances say, the first by their ids. It stays: a host that changed its name would lose its address. */
function withFirstNames(
  known: RegisteredService['firstNames'],
  instances: readonly RegistryInstance[],
): RegisteredService['firstNames'] {
  const fresh = namingKeys.flatMap((key) => {
    if (known?.[key] !== undefined) return [];
    const value = instances.map(({ metadata }) => metadata[key]).find((one) => one !== undefined && one !== '');
    return value === undefined ? [] : [[key, value] as const];
  });
  return fresh.length === 0 ? known : { ...known, ...Object.fromEntries(fresh) };
}

/** Instances of `current` that `service` lacks stay; of the others, what it says counts. */
function merged(current: RegistryService, service: RegistryService): RegistryService {
  const said = new Set(service.instances.map(({ id }) => id));
  const kept = current.instances.filter(({ id }) => !said.has(id));
  return { ...service, instances: [...service.instances, ...kept].toSorted(byId) };
}

export function byId(a: RegistryInstance, b: RegistryInstance): number {
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

/** The number that most instances have when a port is first seen; of equally many, the smallest. It stays. */
function withFirstPorts(
  known: Readonly<Record<string, FirstPort>>,
  instances: readonly RegistryInstance[],
): Readonly<Record<string, FirstPort>> {
  const counts = new Map<string, Map<number, number>>();
  const protocols = new Map<string, string>();
  for (const { ports } of instances) {
    for (const port of ports) {
      const id = registryPortId(port);
      if (Object.hasOwn(known, id)) continue;
      const numbers = counts.get(id) ?? new Map<number, number>();
      counts.set(id, numbers.set(port.number, (numbers.get(port.number) ?? 0) + 1));
      protocols.set(id, protocols.get(id) ?? port.protocol);
    }
  }
  if (counts.size === 0) return known;
  const first = [...counts].map(([id, numbers]) => {
    const [best] = [...numbers].sort(([a, countA], [b, countB]) => countB - countA || a - b);
    return [id, { number: best?.[0] ?? 0, protocol: protocols.get(id) ?? '' }] as const;
  });
  return Object.fromEntries([...Object.entries(known), ...first].sort(([a], [b]) => (a < b ? -1 : 1)));
}
