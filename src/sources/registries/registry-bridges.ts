/**
 * All bridged registries: one bridge and one client for each ServiceRegistry, followed as they come, change and go.
 *
 *   ServiceRegistry resources --> bridge + client each --> table of registered services
 *                                        |  ^
 *                                        v  +-- records of earlier runs
 *                                     records
 *
 * A ServiceRegistry that is removed takes its services with it; one that is changed is connected anew and keeps them.
 */
import type { Diff, Table } from '../../collections/collection.ts';
import { equal } from '../../collections/equality.ts';
import type { Clock } from '../../model/clock.ts';
import { messageOf } from '../../model/errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { RegisteredService, RegistryStatus, ReleasedService } from '../../model/registry.ts';
import type { RegistryType, ServiceRegistry } from '../../resources/kinds.ts';
import { HeededReleases, isInForce, type Loss } from './heeded-releases.ts';
import { RegistryBridge, type RegistryChange } from './registry-bridge.ts';
import type { AnswerSink, CreateRegistryClient, RegistryAnswer, RegistryClient } from './registry-client.ts';
import { RegistryCredentials } from './registry-credentials.ts';
import type { SecretStore } from './secret-contents.ts';
import type { OwnAddresses } from './trust-policy.ts';

export interface RegistryBridgesOptions {
  readonly clients: Readonly<Record<RegistryType, CreateRegistryClient>>;
  readonly registered: Table<RegisteredService>;
  readonly batch: (change: () => void) => void;
  readonly clock: Clock;
  /** What a registry said in an earlier run. */
  readonly recordsOf: (registry: string) => readonly RegisteredService[];
  /** When a registry was last seen whole in an earlier run; milliseconds since the epoch. */
  readonly seenAt?: (registry: string) => number | undefined;
  /** Takes note of what is in force, for the next run. */
  readonly note: (changes: readonly RegistryChange[]) => void;
  readonly own: () => OwnAddresses;
  /** Where Secrets are; absent outside of Kubernetes. */
  readonly secrets?: SecretStore;
  /** The status or the findings of some registry changed. */
  readonly onStatus: (status: RegistryStatus) => void;
}

interface Running {
  readonly registry: ServiceRegistry;
  readonly own: OwnAddresses;
  readonly bridge: RegistryBridge;
  readonly client: RegistryClient;
}

/** What was in force, and when the registry was last seen whole. */
interface Known {
  readonly services: readonly RegisteredService[];
  readonly at: number | undefined;
}

export class RegistryBridges {
  readonly #options: RegistryBridgesOptions;
  readonly #releases = new HeededReleases();
  readonly #running = new Map<string, Running>();
  /** Clients that are being closed. */
  readonly #closing = new Set<Promise<void>>();
  #waiting: (() => void)[] = [];

  constructor(options: RegistryBridgesOptions) {
    this.#options = options;
  }

  /** A sink for the ServiceRegistries. */
  readonly follow = (diff: Diff<ServiceRegistry>): void => {
    for (const { key, before, after } of diff) {
      if (before !== undefined && after !== undefined && equal(before.spec, after.spec)) continue;
      const known = this.#stop(key);
      if (after !== undefined) this.#start(key, after, known);
      else this.#publish(known.services.map((service) => ({ key: service.key, service: undefined })));
    }
    this.#wake();
  };

  /** Asks each registry anew what is then refused otherwise, after what `own` gives has changed. */
  readonly reconsider = (): void => {
    for (const [key, { registry, own }] of [...this.#running]) {
      if (equal(own, this.#options.own())) continue;
      this.#start(key, registry, this.#stop(key));
    }
    this.#wake();
  };

  statuses(): readonly RegistryStatus[] {
    return [...this.#running.values()]
      .map(({ bridge }) => bridge.status())
      .sort((a, b) => (a.registry < b.registry ? -1 : 1));
  }

  findings(): readonly Finding[] {
    return [...this.#running.values()].flatMap(({ bridge }) => bridge.findings());
  }

  /** Clients that ask a registry itself for a service, as far as it tells. */
  callersOf({ registry, key }: RegisteredService): readonly string[] {
    return this.#bridgeOf(registry)?.callersOf(key) ?? [];
  }

  /** How many instances of a service trust refuses. */
  refusedOf({ registry, key }: RegisteredService): number {
    return this.#bridgeOf(registry)?.refusedOf(key) ?? 0;
  }

  /** What would go if it were released; of one service by its key, or of the whole registry. Undefined for an unknown one. */
  losses(
    registry: string,
    service?: string,
  ): { readonly losses: readonly Loss[]; readonly holdMs: number } | undefined {
    const bridge = this.#bridgeOf(registry);
    return bridge === undefined ? undefined : { losses: bridge.losses(service), holdMs: bridge.holdMs };
  }

  /** Carries out what was released, where it is seen to be lost here as well. `services`: all releases there are. */
  heed(services: readonly ReleasedService[]): void {
    this.#releases.heed(services);
    for (const { bridge } of [...this.#running.values()]) bridge.heed();
    this.#noteDone(services);
  }

  /** As `heed`, though the registry be out of sight: somebody asks here. Gives the keys of the services of that registry. */
  release(registry: string, services: readonly ReleasedService[]): readonly string[] {
    this.#releases.heed(services);
    const released = this.#bridgeOf(registry)?.release() ?? [];
    this.#noteDone(services);
    return released;
  }

  /** Releases that count still: of what was let go and is back, the next loss is another one. */
  releasesInForce(): readonly ReleasedService[] {
    const releases = this.#releases.list(this.#options.clock.now());
    this.#noteDone(releases);
    return releases.filter((one) => !this.#releases.isDone(one) || !isInForce(one, this.#inForce(one.key)));
  }

  /** Whoever has nothing of it has nothing to let go. */
  #noteDone(services: readonly ReleasedService[]): void {
    for (const one of services) if (!isInForce(one, this.#inForce(one.key))) this.#releases.carriedOut(one.key);
  }

  #inForce(key: string): RegisteredService | undefined {
    for (const { bridge } of this.#running.values()) {
      const service = bridge.inForce(key);
      if (service !== undefined) return service;
    }
    return undefined;
  }

  #bridgeOf(registry: string): RegistryBridge | undefined {
    return [...this.#running.values()].find((one) => one.registry.metadata.name === registry)?.bridge;
  }

  /** Whether all registries were seen whole since the start: only then is a service that nobody names gone. */
  get areSeen(): boolean {
    return [...this.#running.values()].every(({ bridge }) => bridge.isSeen);
  }

  /** Resolves when each registry was seen, or has its records to be served from; at the latest after so long. */
  async untilServable(ms: number): Promise<void> {
    await this.#until(({ bridge }) => bridge.isSeen || bridge.hasServices, ms);
  }

  /** Resolves when each registry was seen whole; at the latest after so long. */
  async untilSeen(ms: number): Promise<void> {
    await this.#until(({ bridge }) => bridge.isSeen, ms);
  }

  /** Resolves when each registry was seen whole, or said why it cannot be; at the latest after so long. */
  async untilAnswered(ms: number): Promise<void> {
    await this.#until(({ bridge }) => bridge.isSeen || bridge.status().state === 'stale', ms);
  }

  async #until(isDone: (running: Running) => boolean, ms: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(ms, () => over.resolve());
    const check = (): void => {
      if ([...this.#running.values()].every(isDone)) over.resolve();
      else this.#waiting.push(check);
    };
    check();
    await over.promise;
    cancel();
  }

  async close(): Promise<void> {
    for (const key of [...this.#running.keys()]) this.#stop(key);
    await Promise.all(this.#closing);
  }

  #start(key: string, registry: ServiceRegistry, before: Known): void {
    const { clients, clock, recordsOf } = this.#options;
    const own = this.#options.own();
    const { name } = registry.metadata;
    const records = before.services.length > 0 ? before.services : recordsOf(name);
    const knownAt = before.at ?? this.#options.seenAt?.(name);
    const bridge: RegistryBridge = new RegistryBridge({
      registry,
      known: records,
      ...(knownAt === undefined ? {} : { knownAt }),
      own,
      clock,
      releases: this.#releases,
      onChange: (changes) => {
        this.#publish(changes);
        this.#options.onStatus(bridge.status());
        this.#wake();
      },
    });
    const inForce = new Map([...bridge.current()].map((service) => [service.key, service]));
    this.#publish([
      ...[...inForce].map(([one, service]) => ({ key: one, service })),
      ...records.filter((service) => !inForce.has(service.key)).map((gone) => ({ key: gone.key, service: undefined })),
    ]);
    const credentials = new RegistryCredentials(registry.spec, this.#options.secrets);
    const answer: AnswerSink = (answers) => bridge.accept(answers.map((one) => discreet(one, credentials)));
    const client = clients[registry.spec.type]({ registry, answer, secrets: credentials.read });
    bridge.expect(client.scopes);
    this.#running.set(key, { registry, own, bridge, client });
  }

  /** Gives what was in force. */
  #stop(key: string): Known {
    const running = this.#running.get(key);
    if (running === undefined) return { services: [], at: undefined };
    this.#running.delete(key);
    running.bridge.close();
    const closing = running.client.close().catch((error: unknown) => {
      process.emitWarning(`registry ${running.registry.metadata.name}: ${messageOf(error)}`);
    });
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
    return { services: [...running.bridge.current()], at: running.bridge.status().lastComplete };
  }

  #publish(changes: readonly RegistryChange[]): void {
    if (changes.length === 0) return;
    const { registered, batch, note } = this.#options;
    batch(() => {
      for (const { key, service } of changes) {
        if (service === undefined) registered.delete(key);
        else registered.set(service);
      }
    });
    note(changes);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const check of waiting) check();
  }
}

/** Without secrets, and with what mends it where it is we who have none. */
function discreet(answer: RegistryAnswer, credentials: RegistryCredentials): RegistryAnswer {
  if (answer.kind === 'unavailable') {
    const { remedy } = credentials;
    const reason = credentials.mask(answer.reason);
    return { ...answer, reason, ...(remedy === undefined ? {} : { remedy }) };
  }
  if (!('doubts' in answer) || answer.doubts === undefined) return answer;
  return { ...answer, doubts: answer.doubts.map((doubt) => ({ ...doubt, text: credentials.mask(doubt.text) })) };
}
