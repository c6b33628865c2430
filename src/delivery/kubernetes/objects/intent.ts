/** What is wanted of one object, as it is compared with what is there and sent. */
import { canonicalText, digestOf } from './live-object.ts';
import type { WantedObject } from './wanted-object.ts';

/** An object of 1.5 MB is more than the store takes, and who manages which field is stored with it. */
export const longestObjectBytes = 1_000_000;

/** Measured when it is first asked for: not all that is wanted is ever compared. */
export class Intent {
  readonly object: WantedObject;
  #measured: { readonly digest: string; readonly bytes: number } | undefined;

  constructor(object: WantedObject) {
    this.object = object;
  }

  get digest(): string {
    return this.#measure().digest;
  }

  get bytes(): number {
    return this.#measure().bytes;
  }

  /** `identity`: what tells the very object, where there has to be one. */
  body(apiVersion: string, identity: { readonly uid?: string; readonly resourceVersion?: string }): object {
    const { kind, metadata, spec } = this.object;
    const { name, namespace } = metadata;
    return { apiVersion, kind, metadata: { name, namespace, ...ownMetadata(this.object), ...identity }, spec };
  }

  #measure(): { readonly digest: string; readonly bytes: number } {
    if (this.#measured !== undefined) return this.#measured;
    const owned = { metadata: ownMetadata(this.object), spec: this.object.spec };
    this.#measured = { digest: digestOf(owned), bytes: Buffer.byteLength(canonicalText(owned)) };
    return this.#measured;
  }
}

function ownMetadata({ metadata: { labels, annotations } }: WantedObject): object {
  return {
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}
