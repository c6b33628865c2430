/** What is ours of one kind in the cluster, followed into a ledger; and where the kind is served. */

import { type ApiCollection, apiVersionOf, collectionPath, findCollection } from '../../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import { Reflector, type ReflectorState } from '../../../kubernetes-api/reflector.ts';
import type { Clock } from '../../../model/clock.ts';
import { ownSelector } from '../../../model/ownership.ts';
import type { ReflectorSight } from '../../../model/reflector-sight.ts';
import { liveObjectOf } from './live-object.ts';
import type { ObjectLedger } from './object-ledger.ts';
import { ObjectRequests } from './object-requests.ts';
import type { WrittenKind } from './wanted-object.ts';

export interface KindWatchOptions {
  readonly api: ApiServer;
  readonly kind: WrittenKind;
  readonly revision: string;
  readonly clock: Clock;
  readonly ledger: ObjectLedger;
  /** There may be something to do for these places. */
  readonly onSeen: (places: ReadonlySet<string>) => void;
}

/** Where the kind is written, while it is served. */
export interface ServedKind {
  readonly apiVersion: string;
  readonly requests: ObjectRequests;
}

export class KindWatch {
  readonly #options: KindWatchOptions;
  readonly #reflector: Reflector;
  #state: ReflectorState = { state: 'syncing', reason: '' };
  #served: ServedKind | undefined;
  #isSeen = false;

  constructor(options: KindWatchOptions) {
    this.#options = options;
    const { api, kind, revision, clock, ledger, onSeen } = options;
    this.#reflector = new Reflector({
      server: api,
      clock,
      labels: ownSelector(revision),
      locate: async (signal) => this.#locate(await findCollection(api, kind, signal)),
      onReplace: (objects) => {
        const places = ledger.replace(objects.flatMap((one) => liveObjectOf(one, revision) ?? []));
        this.#isSeen = true;
        onSeen(new Set([...places, ...ledger.places()]));
      },
      onEvents: (events) => {
        const seen = events.flatMap(({ type, object }) => {
          const live = liveObjectOf(object, revision);
          if (live !== undefined && type === 'DELETED') ledger.lose(live.place, live.resourceVersion);
          else if (live !== undefined) ledger.see(live);
          return live?.place ?? [];
        });
        onSeen(new Set(seen));
      },
      onState: (state) => this.#follow(state),
    });
  }

  get state(): ReflectorState {
    return this.#state;
  }

  get sight(): ReflectorSight {
    const { kind, ledger } = this.#options;
    return { purpose: 'writes', kind: kind.kind, ...this.#reflector.sight, objects: ledger.owned };
  }

  /** Undefined until all that is ours was seen since the kind is there. */
  get seen(): ServedKind | undefined {
    return this.#isSeen ? this.#served : undefined;
  }

  async close(): Promise<void> {
    await this.#reflector.close();
  }

  #locate(collection: ApiCollection | undefined): string | undefined {
    const { api, kind } = this.#options;
    if (collection === undefined) {
      this.#served = undefined;
      return undefined;
    }
    const requests = new ObjectRequests(api, collection, kind.isBuiltIn);
    this.#served = { apiVersion: apiVersionOf(collection), requests };
    return collectionPath(collection);
  }

  #follow(state: ReflectorState): void {
    const { ledger, onSeen } = this.#options;
    this.#state = state;
    if (state.state === 'absent') {
      this.#isSeen = false;
      ledger.forgetAll();
    }
    // What was not deleted while the watch was out of date.
    if (state.state === 'live') onSeen(ledger.unwanted);
  }
}
