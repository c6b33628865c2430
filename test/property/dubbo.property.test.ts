/** Bodies of Dubbo calls and results, with any arguments and attachments: what is read of them, and what a mutation keeps. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodecError, type Direction, Frame } from '../../codecs/codec.ts';
import { dubbo } from '../../codecs/dubbo/dubbo.ts';
import { callBody, dubboFrame } from '../../codecs/dubbo/dubbo-frames.ts';
import { writeString } from '../../codecs/dubbo/hessian-strings.ts';
import { HessianWalker } from '../../codecs/dubbo/hessian-walker.ts';
import { type HessianValue, HessianWriter, text } from '../../codecs/dubbo/hessian-writer.ts';
import { hessianValues } from './hessian-values.ts';

const walker = new HessianWalker();

describe('a Hessian 2 value', () => {
  it('is skipped to its end, whatever it holds and refers to', () => {
    fc.assert(
      fc.property(hessianValues, (values) => {
        const writer = new HessianWriter();
        const ends = values.map((value) => writer.write(value).bytes.length);
        const { bytes } = writer;
        walker.open(bytes, 0, bytes.length);
        for (const end of ends) {
          expect(walker.skip()).toBe(true);
          expect(walker.at).toBe(end);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('is not skipped when it ends too early', () => {
    fc.assert(
      fc.property(hessianValues, fc.nat(), ([value], cut) => {
        const { bytes } = value === undefined ? new HessianWriter() : new HessianWriter().write(value);
        const end = cut % bytes.length;
        // A copy, so that nothing behind it can be looked at.
        walker.open(Buffer.from(bytes.subarray(0, end)), 0, end);
        expect(walker.skip()).toBe(false);
        expect(walker.at).toBeLessThanOrEqual(end);
      }),
      { numRuns: 150 },
    );
  });
});

const key = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('tag', 'group', 'x'.repeat(40), 'é'),
);
/** Attachments as Java has them: string keys, any values, of which some stand among the arguments too. */
const attachments = fc.array(fc.tuple(key, fc.oneof(fc.string({ unit: 'binary' }), fc.nat(9))), { maxLength: 8 });
const mapType = fc.option(fc.constantFrom('java.util.TreeMap', 'a.B'), { nil: undefined });

interface Message {
  readonly direction: Direction;
  readonly values: readonly HessianValue[];
  readonly entries: readonly (readonly [string, string | HessianValue])[];
  readonly bytes: Buffer;
}

function mapOf(entries: Message['entries'], type: string | undefined): HessianValue {
  const pairs = entries.map(([name, value]) => [text(name), typeof value === 'string' ? text(value) : value] as const);
  return { is: 'map', entries: pairs, ...(type === undefined ? {} : { type }) };
}

const messages: fc.Arbitrary<Message> = fc
  .tuple(fc.constantFrom<Direction>('request', 'response'), hessianValues, attachments, mapType)
  .map(([direction, values, chosen, type]) => {
    const entries = chosen.map(([name, value]) => {
      const shared = typeof value === 'number' ? values[value % values.length] : undefined;
      return [name, shared ?? String(value)] as const;
    });
    const map = mapOf(entries, type);
    if (direction === 'request') {
      const descriptor = 'Ljava/lang/Object;'.repeat(values.length);
      const body = callBody({ descriptor, arguments: values, attachments: map });
      return { direction, values, entries, bytes: dubboFrame({ flags: 0xc2, body }) };
    }
    const [value = text('')] = values;
    const body = new HessianWriter().int(4).write(value).write(map).bytes;
    return { direction, values, entries, bytes: dubboFrame({ flags: 2, status: 20, body }) };
  });

function decode(bytes: Buffer, direction: Direction): Frame {
  const frame = new Frame();
  expect(dubbo.decoder(direction).decode(bytes, 0, bytes.length, frame)).toBe(true);
  expect(frame.length).toBe(bytes.length);
  return frame;
}

const maxTextBytes = 64 * 1024;

/** As Java reads a map: the last of a key counts. A value that is no string, or a very long one, is none here. */
function strings(entries: Message['entries']): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of entries) {
    const written = typeof value === 'string' ? value : value.is === 'string' ? value.text : undefined;
    if (written === undefined || writeString(written).length > maxTextBytes) found.delete(name);
    else found.set(name, written);
  }
  return found;
}

const isFixed = (name: string): boolean => dubbo.properties.names.includes(name);

describe('attachments', () => {
  it('are read by their keys behind any arguments, once and again', () => {
    fc.assert(
      fc.property(messages, ({ direction, entries, bytes }) => {
        const frame = decode(bytes, direction);
        const expected = strings(entries);
        for (let round = 0; round < 2; round++)
          for (const [name] of entries)
            if (!isFixed(name)) expect(dubbo.reader(name)(bytes, 0, frame)).toBe(expected.get(name));
        expect(dubbo.reader('not there')(bytes, 0, frame)).toBe(undefined);
        const listed = new Map(dubbo.list(bytes, 0, frame));
        for (const [name, value] of expected) if (!isFixed(name)) expect(listed.get(name)).toBe(value);
      }),
      { numRuns: 150 },
    );
  });

  it('are set, and all other bytes still mean what they meant', () => {
    const mutations = fc.array(fc.record({ key, value: fc.string({ unit: 'binary' }) }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(messages, mutations, (message, mutation) => {
        const { direction, entries, bytes } = message;
        const original = decode(bytes, direction);
        // As after a look at the routes: where the attachments are is known then, what stands before is not.
        if (mutation.length > 1) dubbo.reader('tag')(bytes, 0, original);
        const mutated = dubbo.mutate(bytes, 0, original, mutation);
        const frame = decode(mutated, direction);
        const expected = new Map([...strings(entries), ...mutation.map((set) => [set.key, set.value] as const)]);
        const names = [...entries.map(([name]) => name), ...expected.keys()].filter((name) => !isFixed(name));
        for (const name of names) expect(dubbo.reader(name)(mutated, 0, frame)).toBe(expected.get(name));
        expectWhole(mutated, message);
      }),
      { numRuns: 150 },
    );
  });

  it('are never read from damaged bodies with another error than the contract has', () => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.nat(255), fc.nat(), ({ direction, bytes }, place, byte, cut) => {
        const damaged = Buffer.from(bytes.subarray(0, bytes.length - (cut % 3 === 0 ? cut % (bytes.length - 16) : 0)));
        damaged.writeUInt32BE(damaged.length - 16, 12);
        if (damaged.length > 16) damaged[16 + (place % (damaged.length - 16))] = byte;
        const frame = decode(damaged, direction);
        dubbo.list(damaged, 0, frame);
        dubbo.reader('tag')(damaged, 0, frame);
        try {
          dubbo.mutate(damaged, 0, frame, [{ key: 'tag', value: 'v' }]);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** Walks through the whole body: each value is where it was, and nothing is left behind the map. */
function expectWhole(mutated: Buffer, { direction, values }: Message): void {
  walker.open(mutated, 16, mutated.length);
  const head = direction === 'request' ? 5 : 1;
  const count = direction === 'request' ? values.length : 1;
  for (let index = 0; index < head + count + 1; index++) expect(walker.skip()).toBe(true);
  expect(walker.at).toBe(mutated.length);
}
