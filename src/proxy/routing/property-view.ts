/**
 * The properties of one frame, read when first asked for and at most once. Which properties can be asked for is known
 * when configuration is bound to a codec: each gets a number, and reading is an array access.
 */
import type { Codec, Frame, PropertyReader } from '../../../codecs/codec.ts';

export class PropertyView {
  readonly #codec: Codec;
  readonly #numbers = new Map<string, number>();
  readonly #readers: PropertyReader[] = [];
  readonly #values: (string | undefined)[] = [];
  /** Which look at a frame a value is from. */
  readonly #seen: number[] = [];
  #look = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #frame: Frame | undefined;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** The number under which `read` knows the property. */
  number(property: string): number {
    let number = this.#numbers.get(property);
    if (number === undefined) {
      number = this.#readers.push(reader(this.#codec, property)) - 1;
      this.#values.push(undefined);
      this.#seen.push(-1);
      this.#numbers.set(property, number);
    }
    return number;
  }

  /** Turns to another frame. */
  open(bytes: Buffer, start: number, frame: Frame): void {
    this.#look++;
    this.#bytes = bytes;
    this.#start = start;
    this.#frame = frame;
  }

  read(number: number): string | undefined {
    if (this.#seen[number] === this.#look) return this.#values[number];
    const frame = this.#frame;
    const value = frame === undefined ? undefined : this.#readers[number]?.(this.#bytes, this.#start, frame);
    this.#seen[number] = this.#look;
    this.#values[number] = value;
    return value;
  }
}

/** The exact name first; else, as the reference compares names in lower case, one that differs in case only. */
function reader(codec: Codec, property: string): PropertyReader {
  const { names, open } = codec.properties;
  const lower = property.toLowerCase();
  const exact = names.includes(property) ? property : (names.find((name) => name.toLowerCase() === lower) ?? property);
  const first = codec.reader(exact);
  if (!open || names.includes(exact) || lower === exact) return first;
  const second = codec.reader(lower);
  return (bytes, start, frame) => first(bytes, start, frame) ?? second(bytes, start, frame);
}
