/**
 * Frames that were just written, so that a thousand streams which get the same resources share one buffer. An entry is
 * found by its content, never by a hash alone, so that a stream cannot get what was made for another.
 */
import type { EncodedResource } from './resource-source.ts';
import { type Dialect, frameOf, type ResponseContent } from './response-frame.ts';

interface Entry {
  readonly dialect: Dialect;
  readonly content: ResponseContent;
  readonly frame: Buffer;
}

/** Beyond this many bytes the oldest frames go; they stay alive where streams still send them. */
const DEFAULT_CAPACITY = 64 * 1024 * 1024;
/** Entries that begin alike: more than a few would make the search cost more than the encoding. */
const MAX_ALIKE = 16;

export class FrameCache {
  readonly #entries = new Map<EncodedResource, Entry[]>();
  readonly #capacity: number;
  readonly #controlPlane: string;
  #bytes = 0;

  constructor(controlPlane: string, capacity = DEFAULT_CAPACITY) {
    this.#controlPlane = controlPlane;
    this.#capacity = capacity;
  }

  frame(dialect: Dialect, content: ResponseContent): Buffer {
    const [first] = content.resources;
    if (first === undefined) return frameOf(dialect, content, this.#controlPlane);
    const alike = this.#entries.get(first) ?? [];
    const known = alike.find((entry) => entry.dialect === dialect && sameContent(entry.content, content));
    if (known !== undefined) return known.frame;
    const frame = frameOf(dialect, content, this.#controlPlane);
    this.#keep(first, alike, { dialect, content, frame });
    return frame;
  }

  /** Called when no push is pending: what comes next is other content. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #keep(first: EncodedResource, alike: Entry[], entry: Entry): void {
    if (this.#bytes + entry.frame.length > this.#capacity) this.clear();
    if (alike.length >= MAX_ALIKE || entry.frame.length > this.#capacity) return;
    alike.push(entry);
    this.#entries.set(first, alike);
    this.#bytes += entry.frame.length;
  }
}

function sameContent(a: ResponseContent, b: ResponseContent): boolean {
  return a.typeUrl === b.typeUrl && sameItems(a.resources, b.resources) && sameItems(a.removed, b.removed);
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((item, index) => item === b[index]));
}
