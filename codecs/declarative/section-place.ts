/** Where a section begins and ends in a frame. Every part is found once a walk, however deep sections stand in others. */
import { type EntryFormat, measureEntries } from './entries.ts';
import type { Integer } from './integers.ts';
import type { Limits } from './limits.ts';
import { ByteRange, type Evaluate, type Locate, type LocateRange } from './values.ts';

export interface SectionLength {
  readonly integer: Integer;
  /** Where it stands in the fixed header; undefined when it stands right before the content. */
  readonly offset: number | undefined;
  /** Bytes of content = value * unit + adjust. */
  readonly adjust: number;
  readonly unit: number;
}

export interface SectionPlace {
  /** The first byte, a length right before the content included. */
  readonly begin: Locate;
  /** Where the next thing stands. */
  readonly after: Locate;
  /** The content; false when the section is not in this frame, or does not fit into it. */
  readonly range: LocateRange;
  /** The content, empty when the section is not in this frame; false when it does not fit into it. */
  readonly extent: LocateRange;
  /** Whether the frame has it, by its condition and that of the sections around it; undefined for every frame. */
  readonly given: Evaluate | undefined;
}

interface Placing {
  /** Undefined for the start of the section around it. */
  readonly after: Locate | undefined;
  readonly parent: SectionPlace | undefined;
  readonly condition: Evaluate | undefined;
  readonly length: SectionLength | undefined;
  readonly size: number | undefined;
  readonly entries: EntryFormat | undefined;
  readonly limits: Limits;
}

export function placeSection(placing: Placing): SectionPlace {
  const { after, parent, condition, length } = placing;
  const given = both(parent?.given, condition);
  const prefix = length?.offset === undefined ? length?.integer : undefined;
  const measure = measureOf(placing);
  const outer = new ByteRange();
  const extent: LocateRange = (bytes, start, end, side, found) => {
    if (parent !== undefined && !parent.extent(bytes, start, end, side, outer)) return false;
    const limit = parent === undefined ? end : outer.to;
    const at = after === undefined ? outer.from : after(bytes, start, end, side);
    if (at < 0 || at > limit) return false;
    found.from = found.to = at;
    if (given !== undefined && given(bytes, start, end, side) === 0) return true;
    const prefixSize = prefix === undefined ? 0 : prefix.size(bytes, at, limit);
    if (prefixSize < 0) return false;
    found.from = at + prefixSize;
    found.to = measure(bytes, start, at, found.from, limit);
    return found.to >= found.from && found.to <= limit;
  };
  return {
    begin: after ?? startOf(parent),
    after: endOf(extent),
    extent,
    range:
      given === undefined
        ? extent
        : (bytes, start, end, side, found) =>
            given(bytes, start, end, side) !== 0 && extent(bytes, start, end, side, found),
    given,
  };
}

function both(one: Evaluate | undefined, other: Evaluate | undefined): Evaluate | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return (bytes, start, end, side) => (one(bytes, start, end, side) && other(bytes, start, end, side) ? 1 : 0);
}

function startOf(parent: SectionPlace | undefined): Locate {
  const found = new ByteRange();
  return (bytes, start, end, side) => (parent?.extent(bytes, start, end, side, found) ? found.from : -1);
}

function endOf(extent: LocateRange): Locate {
  const found = new ByteRange();
  return (bytes, start, end, side) => (extent(bytes, start, end, side, found) ? found.to : -1);
}

/** The content's end, which may be anything: whoever calls checks it. */
type Measure = (bytes: Buffer, start: number, begin: number, from: number, limit: number) => number;

function measureOf({ length, size, entries, limits }: Placing): Measure {
  if (length !== undefined) {
    const { integer, offset, adjust, unit } = length;
    if (offset !== undefined) {
      return (bytes, start, _begin, from) => from + integer.read(bytes, start + offset) * unit + adjust;
    }
    return (bytes, _start, begin, from) => from + integer.read(bytes, begin) * unit + adjust;
  }
  if (size !== undefined) return (_bytes, _start, _begin, from) => from + size;
  if (entries?.selfDelimiting !== true) return (_bytes, _start, _begin, _from, limit) => limit;
  return (bytes, _start, _begin, from, limit) =>
    measureEntries(entries, bytes, from, Math.min(limit, from + limits.maxHeader));
}
