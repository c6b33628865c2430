/**
 * Mesh services, registered in one Polaris:
 *
 *   publications --> plan <-- what the server has (read by revision) --> register, deregister
 *                     |
 *                     +--> signs of life, each ttl
 *
 * Each turn reads what the server has, so that a server that lost it, or somebody who changed it, is put right. What was
 * registered in an earlier run and is not wanted any more is found by its mark, at the first turn.
 *
 * What never happens: an instance is touched that does not bear our mark; a restart of ours deregisters anything (what is
 * not renewed turns unhealthy by itself); something is deregistered because the server could not be read.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { pauseAfter } from '../../../model/back-off.ts';
import { messageOf } from '../../../model/errors.ts';
import type { Publication } from '../../../model/publication.ts';
import type { RegistrationClient } from './registration-client.ts';
import type { InstanceAddress } from './registration-messages.ts';
import {
  addressKey,
  type FoundInstance,
  type Publisher,
  planRegistrations,
  type RegistrationPlan,
} from './registration-plan.ts';

/** Reads what the registry has. All reject with UNAVAILABLE where it does not say. */
export interface RegistrationReader {
  services(namespace: string): Promise<readonly string[]>;
  /** Undefined: as it was at that revision. A service that is not there has no instances. */
  instances(namespace: string, service: string, revision: string): Promise<Found | undefined>;
  close(): void;
}

export interface Found {
  readonly revision: string;
  readonly instances: readonly FoundInstance[];
}

/** Both ends at one server. */
export interface PublisherConnection {
  readonly client: RegistrationClient;
  readonly reader: RegistrationReader;
}

export interface PolarisPublisherOptions extends Publisher {
  /** The namespace of the registry. */
  readonly namespace: string;
  /** The next server; rejects where there is none, or secrets cannot be read. */
  readonly connect: () => Promise<PublisherConnection>;
  /** Whether all is known that is wanted: until then, nothing is deregistered. */
  readonly mayRemove: () => boolean;
  /** Called when the reason changes why not all is registered; empty when all is. */
  readonly onTrouble: (reason: string) => void;
}

const retryPauses = { firstMs: 200, longestMs: 5_000 };
/** Changes that come together are written together. */
const gatherMs = 50;
/** What was written is visible at the server after this: it reads its store once a second. */
const visibleMs = 1_500;
const window = 16;

interface Target {
  readonly name: string;
  found: Found;
  /** What was registered at the last turn, which the server may not show yet. */
  kept: readonly InstanceAddress[];
}

export class PolarisPublisher {
  readonly #options: PolarisPublisherOptions;
  readonly #wanted = new Map<string, Publication>();
  /** By name: what is wanted, and what still has instances of ours. */
  readonly #targets = new Map<string, Target>();
  readonly #abort = new AbortController();
  #wake = new AbortController();
  #isSwept = false;
  #isWithdrawn = false;
  #trouble = '';
  #connection: PublisherConnection | undefined;
  #running: Promise<void> | undefined;

  constructor(options: PolarisPublisherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** What became of what is wanted; without a publication, it is not any more. */
  take(changes: readonly { readonly name: string; readonly publication: Publication | undefined }[]): void {
    for (const { name, publication } of changes) {
      if (publication === undefined) this.#wanted.delete(name);
      else this.#wanted.set(name, publication);
    }
    this.#wake.abort();
  }

  /** Leaves everything as it is: what is not renewed turns unhealthy by itself. */
  async close(): Promise<void> {
    this.#abort.abort();
    this.#wake.abort();
    this.#leave();
    await this.#running;
  }

  /** Deregisters all that is ours, if the server can be asked now, and closes. */
  async withdraw(): Promise<void> {
    await this.close();
    this.#wanted.clear();
    this.#isWithdrawn = true;
    try {
      await this.#connected(async (connection) => this.#turn(connection));
    } catch (error) {
      this.#say(messageOf(error));
    }
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#abort.signal.aborted) {
      try {
        await this.#connected(async (connection) => {
          while (!this.#abort.signal.aborted) {
            const isSettled = await this.#turn(connection);
            failures = 0;
            await this.#pause(isSettled ? this.#options.ttl * 1000 : Math.min(this.#options.ttl * 1000, visibleMs));
          }
        });
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        this.#say(messageOf(error));
        for (const target of this.#targets.values()) target.found = unread;
        await sleep(pauseAfter(failures++, retryPauses) * (0.75 + Math.random() / 2), undefined, {
          signal: this.#abort.signal,
        }).catch(() => {});
      }
    }
  }

  async #connected(use: (connection: PublisherConnection) => Promise<unknown>): Promise<void> {
    const connection = await this.#options.connect();
    this.#connection = connection;
    try {
      await use(connection);
    } finally {
      this.#leave();
    }
  }

  /** What is asked and not answered rejects. */
  #leave(): void {
    this.#connection?.client.close();
    this.#connection?.reader.close();
    this.#connection = undefined;
  }

  /** Gives whether everything was as it should be. */
  async #turn(connection: PublisherConnection): Promise<boolean> {
    await this.#sweep(connection);
    for (const name of this.#wanted.keys())
      if (!this.#targets.has(name)) this.#targets.set(name, { name, found: unread, kept: [] });
    const refusals: string[] = [];
    let isSettled = true;
    await inWindow([...this.#targets.values()], async (target) => {
      const plan = await this.#plan(connection, target);
      if (plan.register.length + plan.deregister.length > 0) isSettled = false;
      else if (plan.keep.length === 0 && !this.#wanted.has(target.name)) this.#targets.delete(target.name);
      refusals.push(...(await this.#carryOut(connection, plan)));
    });
    this.#say(refusals.sort()[0] ?? '');
    return isSettled;
  }

  get #mayRemove(): boolean {
    return this.#isWithdrawn || this.#options.mayRemove();
  }

  /** Finds, once, what an earlier run registered. */
  async #sweep({ reader }: PublisherConnection): Promise<void> {
    if (this.#isSwept || !this.#mayRemove) return;
    for (const name of await reader.services(this.#options.namespace))
      if (!this.#targets.has(name)) this.#targets.set(name, { name, found: unread, kept: [] });
    this.#isSwept = true;
  }

  async #plan({ reader }: PublisherConnection, target: Target): Promise<RegistrationPlan> {
    const { namespace } = this.#options;
    target.found = (await reader.instances(namespace, target.name, target.found.revision)) ?? target.found;
    const wanted = this.#wanted.get(target.name);
    const plan = planRegistrations({ namespace, name: target.name }, wanted, target.found.instances, this.#options);
    if (!this.#mayRemove) return { ...plan, deregister: [] };
    const seen = new Set([...target.found.instances, ...plan.keep].map(addressKey));
    const unseen = target.kept.filter((one) => !seen.has(addressKey(one)));
    target.kept = plan.keep;
    return { ...plan, deregister: [...plan.deregister, ...unseen] };
  }

  /** Gives what was refused. Rejects where the server cannot be asked. */
  async #carryOut({ client }: PublisherConnection, plan: RegistrationPlan): Promise<readonly string[]> {
    const refusals: string[] = [];
    const steps = [
      ...plan.register.map((one) => ({ one, fine: registered, ask: async () => client.register(one) })),
      ...plan.deregister.map((one) => ({ one, fine: deregistered, ask: async () => client.deregister(one) })),
      ...plan.keep.map((one) => ({ one, fine: renewed, ask: async () => client.beat(one) })),
    ];
    await inWindow(steps, async ({ one, fine, ask }) => {
      const { code, info } = await ask();
      if (!fine.includes(code))
        refusals.push(`${one.service} at ${one.host}:${one.port}: the server answers ${code}, ${info}`);
    });
    return refusals;
  }

  /** Until it is time for the next turn, or something changed. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#abort;
    await sleep(ms * (0.95 + Math.random() / 20), undefined, { signal: this.#wake.signal }).catch(() => {});
    if (!this.#wake.signal.aborted || signal.aborted) return;
    this.#wake = new AbortController();
    await sleep(gatherMs, undefined, { signal }).catch(() => {});
  }

  #say(reason: string): void {
    if (reason === this.#trouble) return;
    this.#trouble = reason;
    this.#options.onTrouble(reason);
  }
}

const unread: Found = { revision: '', instances: [] };

/** Codes that say it is as it was to be: done, no need to, there already, not there. */
const registered: readonly number[] = [200_000, 200_002, 400_201];
const deregistered: readonly number[] = [200_000, 200_002, 400_202, 400_301, 400_303];
const renewed: readonly number[] = [200_000, 200_002];

/** So many at a time. Rejects with the first that does. */
async function inWindow<T>(all: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  const queue = all.values();
  const worker = async (): Promise<void> => {
    for (const one of queue) await run(one);
  };
  await Promise.all(Array.from({ length: Math.min(window, all.length) }, worker));
}
