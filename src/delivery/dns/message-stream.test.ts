import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MessageStream, withLength } from './message-stream.ts';

it('messages are the same however their bytes are split', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  fc.assert(
    fc.property(messages, fc.array(fc.nat(300), { maxLength: 8 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map((message) => withLength(Buffer.from(message))));
      const borders = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const stream = new MessageStream(40);
      const received = borders.flatMap((border, at) => stream.push(bytes.subarray(borders[at - 1] ?? 0, border)) ?? []);
      expect(received.map((one) => [...one])).toEqual(sent.map((one) => [...one]));
    }),
  );
});

it('a message that is too long is refused before its bytes have come', () => {
  expect(new MessageStream(512).push(Buffer.from([2, 1]))).toBeUndefined();
  expect(new MessageStream(513).push(Buffer.from([2, 1]))).toEqual([]);
});
