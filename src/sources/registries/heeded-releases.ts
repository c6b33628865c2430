/**
 * What somebody released of what is held against registries: named service by service, so that each replica lets go of just
 * that, when it sees the same loss itself.
 *
 *   release at the writer --> what is held there, named --> record --> each replica: the loss it sees, if all of it is named
 *
 * What is held and was not named stays held. A release is carried out once: what comes back, and is lost again, is held anew.
 */
import { createHash } from 'node:crypto';
import type { RegisteredService, ReleasedService } from '../../model/registry.ts';

/** What a replica sees of a service of which something is lost. */
export interface Loss {
  readonly key: string;
  /** The registry has no such service. */
  readonly isAbsent: boolean;
  /** Ids of instances that would go. */
  readonly instances: readonly string[];
}

export class HeededReleases {
  #released = new Map<string, { readonly service: ReleasedService; readonly instances: ReadonlySet<string> }>();
  /** When that was released of a service which was carried out here. */
  readonly #done = new Map<string, number>();

  /** All that there are; takes the place of what was heeded before. */
  heed(services: readonly ReleasedService[]): void {
    this.#released = new Map(
      services.map((service) => [service.key, { service, instances: new Set(service.instances) }]),
    );
    for (const key of this.#done.keys()) if (!this.#released.has(key)) this.#done.delete(key);
  }

  /** Those that count. */
  list(now: number): readonly ReleasedService[] {
    return [...this.#released.values()].map(({ service }) => service).filter(({ until }) => now < until);
  }

  /** Whether all of a loss was released, and not carried out here yet. */
  names({ key, isAbsent, instances }: Loss, now: number): boolean {
    const released = this.#released.get(key);
    if (released === undefined || now >= released.service.until || this.isDone(released.service)) return false;
    // That a service is gone is more than that some of its instances are.
    if (isAbsent || released.service.instances === undefined)
      return isAbsent && released.service.instances === undefined;
    return instances.every((id) => released.instances.has(instanceDigest(id)));
  }

  carriedOut(key: string): void {
    const at = this.#released.get(key)?.service.at;
    if (at !== undefined) this.#done.set(key, at);
  }

  isDone({ key, at }: ReleasedService): boolean {
    return this.#done.get(key) === at;
  }
}

/** So long it counts at least: whoever sees the loss later than that saw another one. */
const countsMs = 600_000;

/** `holdMs`: for how long the registry's losses are held; who saw this one has let it go by then. */
export function releaseOf(
  losses: readonly Loss[],
  { at, holdMs, by }: { readonly at: number; readonly holdMs: number; readonly by: string },
): readonly ReleasedService[] {
  const until = at + Math.max(countsMs, holdMs);
  return losses.map(({ key, isAbsent, instances }) => {
    const named = isAbsent ? {} : { instances: instances.map(instanceDigest).sort() };
    return { key, ...named, at, until, by };
  });
}

/** Whether something of what was released is in force. */
export function isInForce({ instances }: ReleasedService, service: RegisteredService | undefined): boolean {
  if (service === undefined || instances === undefined) return service !== undefined;
  const released = new Set(instances);
  return service.instances.some(({ id }) => released.has(instanceDigest(id)));
}

/** Short, so that many fit into a record. */
function instanceDigest(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 12);
}
