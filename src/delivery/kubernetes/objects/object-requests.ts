/**
 * Requests that change objects of one kind. Each names the very object that it is meant for, so that what somebody put in
 * its place meanwhile is not touched.
 */
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { type ApiCollection, apiVersionOf, objectPath } from '../../../kubernetes-api/api-paths.ts';
import { type ApiServer, serverSideApply } from '../../../kubernetes-api/api-server.ts';
import type { Intent } from './intent.ts';
import { fieldManager, type LiveObject } from './live-object.ts';

export class ObjectRequests {
  readonly #api: ApiServer;
  readonly #collection: ApiCollection;
  /** The API server lets nobody create by apply what is there already, but for kinds that may be overwritten blindly. */
  readonly #looksFirst: boolean;

  constructor(api: ApiServer, collection: ApiCollection, looksFirst: boolean) {
    this.#api = api;
    this.#collection = collection;
    this.#looksFirst = looksFirst;
  }

  /** The object, or undefined where there is none. Rejects with ApiFailure. */
  async get(place: string, signal: AbortSignal): Promise<unknown> {
    try {
      return await this.#api.get(this.#path(place), signal);
    } catch (error) {
      if (error instanceof ApiFailure && error.isAbsent) return undefined;
      throw error;
    }
  }

  /** Rejects with ApiFailure where there is such an object. */
  async create(intent: Intent, place: string, signal: AbortSignal): Promise<unknown> {
    if (this.#looksFirst && (await this.get(place, signal)) !== undefined)
      throw new ApiFailure('there is one already', { status: 409, reason: 'AlreadyExists' });
    // A version that no object has ever had: what is there is none of it. Without force, what was made since then stands.
    return this.#apply(intent, place, { resourceVersion: '0' }, false, signal);
  }

  /** Our whole intent, whoever has the fields. */
  async update(intent: Intent, { place, uid }: LiveObject, signal: AbortSignal): Promise<unknown> {
    return this.#apply(intent, place, { uid }, true, signal);
  }

  async delete({ place, uid, resourceVersion }: LiveObject, signal: AbortSignal): Promise<unknown> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid, resourceVersion } };
    return this.#api.send({ method: 'DELETE', path: this.#path(place), body }, signal);
  }

  async #apply(
    intent: Intent,
    place: string,
    identity: { readonly uid?: string; readonly resourceVersion?: string },
    isForced: boolean,
    signal: AbortSignal,
  ): Promise<unknown> {
    const query = new URLSearchParams({ fieldManager, ...(isForced ? { force: 'true' } : {}) });
    const body = intent.body(apiVersionOf(this.#collection), identity);
    const path = `${this.#path(place)}?${query}`;
    return this.#api.send({ method: 'PATCH', path, body, contentType: serverSideApply }, signal);
  }

  #path(place: string): string {
    const slash = place.indexOf('/');
    return objectPath(this.#collection, { namespace: place.slice(0, slash), name: place.slice(slash + 1) });
  }
}
