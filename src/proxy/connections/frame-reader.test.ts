import fc from 'fast-check';
import { expect, it } from 'vitest';
import { awesomerpc } from '../../../codecs/awesomerpc/awesomerpc.ts';
import type { Decoder, Frame } from '../../../codecs/codec.ts';
import { FrameReader } from './frame-reader.ts';

function packet(id: number, length: number): Buffer {
  const bytes = Buffer.alloc(13 + length, id & 0xff);
  bytes.writeUInt32BE(id, 1);
  bytes.writeUInt32BE(bytes.length, 5);
  return bytes;
}

/** Frames that end with a line feed: their length is known only when they are complete. */
const lines: Decoder = {
  decode: (bytes, start, end, frame) => {
    const at = bytes.indexOf(10, start);
    frame.needed = 0;
    if (at < 0 || at >= end) return false;
    frame.length = at + 1 - start;
    return true;
  },
};

interface Collected {
  readonly reader: FrameReader;
  readonly frames: string[];
  readonly errors: unknown[];
}

function collect(decoder: Decoder, holdEvery = 0): Collected {
  const frames: string[] = [];
  const errors: unknown[] = [];
  const reader: FrameReader = new FrameReader(decoder, {
    onFrame: (bytes: Buffer, start: number, frame: Frame) => {
      frames.push(bytes.toString('latin1', start, start + frame.length));
      if (holdEvery > 0 && frames.length % holdEvery === 0) reader.held = true;
    },
    onUndecodable: (error) => void errors.push(error),
  });
  return { reader, frames, errors };
}

const split = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted((a, b) => a - b);
  return at.slice(1).map((end, index) => Buffer.from(bytes.subarray(at[index], end)));
};

it('finds the same frames however the bytes are split, and wherever it is held', () => {
  const stream = fc.array(fc.nat(3000), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(stream, fc.array(fc.nat()), fc.nat(3), (lengths, cuts, holdEvery) => {
      const packets = lengths.map((length, id) => packet(id, length));
      const { reader, frames } = collect(awesomerpc.decoder('request'), holdEvery);
      for (const chunk of split(Buffer.concat(packets), cuts)) reader.read(chunk);
      while (reader.waits) reader.resume();
      expect(frames).toEqual(packets.map((bytes) => bytes.toString('latin1')));
      expect(reader.inFrame).toBe(false);
    }),
  );
});

it('finds frames whose length only their end tells, however the bytes are split', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{0,40}$/)), fc.array(fc.nat()), (texts, cuts) => {
      const { reader, frames } = collect(lines);
      for (const chunk of split(Buffer.from(texts.map((text) => `${text}\n`).join('')), cuts)) reader.read(chunk);
      expect(frames).toEqual(texts.map((text) => `${text}\n`));
    }),
  );
});

it('cuts off a peer that has a frame of unknown length looked at again and again', () => {
  const { reader, errors } = collect(lines);
  const chunk = Buffer.alloc(64 * 1024, 'x');
  for (let count = 0; count < 1000; count++) reader.read(chunk);
  expect(errors).toEqual([expect.objectContaining({ message: 'A frame arrives in too many pieces.' })]);
});

it.each([
  ['throws', () => JSON.parse('null').length, 'null'],
  ['finds frames without bytes', () => 0, 'a frame of 0 bytes in 4'],
  ['finds frames of less than no bytes', () => -1, 'a frame of -1 bytes in 4'],
  ['finds more than there is', () => 5, 'a frame of 5 bytes in 4'],
  ['finds what is no number', () => Number.NaN, 'a frame of NaN bytes in 4'],
])('reads no further when a decoder %s', (_what, length, message) => {
  const decode: Decoder['decode'] = (_bytes, _start, _end, frame) => {
    frame.length = length();
    return true;
  };
  const { reader, frames, errors } = collect({ decode });
  reader.read(Buffer.alloc(4));
  reader.read(Buffer.alloc(4));
  expect(frames).toEqual([]);
  expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining(message) })]);
});

it('leaves to others what the one who takes the frames throws', () => {
  const sink = {
    onFrame: () => {
      throw new TypeError('of the sink');
    },
    onUndecodable: () => expect.unreachable(),
  };
  const reader = new FrameReader(awesomerpc.decoder('request'), sink);
  expect(() => reader.read(packet(1, 0))).toThrow('of the sink');
});
