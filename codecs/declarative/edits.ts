/** Replacements in the bytes of one frame, collected in any order and applied at once. Offsets are those before any. */
export class Edits {
  readonly #edits: { readonly at: number; readonly remove: number; readonly insert: Buffer }[] = [];
  /** By how many bytes the edits so far lengthen the frame; negative when they shorten it. */
  growth = 0;

  replace(at: number, remove: number, insert: Buffer): void {
    this.#edits.push({ at, remove, insert });
    this.growth += insert.length - remove;
  }

  /** bytes[start, end) with the edits made, in a new buffer. */
  apply(bytes: Buffer, start: number, end: number): Buffer {
    const pieces: Buffer[] = [];
    let copied = start;
    // Stable: insertions at one place keep the order in which they were asked for.
    for (const { at, remove, insert } of this.#edits.toSorted((a, b) => a.at - b.at)) {
      pieces.push(bytes.subarray(copied, at), insert);
      copied = at + remove;
    }
    pieces.push(bytes.subarray(copied, end));
    return Buffer.concat(pieces);
  }
}
