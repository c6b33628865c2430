/** One registry, bridged as a control plane does it, with safety settings that tests can wait for. */
import { expect } from 'vitest';
import { Engine } from '../../../src/collections/engine.ts';
import { registryClients } from '../../../src/main/registries/registry-clients.ts';
import { systemClock } from '../../../src/model/clock.ts';
import type { RegisteredService, RegistryStatus } from '../../../src/model/registry.ts';
import type { ServiceRegistry } from '../../../src/resources/kinds.ts';
import { testRegistry } from '../../../src/resources/service-registry-fixture.ts';
import { releaseOf } from '../../../src/sources/registries/heeded-releases.ts';
import { RegistryBridges } from '../../../src/sources/registries/registry-bridges.ts';

type Spec = ServiceRegistry['spec'];

/** Long enough to tell a held deletion from a late one; short enough to wait for. */
export const graceMs = 1_000;
export const holdMs = 4_000;

export class BridgedRegistry {
  /** What is in force, by key. */
  readonly records = new Map<string, RegisteredService>();
  /** Each change of what is in force, told by what it is of and what came. */
  readonly history: string[] = [];
  readonly #bridges: RegistryBridges;

  constructor(spec: Partial<Spec> & Pick<Spec, 'type' | 'addresses'>, known: Iterable<RegisteredService> = []) {
    const engine = new Engine();
    const registered = engine.table<RegisteredService>('registered services', { key: ({ key }) => key });
    engine.batch(() => registered.setState('live'));
    this.#bridges = new RegistryBridges({
      clients: registryClients,
      registered,
      batch: (change) => engine.batch(change),
      clock: systemClock,
      recordsOf: () => [...known],
      note: (changes) => {
        for (const { key, service } of changes) {
          this.history.push(`${key}: ${JSON.stringify(service?.instances ?? 'gone')}`);
          if (service === undefined) this.records.delete(key);
          else this.records.set(key, service);
        }
      },
      own: () => ({ ranges: ['240.241.0.0/16'], places: [] }),
      onStatus: () => {},
    });
    const defaults = testRegistry();
    const safety = { ...defaults.spec.safety, grace: graceMs, hold: holdMs };
    const trust = { ...defaults.spec.trust, addresses: ['10.0.0.0/8', '127.0.0.0/8'] };
    const after = testRegistry({ safety, trust, ...spec });
    this.#bridges.follow([{ key: after.key, before: undefined, after }]);
  }

  /** How often something in force changed. */
  get changes(): number {
    return this.history.length;
  }

  get status(): RegistryStatus | undefined {
    return this.#bridges.statuses()[0];
  }

  get codes(): readonly string[] {
    return this.#bridges.findings().map(({ code }) => code);
  }

  /** Addresses of the instances in force, by the service's name. */
  get shown(): Readonly<Record<string, readonly string[]>> {
    return Object.fromEntries(
      [...this.records.values()]
        .map(({ name, instances }) => [name, instances.map(({ address }) => address).sort()] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  }

  service(name: string): RegisteredService | undefined {
    return [...this.records.values()].find((service) => service.name === name);
  }

  release(): readonly string[] | undefined {
    const { losses = [], holdMs = 0 } = this.#bridges.losses('polaris') ?? {};
    return this.#bridges.release('polaris', releaseOf(losses, { at: Date.now(), holdMs, by: 'here' }));
  }

  /** Waits until the services and addresses in force are these. */
  async untilShown(expected: Readonly<Record<string, readonly string[]>>): Promise<void> {
    await expect.poll(() => this.shown).toEqual(expected);
  }

  async untilState(state: RegistryStatus['state']): Promise<void> {
    await expect.poll(() => this.status?.state).toBe(state);
  }

  async close(): Promise<void> {
    await this.#bridges.close();
  }
}
