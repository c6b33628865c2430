/**
 * The version of a set of resources: a sum of one 64-bit hash for each name and version. Being a sum it is kept up to
 * date by what changed alone, does not depend on order, and is equal on each replica that serves the same.
 */
export const versionLength = 16;

/** FNV-1a over the two texts, then murmur's finisher, without which sums of similar names would collide. */
function mix(seed: number, name: string, version: string): number {
  let hash = seed;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ 0x1ffff, 0x01000193);
  for (let i = 0; i < version.length; i++) hash = Math.imul(hash ^ version.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

interface Hash {
  readonly name: string;
  readonly version: string;
  readonly high: number;
  readonly low: number;
}

function hashOf(name: string, version: string): Hash {
  return { name, version, high: mix(0x811c9dc5, name, version), low: mix(0x2f0b4a27, name, version) };
}

function textOf(high: number, low: number): { readonly high: number; readonly low: number; readonly text: string } {
  return { high, low, text: high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0') };
}

/** What was hashed last to be added, and to be removed: a thousand streams are told of one change in a row. */
let added = hashOf('', '');
let removed = added;
/** And what was written last: all of them hold the same then. */
let written = textOf(0, 0);

export class ContentDigest {
  #high = 0;
  #low = 0;

  add(name: string, version: string): void {
    if (added.version !== version || added.name !== name) added = hashOf(name, version);
    this.#high = (this.#high + added.high) >>> 0;
    this.#low = (this.#low + added.low) >>> 0;
  }

  remove(name: string, version: string): void {
    if (removed.version !== version || removed.name !== name) removed = hashOf(name, version);
    this.#high = (this.#high - removed.high) >>> 0;
    this.#low = (this.#low - removed.low) >>> 0;
  }

  /** Sixteen hexadecimal digits; all zero for an empty set. */
  toString(): string {
    if (written.high !== this.#high || written.low !== this.#low) written = textOf(this.#high, this.#low);
    return written.text;
  }
}
