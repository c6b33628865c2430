/** Finds the reader of a property by its name, once per route table, and lists all properties of a frame. */
import type { Codec, Frame, PropertyReader } from '../codec.ts';
import { listEntries } from './entries.ts';
import { entryReader, firstPresent, type Properties, type ReadText } from './properties.ts';
import { ByteRange } from './values.ts';

export type PropertyAccess = Pick<Codec, 'properties' | 'reader' | 'list'>;

export function propertyAccess({ named, open }: Properties, trailerSize: number): PropertyAccess {
  const known = open.flatMap(({ prefix, map }) => (map.entries.names ?? []).map((name) => prefix + name));
  const endOf = (start: number, frame: Frame): number => start + frame.length - trailerSize;
  const asReader =
    (read: ReadText): PropertyReader =>
    (bytes, start, frame) =>
      read(bytes, start, endOf(start, frame), frame.d);
  return {
    properties: {
      names: [...named.map(({ name }) => name), ...known],
      open: open.some(({ map }) => map.entries.names === undefined),
    },
    reader: (property) => {
      // A property that the protocol declares wins over a key that a peer chose to send.
      const folded = property.toLowerCase();
      const declared =
        named.find(({ name }) => name === property) ?? named.find(({ name }) => name.toLowerCase() === folded);
      if (declared !== undefined) return asReader(declared.read);
      const reads = open
        .filter(({ prefix }) => folded.startsWith(prefix.toLowerCase()))
        .map(({ prefix, map }) => entryReader(map, map.entries.matcher(property.slice(prefix.length))));
      return asReader(firstPresent(reads));
    },
    list: (bytes, start, frame) => {
      const end = endOf(start, frame);
      const range = new ByteRange();
      const listed: [string, string][] = [];
      for (const { prefix, map } of open) {
        if (!map.range(bytes, start, end, frame.d, range)) continue;
        for (const [key, value] of listEntries(map.entries, bytes, range.from, range.to))
          listed.push([prefix + key, value]);
      }
      for (const { name, read } of named) {
        const value = read(bytes, start, end, frame.d);
        if (value !== undefined) listed.push([name, value]);
      }
      return listed;
    },
  };
}
