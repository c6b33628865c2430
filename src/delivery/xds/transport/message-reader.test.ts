import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MessageReader } from './message-reader.ts';

const framed = (message: Uint8Array): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};

test('any split of the bytes gives the same messages', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 });
  fc.assert(
    fc.property(messages, fc.array(fc.nat({ max: 20 })), (given, cuts) => {
      const bytes = Buffer.concat(given.map(framed));
      const reader = new MessageReader(50);
      const read: Buffer[] = [];
      let at = 0;
      for (const length of [...cuts, bytes.length]) {
        expect(
          reader.read(bytes.subarray(at, at + length), (message) => read.push(Buffer.from(message))),
        ).toBeUndefined();
        at = Math.min(at + length, bytes.length);
      }
      expect(read).toEqual(given.map((message) => Buffer.from(message)));
    }),
  );
});

test('a message beyond the limit is refused by its prefix alone', () => {
  const reader = new MessageReader(10);
  expect(reader.read(Buffer.from([0, 0, 0, 0, 11]), () => {})).toMatchObject({ code: 8 });
});

test('a compressed message is refused', () => {
  const reader = new MessageReader(10);
  expect(reader.read(Buffer.from([1, 0, 0, 0, 1, 0]), () => {})).toMatchObject({ code: 12 });
});
