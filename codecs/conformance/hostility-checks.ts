/** What the contract asks on any bytes: nothing is thrown but CodecError, and no length is believed before it is checked. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type Codec,
  type CodecLimits,
  type Direction,
  defaultLimits,
  Frame,
  FrameKind,
  ReplyReason,
} from '../codec.ts';
import { orCodecError } from './decoding-checks.ts';
import type { Sample } from './samples.ts';

const runs = 300;
const tightLimits: CodecLimits = { maxFrameBytes: 4096, maxHeaderBytes: 1024 };
/** What decoding a few small frames may leave in array buffers; a believed length of megabytes would show. */
const allowedGrowth = 256 * 1024;

export function checkRandomBytes(codec: Codec, direction: Direction): void {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      useStream(codec, direction, Buffer.from(bytes));
    }),
    { numRuns: runs },
  );
}

/** Samples with bytes changed, cut out and put in: these get further into a codec than noise does. */
export function checkMutatedSamples(codec: Codec, samples: readonly Sample[]): void {
  const change = fc.record({ at: fc.nat(), cut: fc.nat(6), put: fc.uint8Array({ maxLength: 6 }) });
  fc.assert(
    fc.property(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: 4 }), (sample, changes) => {
      let bytes = Buffer.concat([sample.bytes, sample.bytes]);
      for (const { at, cut, put } of changes) {
        const from = at % bytes.length;
        bytes = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + cut), Buffer.alloc(1)]);
      }
      useStream(codec, sample.direction, bytes);
    }),
    { numRuns: runs },
  );
}

/** Every run of 1, 2, 4 and 8 bytes in turn becomes huge: wherever a length stands, it is met. */
export function checkGiantLengths(codec: Codec, sample: Sample): void {
  const before = process.memoryUsage().arrayBuffers;
  const frame = new Frame();
  for (const limits of [defaultLimits, tightLimits]) {
    for (const { bytes, what } of withGiants(sample.bytes)) {
      const complete = orCodecError(() =>
        codec.decoder(sample.direction, limits).decode(bytes, 0, bytes.length, frame),
      );
      if (complete === false) assert.ok(frame.needed <= limits.maxFrameBytes, `${what}: needed ${frame.needed}`);
      if (complete === true) assert.ok(frame.length <= limits.maxFrameBytes, `${what}: length ${frame.length}`);
    }
  }
  const copies = sample.bytes.length * sample.bytes.length * 16;
  const growth = process.memoryUsage().arrayBuffers - before - copies;
  assert.ok(growth < allowedGrowth, `decoding took ${growth} bytes of buffers`);
}

function* withGiants(sample: Buffer): Generator<{ readonly bytes: Buffer; readonly what: string }> {
  for (const width of [1, 2, 4, 8]) {
    for (const giant of [Buffer.alloc(width, 0xff), Buffer.from([0x7f, ...Buffer.alloc(width - 1, 0xff)])]) {
      for (let at = 0; at + width <= sample.length; at++) {
        const bytes = Buffer.from(sample);
        giant.copy(bytes, at);
        yield { bytes, what: `${giant.toString('hex')} at ${at}` };
      }
    }
  }
}

/** Decodes all there is and asks everything of every frame. */
function useStream(codec: Codec, direction: Direction, bytes: Buffer): void {
  const decoder = codec.decoder(direction, tightLimits);
  const frame = new Frame();
  let at = 0;
  for (;;) {
    const complete = orCodecError(() => decoder.decode(bytes, at, bytes.length, frame));
    if (complete !== true) {
      if (complete === false) assert.ok(frame.needed <= tightLimits.maxFrameBytes, `needed ${frame.needed}`);
      return;
    }
    assert.ok(frame.length > 0 && at + frame.length <= bytes.length, `a frame of ${frame.length} bytes at ${at}`);
    assert.ok(frame.headerLength <= frame.length, `a header of ${frame.headerLength} bytes`);
    useFrame(codec, bytes, at, frame);
    at += frame.length;
  }
}

function useFrame(codec: Codec, bytes: Buffer, start: number, frame: Frame): void {
  const { idHigh, idLow } = frame;
  codec.list(bytes, start, frame);
  for (const name of [...codec.properties.names, 'other']) codec.reader(name)(bytes, start, frame);
  if (frame.kind === FrameKind.request || frame.kind === FrameKind.oneway) codec.otherReadings?.(bytes, start, frame);
  orCodecError(() => codec.mutate(bytes, start, frame, [{ key: 'key', value: 'value' }]));
  const head = Buffer.from(bytes.subarray(start, start + frame.headerLength));
  codec.errorReply(head, 0, idHigh, idLow, ReplyReason.overLimit, 'limit\r\n\0');
  codec.heartbeatReply(bytes, start, frame);
  if (!frame.rewritable) return;
  codec.rewriteId(bytes, start, frame, 1, 2);
  codec.rewriteId(bytes, start, frame, idHigh, idLow);
}
