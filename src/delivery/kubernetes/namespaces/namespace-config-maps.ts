/**
 * ConfigMaps of one name, kept as they are wanted in each of some namespaces:
 *
 *   content wanted in a namespace --+
 *                                   +--> queue --> create | update --> answer
 *   watch of those of the name -----+                `--> trouble: told by namespace, and tried again
 *
 * What never happens: a write to one that we did not make; a namespace that keeps others from what is theirs; a fight with
 * somebody who writes other things into ours.
 */
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { collectionPath } from '../../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import { configMaps } from '../../../kubernetes-api/built-in-collections.ts';
import { Reflector, type ReflectorState } from '../../../kubernetes-api/reflector.ts';
import { isNewerVersion } from '../../../kubernetes-api/resource-version.ts';
import type { Clock } from '../../../model/clock.ts';
import { type Edit, Repairs } from '../objects/repairs.ts';
import { type WorkLimits, WorkQueue, type WorkResult } from '../queue/work-queue.ts';
import { isOfServer, writeFailureOf } from '../queue/write-failure.ts';
import { creationOf, type LiveConfigMap, liveConfigMapOf, type NamedConfigMap, updateOf } from './named-config-map.ts';

export interface NamespaceConfigMapsOptions {
  readonly api: ApiServer;
  readonly clock: Clock;
  readonly map: NamedConfigMap;
  readonly revision: string;
  /** Whether it is made where there is none; otherwise only what is ours already is kept. */
  readonly isMade: boolean;
  readonly isWriter: () => boolean;
  /** What is to stand there; undefined where it is not on us to say. */
  readonly contentFor: (namespace: string) => string | undefined;
  /** All that have been seen are known: every namespace is to be looked at. */
  readonly onSeen: () => void;
  readonly onRepaired: (namespace: string, uid: string, edit: Edit) => void;
}

export interface NamespaceTrouble {
  readonly namespace: string;
  /** Or else it could not be written. */
  readonly isForeign: boolean;
  /** Ends with a full stop. */
  readonly message: string;
}

const limits: WorkLimits = {
  perSecond: 20,
  burst: 50,
  inFlight: 4,
  shortestRetryMs: 500,
  longestRetryMs: 60_000,
};

export class NamespaceConfigMaps {
  readonly #options: NamespaceConfigMapsOptions;
  readonly #queue: WorkQueue;
  readonly #reflector: Reflector;
  /** By namespace, whosever they are. */
  #live = new Map<string, LiveConfigMap>();
  #isSeen = false;
  readonly #repairs = new Repairs();
  readonly #troubles = new Map<string, NamespaceTrouble>();
  #state: ReflectorState = { state: 'syncing', reason: '' };

  constructor(options: NamespaceConfigMapsOptions) {
    this.#options = options;
    const { api, clock, map, onSeen } = options;
    this.#queue = new WorkQueue({ clock, limits, prepare: (namespace) => this.#prepare(namespace) });
    this.#reflector = new Reflector({
      server: api,
      clock,
      fields: `metadata.name=${map.name}`,
      locate: async () => collectionPath(configMaps),
      onReplace: (objects) => {
        const live = objects.flatMap((one) => this.#read(one) ?? []);
        this.#live = new Map(live.map((one) => [one.namespace, one]));
        this.#isSeen = true;
        onSeen();
      },
      onEvents: (events) => {
        for (const { type, object } of events) this.#hear(this.#read(object), type === 'DELETED');
      },
      onState: (state) => {
        this.#state = state;
      },
    });
  }

  /** What is wanted in a namespace may be another thing now. */
  look(namespace: string): void {
    this.#queue.add(namespace);
  }

  /** Why they cannot be followed; undefined while they can, or where it is not a matter of rights. */
  get blindness(): string | undefined {
    return this.#state.state === 'forbidden' ? this.#state.reason : undefined;
  }

  troubles(): readonly NamespaceTrouble[] {
    return [...this.#troubles.values()];
  }

  /** By namespace: where another writer keeps changing it, and who that is. */
  fights(): ReadonlyMap<string, Edit> {
    return this.#repairs.fights(this.#options.clock.now());
  }

  /** Everything is left as it is. */
  async close(): Promise<void> {
    await this.#queue.close();
    await this.#reflector.close();
  }

  #read(object: unknown): LiveConfigMap | undefined {
    const { map, revision } = this.#options;
    return liveConfigMapOf(object, map.key, revision);
  }

  #hear(seen: LiveConfigMap | undefined, isDeletion: boolean): void {
    if (seen === undefined) return;
    const { namespace } = seen;
    const known = this.#live.get(namespace);
    // An answer to a write of ours came before what the watch tells of the time before it.
    if (known !== undefined && !isNewerVersion(seen.version, known.version)) return;
    const now = isDeletion ? undefined : seen;
    if (this.#isAsWanted(namespace, known) && !this.#isAsWanted(namespace, now))
      this.#repairs.note(namespace, { by: seen.otherWriter, isDeletion }, this.#options.clock.now());
    this.#keep(namespace, now);
    this.#queue.add(namespace);
  }

  #keep(namespace: string, live: LiveConfigMap | undefined): void {
    if (live === undefined) this.#live.delete(namespace);
    else this.#live.set(namespace, live);
  }

  #isAsWanted(namespace: string, live: LiveConfigMap | undefined): boolean {
    return live?.isOurs === true && live.isOwn && live.content === this.#options.contentFor(namespace);
  }

  #prepare(namespace: string): (() => Promise<WorkResult>) | undefined {
    const { isWriter, isMade, contentFor, clock } = this.#options;
    if (!isWriter()) this.#troubles.delete(namespace);
    if (!this.#isSeen || !isWriter()) return undefined;
    const content = contentFor(namespace);
    const live = this.#live.get(namespace);
    const isForeign = live !== undefined && !live.isOurs;
    if (content === undefined || this.#isAsWanted(namespace, live) || isForeign || (live === undefined && !isMade)) {
      if (content !== undefined && isForeign && isMade) this.#trouble(namespace, true, foreignMessage(live));
      else this.#troubles.delete(namespace);
      return undefined;
    }
    const waitMs = this.#repairs.waitMs(namespace, clock.now());
    if (waitMs === 0) return async () => this.#write(namespace, content, live);
    this.#queue.add(namespace, waitMs);
    return undefined;
  }

  #trouble(namespace: string, isForeign: boolean, message: string): void {
    this.#troubles.set(namespace, { namespace, isForeign, message });
  }

  async #write(namespace: string, content: string, live: LiveConfigMap | undefined): Promise<WorkResult> {
    const { api, map, revision, onRepaired } = this.#options;
    const wanted = { namespace, content, revision };
    try {
      const answer = await api.send(live === undefined ? creationOf(map, wanted) : updateOf(map, wanted, live.uid));
      const written = this.#read(answer);
      if (written !== undefined) this.#keep(namespace, written);
      this.#troubles.delete(namespace);
      const edit = this.#repairs.settle(namespace);
      if (edit !== undefined) onRepaired(namespace, written?.uid ?? '', edit);
      return 'done';
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      return this.#failed(namespace, error);
    }
  }

  #failed(namespace: string, failure: ApiFailure): WorkResult {
    const cause = writeFailureOf(failure);
    if (isOfServer(cause)) {
      this.#queue.halt(failure.retryAfterMs);
      return 'again';
    }
    switch (cause) {
      case 'namespace-absent':
      case 'namespace-terminating':
        // No Pod starts in it any more. One that comes after it under its name is told of.
        this.#troubles.delete(namespace);
        return 'done';
      case 'changed':
        // The watch says what is there.
        return 'retry';
      case 'kind-absent':
      case 'no-right':
      case 'refused':
        this.#trouble(namespace, false, `${failure.message}.`);
        return 'retry';
    }
  }
}

function foreignMessage({ otherWriter }: LiveConfigMap): string {
  const by = otherWriter === '' ? '' : `, written by ${otherWriter}`;
  return `There is one of that name that is not ours${by}: it is left as it is.`;
}
