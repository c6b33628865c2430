/**
 * Values by integers of 32 bits that are spread well, such as hashes. Entries stand in the order in which they came; an
 * open table, at most half full, says which entry an integer has.
 *
 * A Map takes tens of thousands of entries at less than half of this speed. It cannot be told how many will come, so it
 * grows over and over, and reads every key that is a text from memory again whenever it does.
 */
export class IntegerMap<T> {
  /** The entry of an integer, plus one; 0 for none. As long as a power of two. */
  #places = new Int32Array(16);
  #integers = new Int32Array(8);
  /** Undefined where an entry was deleted: it keeps its place until the next rebuild, so that searches go on behind it. */
  #values: (T | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Makes room for so many more. */
  reserve(more: number): void {
    if (this.#values.length + more > this.#integers.length) this.#rebuild(this.#size + more);
  }

  get(integer: number): T | undefined {
    const entry = this.#entryAt(this.#placeOf(integer));
    return entry === -1 ? undefined : this.#values[entry];
  }

  /** Sets what has no value yet; otherwise leaves it and gives what it has. */
  add(integer: number, value: T): T | undefined {
    let place = this.#placeOf(integer);
    const entry = this.#entryAt(place);
    if (entry !== -1) {
      const before = this.#values[entry];
      if (before !== undefined) return before;
      this.#values[entry] = value;
    } else {
      if (this.#values.length === this.#integers.length) {
        // Twice of what lives, so that deletions and additions in turn do not rebuild it each time.
        this.#rebuild(2 * this.#size);
        place = this.#placeOf(integer);
      }
      this.#append(integer, value, place);
    }
    this.#size++;
    return undefined;
  }

  set(integer: number, value: T): void {
    if (this.add(integer, value) === undefined) return;
    this.#values[this.#entryAt(this.#placeOf(integer))] = value;
  }

  delete(integer: number): void {
    const entry = this.#entryAt(this.#placeOf(integer));
    if (entry === -1 || this.#values[entry] === undefined) return;
    this.#values[entry] = undefined;
    this.#size--;
  }

  *[Symbol.iterator](): Iterator<readonly [number, T]> {
    for (const [entry, value] of this.#values.entries()) {
      if (value !== undefined) yield [(this.#integers[entry] ?? 0) >>> 0, value];
    }
  }

  /** Where the integer stands, or would. */
  #placeOf(integer: number): number {
    const wanted = integer | 0;
    const last = this.#places.length - 1;
    let place = wanted & last;
    for (let entry = this.#entryAt(place); entry !== -1 && this.#integers[entry] !== wanted; ) {
      place = (place + 1) & last;
      entry = this.#entryAt(place);
    }
    return place;
  }

  #entryAt(place: number): number {
    return (this.#places[place] ?? 0) - 1;
  }

  #append(integer: number, value: T, place: number): void {
    this.#integers[this.#values.length] = integer;
    this.#places[place] = this.#values.push(value);
  }

  /** With room for so many entries, and without those that were deleted. */
  #rebuild(room: number): void {
    let places = 16;
    while (places < 2 * room) places *= 2;
    const [integers, values] = [this.#integers, this.#values];
    this.#places = new Int32Array(places);
    this.#integers = new Int32Array(places / 2);
    this.#values = [];
    for (const [entry, value] of values.entries()) {
      const integer = integers[entry] ?? 0;
      if (value !== undefined) this.#append(integer, value, this.#placeOf(integer));
    }
  }
}
