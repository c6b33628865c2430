/**
 * One registry and the mesh: takes the answers of its client, decides what of them is in force, and says so.
 *
 *   client --answers--> selection --> trust --> brake and grace --> registered services in force (a change at a time)
 *   records of earlier runs ------------------------^
 *
 * What never happens: a service or an instance that goes because the registry could not be seen, answered in part, came
 * back empty, or lost much at once; a registry that is in force beyond what its ServiceRegistry trusts it with.
 */
import { equal } from '../../collections/equality.ts';
import type { Clock } from '../../model/clock.ts';
import type { Finding } from '../../model/finding.ts';
import {
  type RegisteredService,
  type RegistryService,
  type RegistryState,
  type RegistryStatus,
  registeredServiceKey,
} from '../../model/registry.ts';
import type { ServiceRegistry } from '../../resources/kinds.ts';
import { newlyRegistered } from './bridged-service.ts';
import { canonical } from './canonical-service.ts';
import { ChangeOutlet } from './change-outlet.ts';
import type { Doubt } from './doubt.ts';
import { HeededReleases, type Loss } from './heeded-releases.ts';
import { doubtsOfNames, isTextName } from './name-guard.ts';
import { Reasons } from './reasons.ts';
import type { RegistryAnswer } from './registry-client.ts';
import { type Refusal, registryFindings } from './registry-findings.ts';
import { RegistrySight } from './registry-sight.ts';
import { isSelected, selectInstances } from './selection.ts';
import { ServicesInForce } from './services-in-force.ts';
import { type OwnAddresses, TrustPolicy } from './trust-policy.ts';

/** What became of a service; without one, it is gone. */
export interface RegistryChange {
  readonly key: string;
  readonly service: RegisteredService | undefined;
}

export interface RegistryBridgeOptions {
  readonly registry: ServiceRegistry;
  /** From the records of an earlier run. */
  readonly known: Iterable<RegisteredService>;
  /** When it was last seen whole in an earlier run; milliseconds since the epoch. */
  readonly knownAt?: number;
  readonly own: OwnAddresses;
  readonly clock: Clock;
  /** What somebody let go, here or at another replica. */
  readonly releases?: HeededReleases;
  /** Changes of what is in force; also called, with none, when only the status or the findings changed. */
  readonly onChange: (changes: readonly RegistryChange[]) => void;
}

export class RegistryBridge {
  readonly #options: RegistryBridgeOptions;
  readonly #trust: TrustPolicy;
  readonly #services: ServicesInForce;
  readonly #sight = new RegistrySight();
  readonly #outlet: ChangeOutlet;
  /** By key; '' for the registry as a whole. */
  readonly #refusals = new Reasons<Refusal>();
  /** Clients that ask the registry itself for a service, by its key. */
  readonly #callers = new Reasons<readonly string[]>();
  /** What was said of services beyond those that there may be, as many again. */
  readonly #turnedAway = new Map<string, ServiceAnswer>();
  #isClosed = false;
  /** What was reported last of the status: see #report. */
  #reported = '';

  constructor(options: RegistryBridgeOptions) {
    this.#options = options;
    const { registry, known, clock } = options;
    this.#trust = new TrustPolicy(registry.spec.trust, options.own);
    this.#outlet = new ChangeOutlet({
      maxPerMinute: registry.spec.trust.maxChanges,
      clock,
      instancesOf: (key) => this.#services.get(key)?.current.instances.length,
      onMore: () => this.#report(),
    });
    this.#services = new ServicesInForce({
      known: this.#trusted(known),
      safety: registry.spec.safety,
      clock,
      releases: options.releases ?? new HeededReleases(),
      isClear: (namespace) => this.#sight.isClear(namespace),
      onChange: (key) => this.#outlet.touch(key),
      onGone: (key) => this.#forget(key),
      onRoom: (now) => this.#admitTurnedAway(now),
      onDue: () => {
        this.#settle(clock.now());
        this.#report();
      },
    });
    for (const [key] of this.#services) this.#outlet.count(key);
  }

  /** What is selected or trusted no more goes by the will of who changed that. */
  *#trusted(known: Iterable<RegisteredService>): IterableIterator<RegisteredService> {
    for (const service of known) {
      if (!isSelected(this.#options.registry.spec.select, service)) continue;
      const { instances } = this.#admit(service.key, service);
      yield instances.length === service.instances.length ? service : { ...service, instances };
    }
  }

  /** Scopes of which a complete list has to come before the registry counts as seen. To be called before any answer. */
  expect(scopes: readonly string[]): void {
    this.#sight.expect(scopes);
  }

  /** Whether all of it was seen since the start. */
  get isSeen(): boolean {
    return this.#sight.isWhole;
  }

  /** Whether there is something to serve, from an earlier run or from now. */
  get hasServices(): boolean {
    return this.#services.size > 0;
  }

  /** In force; in no order. */
  *current(): IterableIterator<RegisteredService> {
    for (const [, { current }] of this.#services) yield current;
  }

  readonly accept = (answers: readonly RegistryAnswer[]): void => {
    if (this.#isClosed) return;
    const now = this.#options.clock.now();
    for (const answer of answers) this.#take(answer, now);
    this.#settle(now);
    this.#report();
  };

  /** What would go if it were released, of one service, or of all. */
  losses(key?: string): readonly Loss[] {
    return this.#services.losses(key);
  }

  /** Carries out what was released, where this replica sees the same. */
  heed(): void {
    this.#settle(this.#options.clock.now());
    this.#report();
  }

  /** As it is in force. */
  inForce(key: string): RegisteredService | undefined {
    return this.#services.get(key)?.current;
  }

  /** How long it holds what it holds, in milliseconds. */
  get holdMs(): number {
    return this.#options.registry.spec.safety.hold;
  }

  /** Carries out at once what is held and was released, though the registry is out of sight. Gives the keys of the services. */
  release(): readonly string[] {
    const now = this.#options.clock.now();
    const released = this.#services.release(now);
    this.#admitTurnedAway(now);
    this.#settle(now);
    this.#report();
    return released;
  }

  get state(): RegistryState {
    return this.#sight.state;
  }

  /** Clients that ask the registry itself for a service, as far as it tells; by the key of the service. */
  callersOf(key: string): readonly string[] {
    return this.#callers.get(key) ?? [];
  }

  /** How many instances of a service are refused; by its key. */
  refusedOf(key: string): number {
    return this.#refusals.get(key)?.instances ?? 0;
  }

  status(): RegistryStatus {
    return {
      registry: this.#options.registry.metadata.name,
      state: this.state,
      reason: this.#sight.reason,
      services: this.#services.size,
      instances: this.#outlet.instances,
      awaited: this.#sight.awaited,
      ...lastComplete(this.#sight.lastComplete ?? this.#options.knownAt),
      held: this.#services.held(this.#options.clock.now()),
    };
  }

  findings(): readonly Finding[] {
    return registryFindings(this.#options.registry, {
      unavailable: this.#sight.unavailable,
      partial: this.#sight.partial,
      refusals: this.#refusals,
      hasInstances: (key) => (this.#services.get(key)?.current.instances.length ?? 0) > 0,
      held: this.#services.held(this.#options.clock.now()),
      waiting: this.#outlet.waiting,
      servedFromRecords: this.#sight.lastComplete === undefined ? this.#services.size : 0,
      recordedAt: this.#options.knownAt,
    });
  }

  /** Nothing changes from here on, whatever is said. */
  close(): void {
    this.#isClosed = true;
    this.#services.close();
    this.#outlet.close();
  }

  #take(answer: RegistryAnswer, now: number): void {
    if (answer.kind === 'unavailable') this.#lose(answer);
    else if (answer.kind === 'services') this.#takeList(answer, now);
    // Its list says so.
    else if (!isTextName(answer.service)) return;
    else if (answer.kind === 'service') this.#takeService(answer, now);
    else if (answer.kind === 'callers') this.#takeCallers(answer);
    else {
      const key = this.#keyOf(answer.service);
      this.#sight.sees(key);
      this.#turnedAway.delete(key);
      this.#services.miss(key, now);
    }
  }

  #lose({ scope = '', reason, remedy, isRefused }: Extract<RegistryAnswer, { kind: 'unavailable' }>): void {
    const mended = remedy === undefined ? {} : { remedy };
    this.#sight.lose(scope, { reason, ...mended, isRefused: isRefused === true });
    this.#services.forgetDoubts(scope);
  }

  #takeList(answer: Extract<RegistryAnswer, { kind: 'services' }>, now: number): void {
    const { scope, trust } = answer;
    this.#sight.regain(scope);
    this.#sight.note(`names/${encodeURIComponent(scope.toWellFormed() || 'services')}`, doubtsOfNames(answer.services));
    const listed = new Set<string>();
    for (const name of answer.services) {
      if (!isTextName(name) || !isSelected(this.#options.registry.spec.select, name)) continue;
      const key = this.#keyOf(name);
      listed.add(key);
      this.#services.get(key)?.found();
      this.#sight.lists(scope, key);
    }
    if (trust === 'partial') {
      this.#sight.note(scope, answer.doubts ?? notAllListed);
      return;
    }
    this.#sight.completes(scope, answer.doubts, now);
    for (const [key, { service }] of this.#turnedAway)
      if (!listed.has(key) && (scope === '' || scope === service.namespace)) this.#turnedAway.delete(key);
    for (const [key, service] of this.#services) {
      if (listed.has(key) || !isIn(scope, service.current)) continue;
      this.#sight.sees(key);
      this.#services.miss(key, now);
    }
  }

  #takeService({ service, trust, doubts }: ServiceAnswer, now: number): void {
    const { registry } = this.#options;
    const { select, trust: limits } = registry.spec;
    const key = this.#keyOf(service);
    this.#sight.sees(key);
    if (!isSelected(select, service)) return;
    const known = this.#services.get(key);
    const selected = selectInstances(select, service);
    // Of which nothing is selected is not selected, unless it was.
    if (known === undefined && selected.instances.length === 0 && service.instances.length > 0) return;
    if (known === undefined && this.#services.size >= limits.maxServices) {
      this.#refusals.set('', { reasons: [`more than ${limits.maxServices} services are registered`] });
      if (this.#turnedAway.size < limits.maxServices)
        this.#turnedAway.set(key, { service, trust, ...(doubts === undefined ? {} : { doubts }) });
      return;
    }
    const admitted = this.#admit(key, canonical(selected));
    this.#sight.note(key, trust === 'partial' ? (doubts ?? notAllShown) : doubts);
    const before = known?.current;
    if (known === undefined) {
      this.#services.add(newlyRegistered(registry.metadata.name, admitted, now), now);
    } else if (trust === 'partial') known.add(admitted);
    else known.replace(admitted, now);
    if (known === undefined || !equal(before, known.current)) this.#outlet.touch(key);
    if (known?.held !== undefined) this.#services.doubt(key);
  }

  #admit(key: string, said: RegistryService): RegistryService {
    const { service, refusals: reasons, refused: instances } = this.#trust.admit(said);
    if (instances > 0) this.#refusals.set(key, { reasons, instances });
    else this.#refusals.delete(key);
    return service;
  }

  #takeCallers({ service, callers }: Extract<RegistryAnswer, { kind: 'callers' }>): void {
    const key = this.#keyOf(service);
    if (callers.length === 0) this.#callers.delete(key);
    else if (isSelected(this.#options.registry.spec.select, service))
      this.#callers.set(key, [...new Set(callers)].sort().slice(0, maxCallers));
  }

  /** Nothing goes while services that are there may not have been read. */
  #settle(now: number): void {
    if (this.#sight.awaited === 0) this.#services.settle(now);
  }

  #forget(key: string): void {
    this.#refusals.delete(key);
    this.#sight.note(key);
    this.#callers.delete(key);
  }

  /** Services that were one too many, now that others are gone: nobody says them again. */
  #admitTurnedAway(now: number): void {
    const room = this.#options.registry.spec.trust.maxServices - this.#services.size;
    for (const [key, answer] of [...this.#turnedAway].slice(0, Math.max(0, room))) {
      this.#turnedAway.delete(key);
      this.#takeService(answer, now);
    }
    if (this.#turnedAway.size === 0) this.#refusals.delete('');
  }

  /** Says nothing where nothing changed: a registry that is polled says the same again and again. */
  #report(): void {
    const changed = this.#outlet.take();
    const held = JSON.stringify(this.#services.held(this.#options.clock.now()));
    const isWaiting = this.#outlet.waiting > 0;
    const doubts = `${this.state} ${this.#sight.version} ${this.#refusals.version} ${isWaiting} ${held}`;
    if (changed.length === 0 && doubts === this.#reported) return;
    this.#reported = doubts;
    this.#options.onChange(changed.map((key) => ({ key, service: this.#services.get(key)?.current })));
  }

  #keyOf(name: { readonly namespace: string; readonly group: string; readonly name: string }): string {
    return registeredServiceKey(this.#options.registry.metadata.name, name);
  }
}

type ServiceAnswer = Pick<Extract<RegistryAnswer, { kind: 'service' }>, 'service' | 'trust' | 'doubts'>;

const notAllListed: readonly Doubt[] = [{ cause: 'unsettled', text: 'the list of services is not complete' }];
const notAllShown: readonly Doubt[] = [{ cause: 'unsettled', text: 'not all instances are shown' }];

function lastComplete(at: number | undefined): Pick<RegistryStatus, 'lastComplete'> {
  return at === undefined ? {} : { lastComplete: at };
}

/** Of one service; beyond so many they are not told apart. */
const maxCallers = 1000;

function isIn(scope: string, { namespace }: RegisteredService): boolean {
  return scope === '' || scope === namespace;
}
