/**
 * A list of applications in JSON, taken apart byte by byte as it comes, so that no more than one instance of it is ever
 * held. What Eureka's two JSON libraries write differs: where there is one element there may be no array around it, and
 * members have no order.
 *
 *   { applications: { apps__hashcode, versions__delta, application: [ { name, instance: [ {...}, ... ] }, ... ] } }
 */
import { IsthmusError } from '../../../model/errors.ts';

export interface ListHead {
  /** Number of instances by status, such as UP_3_; undefined where the server does not say. */
  readonly hash: string | undefined;
  /** Of deltas: grows for as long as a server lives. */
  readonly version: number;
}

/** The text of an instance, and the name of its application where that came before it. */
export type TakeInstance = (text: string, application: string | undefined) => void;

/** There was an instance that is too large to be looked at. */
export type SkipInstance = (application: string | undefined) => void;

type Role = 'root' | 'applications' | 'application' | 'instance' | 'other';

interface Frame {
  /** Of the object, or of the elements of the array. */
  readonly role: Role;
  readonly isArray: boolean;
  key: string;
}

/** What a member of an object with some role is. */
const members: Readonly<Record<string, Role>> = {
  'root applications': 'applications',
  'applications application': 'application',
  'application instance': 'instance',
};

const maxInstanceBytes = 1 << 20;
/** The innermost is the array of instances; roles follow upon one another, so that nothing deeper can be a list. */
const maxDepth = 6;
/** Of keys, names and numbers. */
const maxScalarBytes = 1 << 13;

const [quote, backslash, comma, colon, openObject, closeObject, openArray, closeArray] = [...'"\\,:{}[]'].map((one) =>
  one.charCodeAt(0),
);

export class ApplicationsScanner {
  readonly #take: TakeInstance;
  readonly #skipped: SkipInstance;
  readonly #stack: Frame[] = [];
  /** 'start': a value or a key may come. 'nested': within an instance, or what nobody needs. 'done': nothing more may come. */
  #state: 'start' | 'string' | 'word' | 'nested' | 'done' = 'start';
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isKept = false;
  #isTooLong = false;
  #parts: Buffer[] = [];
  #bytes = 0;
  #expectsKey = false;
  #application: string | undefined;
  #hash: string | undefined;
  #version = 0;
  #isFound = false;

  constructor(take: TakeInstance, skipped: SkipInstance = () => {}) {
    this.#take = take;
    this.#skipped = skipped;
  }

  /** Throws for what is no such list. */
  write(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#state === 'nested') at = this.#skip(chunk, at);
      else if (this.#state === 'string') at = this.#string(chunk, at);
      else if (this.#state === 'word') at = this.#word(chunk, at);
      else at = this.#step(chunk, at);
    }
  }

  /** Undefined where it is JSON without a list, as a server without deltas has it. Throws where the end is missing. */
  end(): ListHead | undefined {
    if (this.#state === 'word') this.#endWord();
    if (this.#state !== 'done') throw new IsthmusError('UNAVAILABLE', 'the answer is cut off');
    return this.#isFound ? { hash: this.#hash, version: this.#version } : undefined;
  }

  #step(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? 0;
    if (byte <= 0x20) return at + 1;
    if (this.#state === 'done') throw notJson();
    const top = this.#stack.at(-1);
    if (byte === openObject || byte === openArray) return this.#open(byte === openArray, at);
    if (byte === quote) this.#keep('string');
    else if (byte === closeObject || byte === closeArray) this.#close(byte === closeArray);
    else if (byte === comma && top !== undefined) this.#expectsKey = !top.isArray;
    else if (byte === colon && top !== undefined) this.#expectsKey = false;
    else if (isWordByte(byte)) {
      this.#keep('word');
      return at;
    } else throw notJson();
    return at + 1;
  }

  #open(isArray: boolean, at: number): number {
    const role = this.#roleOfValue();
    if (role === 'other' || (role === 'instance' && !isArray)) {
      this.#isKept = role === 'instance';
      this.#keep('nested');
      this.#depth = 0;
      return at;
    }
    if (isArray && (role === 'root' || this.#stack.at(-1)?.isArray === true)) throw notJson();
    if (this.#stack.length >= maxDepth) throw notJson();
    if (role === 'applications') this.#isFound = true;
    if (role === 'application' && !isArray) this.#application = undefined;
    this.#stack.push({ role, isArray, key: '' });
    this.#expectsKey = !isArray;
    return at + 1;
  }

  #roleOfValue(): Role {
    const top = this.#stack.at(-1);
    if (top === undefined) return 'root';
    return top.isArray ? top.role : (members[`${top.role} ${top.key}`] ?? 'other');
  }

  #close(isArray: boolean): void {
    if (this.#stack.pop()?.isArray !== isArray) throw notJson();
    this.#expectsKey = false;
    if (this.#stack.length === 0) this.#state = 'done';
  }

  /** To the end of an object or array whose structure nobody needs here. */
  #skip(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === backslash) this.#isEscaped = true;
        else if (byte === quote) this.#isInString = false;
      } else if (byte === quote) this.#isInString = true;
      else if (byte === openObject || byte === openArray) this.#depth++;
      else if ((byte === closeObject || byte === closeArray) && --this.#depth === 0) {
        if (this.#isKept) this.#hold(chunk.subarray(from, at + 1), maxInstanceBytes);
        this.#state = 'start';
        if (this.#isKept) this.#hand();
        return at + 1;
      }
    }
    if (this.#isKept) this.#hold(chunk.subarray(from), maxInstanceBytes);
    return chunk.length;
  }

  #string(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === backslash) this.#isEscaped = true;
      else if (byte === quote) {
        this.#hold(chunk.subarray(from, at), maxScalarBytes);
        this.#state = 'start';
        this.#scalar(this.#isTooLong ? undefined : parse(`"${this.#text()}"`));
        return at + 1;
      }
    }
    this.#hold(chunk.subarray(from), maxScalarBytes);
    return chunk.length;
  }

  #word(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && isWordByte(chunk[at] ?? 0)) at++;
    this.#hold(chunk.subarray(from, at), maxScalarBytes);
    if (this.#isTooLong) throw notJson();
    if (at < chunk.length) this.#endWord();
    return at;
  }

  #endWord(): void {
    this.#state = 'start';
    this.#scalar(parse(this.#text()));
  }

  #scalar(value: unknown): void {
    const top = this.#stack.at(-1);
    if (top === undefined) {
      // What a server without deltas may answer.
      if (value !== null) throw notJson();
      this.#state = 'done';
      return;
    }
    if (this.#expectsKey) {
      top.key = textOf(value) ?? '';
      return;
    }
    if (top.isArray) return;
    if (top.role === 'application' && top.key === 'name') this.#application = textOf(value);
    if (top.role !== 'applications') return;
    if (top.key === 'apps__hashcode') this.#hash = textOf(value) ?? this.#hash;
    if (top.key === 'versions__delta') this.#version = Number(value) || 0;
  }

  #keep(state: 'string' | 'word' | 'nested'): void {
    this.#state = state;
    this.#parts = [];
    this.#bytes = 0;
    this.#isTooLong = false;
    this.#isInString = false;
    this.#isEscaped = false;
  }

  #hand(): void {
    if (this.#isTooLong) this.#skipped(this.#application);
    else this.#take(this.#text(), this.#application);
  }

  /** What is too long is let go of, and its end awaited: who registered it must not hide all others. */
  #hold(part: Buffer, most: number): void {
    this.#bytes += part.length;
    if (this.#bytes > most) {
      this.#isTooLong = true;
      this.#parts = [];
    } else this.#parts.push(part);
  }

  #text(): string {
    const [only] = this.#parts;
    const text = (this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts)).toString();
    this.#parts = [];
    return text;
  }
}

/** Of a number, true, false, or null. */
function isWordByte(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a) || [0x2b, 0x2d, 0x2e, 0x45].includes(byte);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notJson();
  }
}

function notJson(): IsthmusError {
  return new IsthmusError('UNAVAILABLE', 'the server answers no list of applications in JSON: is it Eureka?');
}
