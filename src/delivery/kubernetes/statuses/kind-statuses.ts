/** The statuses of all objects of one kind, as they are in the cluster, and how one of them is changed. */

import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import {
  type ApiCollection,
  apiVersionOf,
  collectionPath,
  findCollection,
  objectPath,
} from '../../../kubernetes-api/api-paths.ts';
import { type ApiServer, serverSideApply } from '../../../kubernetes-api/api-server.ts';
import { readPages } from '../../../kubernetes-api/collection-reading.ts';
import { ownName } from '../../../model/ownership.ts';
import { isEqual, type LiveStatus, liveStatusOf, noStatus, type StatusChange } from './live-status.ts';

/** A kind whose objects have a status. */
export interface StatusKind {
  /** As manifests write it. */
  readonly kind: string;
  readonly group: string;
  /** The preferred one first. */
  readonly versions: readonly string[];
  readonly plural: string;
}

/** Each control plane has its own: what one withdraws is its own word. */
export function statusManagerOf(revision: string): string {
  return `${ownName(revision)}-status`;
}

export class KindStatuses {
  readonly kind: StatusKind;
  readonly #api: ApiServer;
  readonly #manager: string;
  /** By `namespace/name`. */
  readonly #live = new Map<string, LiveStatus>();
  /** What the API server made of what we wrote, where that is not the same: a definition may know less. */
  readonly #shown = new Map<string, LiveStatus>();
  #collection: ApiCollection | undefined;
  /** Its definition knows no status: nothing can be written. */
  isStatusless = false;

  constructor(kind: StatusKind, api: ApiServer, revision: string) {
    this.kind = kind;
    this.#api = api;
    this.#manager = statusManagerOf(revision);
  }

  get isRead(): boolean {
    return this.#collection !== undefined;
  }

  get apiVersion(): string {
    const { group, versions } = this.kind;
    return apiVersionOf(this.#collection ?? { group, version: versions[0] ?? '', plural: '' });
  }

  /** `uid`: of the object that is meant, where it is known. What stood in its place before is not it. */
  live(place: string, uid = ''): LiveStatus {
    const known = this.#live.get(place) ?? noStatus;
    return uid === '' || known.uid === '' || known.uid === uid ? known : noStatus;
  }

  note(place: string, live: LiveStatus): void {
    this.#live.set(place, live);
  }

  /** As the API server had it last, by all that we know; undefined for what was never seen. */
  shown(place: string): LiveStatus | undefined {
    return this.#shown.get(place) ?? this.#live.get(place);
  }

  /** What an object that came by says; undefined for what is none. */
  sightOf(object: unknown): { readonly place: string; readonly status: LiveStatus } | undefined {
    return liveStatusOf(object, this.#manager);
  }

  /** Looks at one object anew. Rejects with ApiFailure. */
  async look(place: string, signal: AbortSignal): Promise<void> {
    if (this.#collection === undefined) return;
    const found = this.sightOf(await this.#api.get(objectPath(this.#collection, placeParts(place)), signal));
    if (found === undefined) return;
    this.#shown.delete(place);
    this.#live.set(place, found.status);
  }

  forget(place: string): void {
    this.#live.delete(place);
    this.#shown.delete(place);
  }

  /** All of it is to be read again. */
  reset(): void {
    this.#collection = undefined;
    this.#live.clear();
    this.#shown.clear();
    this.isStatusless = false;
  }

  /** Reads all that there is. False where there is no such kind. Rejects with ApiFailure. */
  async read(signal: AbortSignal): Promise<boolean> {
    const collection = await findCollection(this.#api, this.kind, signal);
    if (collection === undefined) return false;
    const found = new Map<string, LiveStatus>();
    const take = (object: unknown): void => {
      const live = liveStatusOf(object, this.#manager);
      if (live !== undefined) found.set(live.place, live.status);
    };
    await readPages(this.#api, { path: collectionPath(collection) }, take, signal);
    this.#live.clear();
    this.#shown.clear();
    for (const [place, live] of found) this.#live.set(place, live);
    this.#collection = collection;
    return true;
  }

  /** Rejects with ApiFailure: with 404 where there is no such object, or none of the kind has a status; with 409 where it is another. */
  async write(
    place: string,
    uid: string | undefined,
    { status, live }: StatusChange,
    signal: AbortSignal,
  ): Promise<void> {
    const answer = await this.#apply(place, uid === undefined ? {} : { uid }, { status }, signal);
    // Not the answer's fields: a definition that knows less than we tell would have us write them for ever.
    const shown = this.sightOf(answer)?.status;
    this.#live.set(place, { ...live, uid: shown?.uid ?? live.uid });
    if (shown === undefined || isShownAs(shown, live)) this.#shown.delete(place);
    else this.#shown.set(place, shown);
  }

  async #apply(place: string, identity: object, content: object, signal: AbortSignal): Promise<unknown> {
    const collection = this.#collection;
    if (collection === undefined) throw new ApiFailure('the kind was not read yet');
    const { namespace, name } = placeParts(place);
    const metadata = { name, ...(namespace === '' ? {} : { namespace }), ...identity };
    const body = { apiVersion: apiVersionOf(collection), kind: this.kind.kind, metadata, ...content };
    const query = new URLSearchParams({ fieldManager: this.#manager, force: 'true' });
    const path = `${objectPath(collection, { namespace, name }, 'status')}?${query}`;
    return this.#api.send({ method: 'PATCH', path, body, contentType: serverSideApply }, signal);
  }

  /** Of objects that say anything by our word. */
  spokenOf(): readonly string[] {
    return [...this.#live].flatMap(([place, { owned }]) => (owned.size > 0 ? [place] : []));
  }

  /** Takes all of our word back: whoever owns a field takes it away by applying nothing. Rejects as `write` does. */
  async withdraw(place: string, signal: AbortSignal): Promise<void> {
    await this.#apply(place, {}, {}, signal);
    this.forget(place);
  }

  /** Whether there is such an object. Rejects with ApiFailure. */
  async exists(place: string, signal: AbortSignal): Promise<boolean> {
    if (this.#collection === undefined) return false;
    try {
      await this.#api.get(objectPath(this.#collection, placeParts(place)), signal);
      return true;
    } catch (error) {
      if (error instanceof ApiFailure && error.isAbsent) return false;
      throw error;
    }
  }
}

function isShownAs(shown: LiveStatus, live: LiveStatus): boolean {
  return (
    [...live.owned].every((type) => isEqual(live.conditions.get(type), shown.conditions.get(type))) &&
    Object.entries(live.fields).every(([name, value]) => shown.fields[name] === value)
  );
}

export function placeParts(place: string): { readonly namespace: string; readonly name: string } {
  const slash = place.indexOf('/');
  return { namespace: place.slice(0, slash), name: place.slice(slash + 1) };
}
