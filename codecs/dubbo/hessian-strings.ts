/**
 * Strings of Hessian 2. Their lengths count UTF-16 code units: how many bytes they take is not known before they have
 * been read. Surrogates are two sequences of three bytes each, or, from newer writers, one of four: both are read.
 *
 *   00-1f so many units | 30-33 b: ten bits of length | R u16: a chunk, more follow | S u16: the last chunk
 */

const opcode = { chunk: 0x52, last: 0x53, medium: 0x30 } as const;
const shortUnits = 0x1f;
const mediumUnits = 0x3ff;
const chunkUnits = 0x8000;
/** A longer text is walked over, but never made into a string. */
const maxTextBytes = 64 * 1024;

export function isStringOpcode(code: number): boolean {
  return code <= shortUnits || (code >= 0x30 && code <= 0x33) || code === opcode.chunk || code === opcode.last;
}

/** Behind `units` UTF-16 code units that begin at `from`; -1 where there are fewer before `end`. */
function unitsEnd(bytes: Buffer, from: number, end: number, units: number): number {
  let at = from;
  let left = units;
  if (left > end - at) return -1;
  while (left > 0 && at < end) {
    const lead = bytes[at] ?? 0;
    if (lead < 0x80) at++;
    else if (lead < 0xe0) at += 2;
    else if (lead < 0xf0) at += 3;
    else {
      at += 4;
      left--;
    }
    left--;
  }
  return left === 0 && at <= end ? at : -1;
}

/** Where a chunk's text begins, and how many units it has; one object is reused for many chunks. */
class ChunkHead {
  textAt = 0;
  units = 0;
  isLast = true;

  /** False where no chunk of a string begins. */
  read(bytes: Buffer, at: number, end: number): boolean {
    if (at >= end) return false;
    const code = bytes[at] ?? 0;
    this.isLast = code !== opcode.chunk;
    if (code <= shortUnits) {
      this.textAt = at + 1;
      this.units = code;
    } else if (code >= 0x30 && code <= 0x33) {
      this.textAt = at + 2;
      this.units = ((code - opcode.medium) << 8) | (bytes[at + 1] ?? 0);
    } else if (code === opcode.chunk || code === opcode.last) {
      this.textAt = at + 3;
      this.units = ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    } else return false;
    return this.textAt <= end;
  }
}

const head = new ChunkHead();

/** Behind the string that begins at `at`; -1 where there is none. */
export function stringEnd(bytes: Buffer, at: number, end: number): number {
  let next = at;
  do {
    if (!head.read(bytes, next, end)) return -1;
    next = unitsEnd(bytes, head.textAt, end, head.units);
    if (next < 0) return -1;
  } while (!head.isLast);
  return next;
}

/** The string in bytes[at, end), of which it takes all; undefined where it does not, or takes more than 64 KiB. */
export function readString(bytes: Buffer, at: number, end: number): string | undefined {
  if (end - at > maxTextBytes || !head.read(bytes, at, end)) return undefined;
  const { textAt, units } = head;
  // As many bytes as units: all of them are ASCII.
  if (head.isLast && end - textAt === units) return bytes.toString('latin1', textAt, end);
  return readChunks(bytes, at, end);
}

function readChunks(bytes: Buffer, at: number, end: number): string | undefined {
  const texts: string[] = [];
  let next = at;
  do {
    if (!head.read(bytes, next, end)) return undefined;
    next = unitsEnd(bytes, head.textAt, end, head.units);
    if (next < 0) return undefined;
    texts.push(decodeText(bytes.subarray(head.textAt, next)));
  } while (!head.isLast);
  return next === end ? texts.join('') : undefined;
}

/** UTF-8, in which surrogates may stand as three bytes each: what decodeText makes of those, two at a time, is a character. */
function decodeText(text: Buffer): string {
  if (!hasSurrogates(text)) return text.toString('utf8');
  let decoded = '';
  let plainFrom = 0;
  for (let index = 0; index < text.length; index++) {
    if (!isSurrogateAt(text, index)) continue;
    const unit = 0xd000 | (((text[index + 1] ?? 0) & 0x3f) << 6) | ((text[index + 2] ?? 0) & 0x3f);
    decoded += text.toString('utf8', plainFrom, index) + String.fromCharCode(unit);
    index += 2;
    plainFrom = index + 1;
  }
  return decoded + text.toString('utf8', plainFrom);
}

function hasSurrogates(text: Buffer): boolean {
  for (let index = text.indexOf(0xed); index >= 0; index = text.indexOf(0xed, index + 1))
    if (isSurrogateAt(text, index)) return true;
  return false;
}

function isSurrogateAt(text: Buffer, index: number): boolean {
  return text[index] === 0xed && (text[index + 1] ?? 0) >= 0xa0 && index + 2 < text.length;
}

/** A string as Java's writers write it: surrogates as three bytes each, chunks of at most 32,768 units. */
export function writeString(text: string): Buffer {
  const pieces: Buffer[] = [];
  let from = 0;
  while (text.length - from > chunkUnits) {
    // A chunk does not end within a pair.
    const isInPair = (text.charCodeAt(from + chunkUnits - 1) & 0xfc00) === 0xd800;
    const units = isInPair ? chunkUnits - 1 : chunkUnits;
    pieces.push(Buffer.from([opcode.chunk, units >> 8, units & 0xff]), encodeText(text.slice(from, from + units)));
    from += units;
  }
  pieces.push(lastHead(text.length - from), encodeText(text.slice(from)));
  return Buffer.concat(pieces);
}

function lastHead(units: number): Buffer {
  if (units <= shortUnits) return Buffer.from([units]);
  if (units <= mediumUnits) return Buffer.from([opcode.medium | (units >> 8), units & 0xff]);
  return Buffer.from([opcode.last, units >> 8, units & 0xff]);
}

function encodeText(text: string): Buffer {
  if (!/[\ud800-\udfff]/.test(text)) return Buffer.from(text);
  const bytes = Buffer.alloc(3 * text.length);
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) bytes[at++] = unit;
    else {
      if (unit < 0x800) bytes[at++] = 0xc0 | (unit >> 6);
      else {
        bytes[at++] = 0xe0 | (unit >> 12);
        bytes[at++] = 0x80 | ((unit >> 6) & 0x3f);
      }
      bytes[at++] = 0x80 | (unit & 0x3f);
    }
  }
  return bytes.subarray(0, at);
}
