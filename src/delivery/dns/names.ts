/** Domain names as they stand in packets (RFC 1035 3.1, 4.1.4), and as the text that tables are keyed by. */

const MAX_NAME_BYTES = 255;
const MAX_LABEL_BYTES = 63;
const HEADER_BYTES = 12;

const dot = 0x2e;
const backslash = 0x5c;

/**
 * Reads names one after the other, without making objects. After `read`, `wire` holds the name uncompressed, in the case
 * it was written in. A reader is for synchronous use by one owner.
 */
export class NameReader {
  readonly wire: Buffer = Buffer.alloc(MAX_NAME_BYTES);
  readonly #text: Buffer = Buffer.alloc(MAX_NAME_BYTES);
  length = 0;

  /**
   * Answers the offset behind the name where it stands, or -1 when it is no name. A pointer must go before everything
   * that was read for this name, so that no loop is possible.
   */
  read(packet: Uint8Array, start: number): number {
    let at = start;
    let earliest = start;
    let end = -1;
    let length = 0;
    for (;;) {
      const size = packet[at] ?? -1;
      if (size === 0) {
        if (length + 1 > MAX_NAME_BYTES) return -1;
        this.wire[length] = 0;
        this.length = length + 1;
        return end === -1 ? at + 1 : end;
      }
      if (size >= 0xc0) {
        const target = ((size & 0x3f) << 8) | (packet[at + 1] ?? 0);
        if (at + 1 >= packet.length || target >= earliest || target < HEADER_BYTES) return -1;
        if (end === -1) end = at + 2;
        earliest = target;
        at = target;
      } else {
        if (size < 0 || size > MAX_LABEL_BYTES || at + 1 + size >= packet.length) return -1;
        if (length + 1 + size >= MAX_NAME_BYTES) return -1;
        for (let step = 0; step <= size; step++) this.wire[length + step] = packet[at + step] ?? 0;
        length += 1 + size;
        at += 1 + size;
      }
    }
  }

  /** In lower case, without the dot at the end: empty for the root. What is no plain character is written `\046`. */
  text(): string {
    let at = 0;
    for (let left = 0, index = 0; index < this.length - 1; index++) {
      let code = this.wire[index] ?? 0;
      if (left === 0) {
        left = code;
        if (index > 0) this.#text[at++] = dot;
        continue;
      }
      left--;
      if (code <= 0x20 || code >= 0x7f || code === dot || code === backslash) return this.#escapedText();
      if (code >= 0x41 && code <= 0x5a) code |= 0x20;
      this.#text[at++] = code;
    }
    return this.#text.toString('latin1', 0, at);
  }

  #escapedText(): string {
    const labels: string[] = [];
    for (let at = 0; at < this.length - 1; at += 1 + (this.wire[at] ?? 0)) {
      const label = [...this.wire.subarray(at + 1, at + 1 + (this.wire[at] ?? 0))];
      labels.push(label.map(escapedCharacter).join(''));
    }
    return labels.join('.');
  }
}

function escapedCharacter(code: number): string {
  if (code <= 0x20 || code >= 0x7f || code === dot || code === backslash) return `\\${String(code).padStart(3, '0')}`;
  return String.fromCharCode(code).toLowerCase();
}

/** The bytes of a name of plain characters; undefined when it is too long or has an empty or too long label. */
export function nameBytes(text: string): Buffer | undefined {
  if (text === '') return Buffer.from([0]);
  if (text.length > MAX_NAME_BYTES - 2) return undefined;
  const bytes = Buffer.alloc(text.length + 2);
  let at = 0;
  for (const label of text.split('.')) {
    if (label === '' || label.length > MAX_LABEL_BYTES) return undefined;
    bytes[at] = label.length;
    bytes.write(label, at + 1, 'latin1');
    at += 1 + label.length;
  }
  return bytes;
}

/** Whether `name` is `suffix` or stands below it. */
export function isWithin(name: string, suffix: string): boolean {
  return (
    name.endsWith(suffix) && (name.length === suffix.length || name.charCodeAt(name.length - suffix.length - 1) === dot)
  );
}
