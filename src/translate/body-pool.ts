/**
 * Room for encoded messages, which are many, small and kept for long. An ArrayBuffer of its own costs more than most of
 * them hold, and Node's own pool lends the room between them to whatever is thrown away a moment later: a mesh of ten
 * thousand services then keeps 70 MB alive for 16 MB of messages.
 */

/** One message pins its slab, so that slabs are kept small: where messages come and go, few stay pinned for one. */
const slabBytes = 8192;
const largestShared = slabBytes / 4;

let slab = new Uint8Array(slabBytes);
let used = 0;

/** A copy of the bytes, for keeps. */
export function keepBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.length > largestShared) return new Uint8Array(bytes);
  if (used + bytes.length > slabBytes) {
    slab = new Uint8Array(slabBytes);
    used = 0;
  }
  const kept = slab.subarray(used, used + bytes.length);
  kept.set(bytes);
  used += bytes.length;
  return kept;
}
