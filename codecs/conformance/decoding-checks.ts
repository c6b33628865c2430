/** What the contract asks of decoding: the samples as promised, and the same frames however their bytes arrive. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Codec, CodecError, Frame, FrameKind, Status } from '../codec.ts';
import { decodeChunks, decodeOne, type FrameFacts, factsOf, idOf, type Sample } from './samples.ts';

const runs = 60;

export function checkSample(codec: Codec, sample: Sample): void {
  const frame = decodeOne(codec, sample.direction, sample.bytes, sample.name);
  assert.equal(frame.kind, FrameKind[sample.kind], 'kind');
  assert.equal(frame.status, Status[sample.status ?? 'ok'], 'status');
  assert.equal(idOf(frame), BigInt(sample.id ?? 0), 'id');
  assert.ok(frame.headerLength >= 0 && frame.headerLength <= frame.length, 'headerLength lies in the frame');
  const listed = Object.fromEntries(codec.list(sample.bytes, 0, frame));
  for (const [name, value] of Object.entries(sample.properties ?? {})) {
    assert.equal(codec.reader(name)(sample.bytes, 0, frame), value, `property ${name} as read`);
    assert.equal(listed[name], value, `property ${name} as listed`);
  }
  assert.equal(codec.reader('no-such-property-anywhere')(sample.bytes, 0, frame), undefined);
}

/** Bytes before and behind a frame belong to others: they may be anything. */
export function checkSurroundings(codec: Codec, sample: Sample): void {
  const alone = decodeOne(codec, sample.direction, sample.bytes, sample.name);
  const expected = factsOf(codec, sample.bytes, 0, alone);
  for (const filler of [0x00, 0xff, 0x80, 0x30]) {
    const around = Buffer.alloc(64, filler);
    const bytes = Buffer.concat([around, sample.bytes, around]);
    const start = around.length;
    const frame = new Frame();
    for (const end of [start + sample.bytes.length, bytes.length]) {
      assert.ok(codec.decoder(sample.direction).decode(bytes, start, end, frame), `complete before ${filler}`);
      assert.deepEqual(factsOf(codec, bytes, start, frame), expected, `among bytes ${filler}`);
    }
  }
}

/** Every prefix waits or errors; what it says it needs is the truth. */
export function checkPrefixes(codec: Codec, sample: Sample): void {
  for (let end = 0; end < sample.bytes.length; end++) {
    // A copy, so that nothing behind the prefix can be looked at.
    const prefix = Buffer.from(sample.bytes.subarray(0, end));
    const frame = new Frame();
    const complete = orCodecError(() => codec.decoder(sample.direction).decode(prefix, 0, end, frame));
    assert.notEqual(complete, true, `the first ${end} bytes are a frame already`);
    assert.equal(complete, false, `the first ${end} bytes of a good frame are refused`);
    assert.ok(frame.needed === 0 || frame.needed === sample.bytes.length, `needed after ${end} bytes`);
  }
}

/** Frames of one direction and flavour, glued together several times, in all two-piece and many random splits. */
export function checkSplits(codec: Codec, samples: readonly Sample[]): void {
  const [first] = samples;
  if (first === undefined) return;
  const { direction } = first;
  const stream = Buffer.concat([...samples, ...samples].map((sample) => sample.bytes));
  const expected = framesOneByOne(codec, [...samples, ...samples]);
  const decode = (chunks: readonly Buffer[]): FrameFacts[] => decodeChunks(codec, codec.decoder(direction), chunks);
  assert.deepEqual(decode([stream]), expected, 'all bytes at once');
  for (let cut = 0; cut <= stream.length; cut++) {
    assert.deepEqual(decode([stream.subarray(0, cut), stream.subarray(cut)]), expected, `cut at ${cut}`);
  }
  const cuts = fc.array(fc.nat(stream.length), { maxLength: 12 });
  fc.assert(
    fc.property(cuts, (at) => {
      assert.deepEqual(decode(pieces(stream, at)), expected);
    }),
    { numRuns: runs },
  );
  const bytewise = Array.from(stream, (_byte, index) => stream.subarray(index, index + 1));
  assert.deepEqual(decode(bytewise), expected, 'byte by byte');
}

function framesOneByOne(codec: Codec, samples: readonly Sample[]): FrameFacts[] {
  const frame = new Frame();
  return samples.map(({ bytes, direction }) => {
    codec.decoder(direction).decode(bytes, 0, bytes.length, frame);
    return factsOf(codec, bytes, 0, frame);
  });
}

function pieces(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...cuts, stream.length].toSorted((a, b) => a - b);
  return ends.map((end, index) => stream.subarray(ends[index - 1] ?? 0, end));
}

/** What it gives, or the CodecError it throws; any other error goes on. */
export function orCodecError<Result>(act: () => Result): Result | CodecError {
  try {
    return act();
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
}
