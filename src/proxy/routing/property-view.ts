/**
 * The properties of one frame, read when first asked for and at most once. Which properties can be asked for is known
 * when configuration is bound to a codec: each gets a number, and reading is an array access.
 */
import type { Codec, Frame, OtherReading, PropertyReader } from '../../../codecs/codec.ts';

export class PropertyView {
  readonly #codec: Codec;
  readonly #numbers = new Map<string, number>();
  /** By their number, as the codec writes them. */
  readonly #names: string[] = [];
  readonly #readers: PropertyReader[] = [];
  readonly #values: (string | undefined)[] = [];
  /** Which look at a frame a value is from. */
  readonly #seen: number[] = [];
  #look = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #frame: Frame | undefined;
  #instead: OtherReading | undefined;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** The number under which `read` knows the property. */
  number(property: string): number {
    let number = this.#numbers.get(property);
    if (number === undefined) {
      const exact = exactName(this.#codec, property);
      number = this.#readers.push(reader(this.#codec, exact)) - 1;
      this.#names.push(exact);
      this.#values.push(undefined);
      this.#seen.push(-1);
      this.#numbers.set(property, number);
    }
    return number;
  }

  /** Turns to another frame, or to another reading of one. */
  open(bytes: Buffer, start: number, frame: Frame, instead?: OtherReading): void {
    this.#look++;
    this.#instead = instead;
    this.#bytes = bytes;
    this.#start = start;
    this.#frame = frame;
  }

  read(number: number): string | undefined {
    if (this.#seen[number] === this.#look) return this.#values[number];
    const value = this.#readAnew(number);
    this.#seen[number] = this.#look;
    this.#values[number] = value;
    return value;
  }

  #readAnew(number: number): string | undefined {
    const name = this.#names[number];
    if (name !== undefined && this.#instead?.has(name) === true) return this.#instead.get(name);
    const frame = this.#frame;
    return frame === undefined ? undefined : this.#readers[number]?.(this.#bytes, this.#start, frame);
  }
}

/** A name that the codec knows beforehand, in its case. */
function exactName({ properties: { names } }: Codec, property: string): string {
  const lower = property.toLowerCase();
  return names.includes(property) ? property : (names.find((name) => name.toLowerCase() === lower) ?? property);
}

/** The exact name first; else, as the reference compares names in lower case, one that differs in case only. */
function reader(codec: Codec, exact: string): PropertyReader {
  const { names, open } = codec.properties;
  const lower = exact.toLowerCase();
  const first = codec.reader(exact);
  if (!open || names.includes(exact) || lower === exact) return first;
  const second = codec.reader(lower);
  return (bytes, start, frame) => first(bytes, start, frame) ?? second(bytes, start, frame);
}
