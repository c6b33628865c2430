/** The statuses that objects are to have, by their keys and by kind. */
import type { ObjectStatus } from '../../../model/object-status.ts';

export class WantedStatuses {
  readonly #byKind = new Map<string, Map<string, ObjectStatus>>();

  get(key: string): ObjectStatus | undefined {
    return this.#byKind.get(kindOfKey(key))?.get(key);
  }

  set(status: ObjectStatus): void {
    const kind = kindOfKey(status.key);
    const known = this.#byKind.get(kind);
    if (known === undefined) this.#byKind.set(kind, new Map([[status.key, status]]));
    else known.set(status.key, status);
  }

  delete(key: string): void {
    this.#byKind.get(kindOfKey(key))?.delete(key);
  }

  /** Of which there was an object. */
  kinds(): Iterable<string> {
    return this.#byKind.keys();
  }

  ofKind(kind: string): Iterable<ObjectStatus> {
    return this.#byKind.get(kind)?.values() ?? [];
  }
}

export function kindOfKey(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

/** `namespace/name`. */
export function placeOfKey(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}
