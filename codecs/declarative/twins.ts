/** A description and a codec by hand of the same protocol, held against each other in vitest. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { describe, test } from 'vitest';
import { type Codec, CodecError, type Direction, Frame, ReplyReason } from '../codec.ts';
import { orCodecError } from '../conformance/decoding-checks.ts';
import { factsOf, parseSample, type SampleFrame } from '../conformance/samples.ts';
import { describeCodec } from '../conformance-kit.ts';
import { compileDescription } from './compile.ts';

const runs = 400;

export function describeTwins(byHand: Codec, manifest: URL, sampleFrames: readonly SampleFrame[]): void {
  const described = codecOf(manifest, byHand.name);
  const samples = sampleFrames.map(parseSample);
  describeCodec({ ...described, name: `${byHand.name} by its description` }, sampleFrames);
  describe(`${byHand.name} by its description equals the codec by hand`, () => {
    test('in what it says of itself', () => {
      assert.deepEqual(described.capabilities, byHand.capabilities);
      assert.deepEqual(described.properties, byHand.properties);
    });
    test.each(['request', 'response'] as const)('on random bytes as %s', (direction) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 256 }), (bytes) =>
          same(byHand, described, direction, Buffer.from(bytes)),
        ),
        { numRuns: runs },
      );
    });
    test('on damaged frames', () => {
      const change = fc.record({ at: fc.nat(), byte: fc.nat(255) });
      const changes = fc.array(change, { maxLength: 4 });
      fc.assert(
        fc.property(fc.constantFrom(...samples), changes, fc.nat(20), (sample, at, cut) => {
          const bytes = Buffer.concat([sample.bytes, sample.bytes]);
          for (const { at: index, byte } of at) bytes[index % bytes.length] = byte;
          same(byHand, described, sample.direction, bytes.subarray(0, bytes.length - cut));
        }),
        { numRuns: runs },
      );
    });
  });
}

export function codecOf(manifest: URL, name: string): Codec {
  const document: unknown = load(readFileSync(manifest, 'utf8'));
  assert.ok(typeof document === 'object' && document !== null && 'spec' in document);
  const compiled = compileDescription(document.spec, name);
  assert.ok('codec' in compiled, 'problems' in compiled ? JSON.stringify(compiled.problems, null, 2) : '');
  return compiled.codec;
}

/** Both see the same frames, or refuse the bytes for the same reason, and make the same of each frame. */
function same(one: Codec, other: Codec, direction: Direction, bytes: Buffer): void {
  const decoders = [one.decoder(direction), other.decoder(direction)] as const;
  const [frame, otherFrame] = [new Frame(), new Frame()];
  let at = 0;
  for (;;) {
    const result = orCodecError(() => decoders[0].decode(bytes, at, bytes.length, frame));
    const otherResult = orCodecError(() => decoders[1].decode(bytes, at, bytes.length, otherFrame));
    assert.equal(reasonOf(otherResult), reasonOf(result), `decode at ${at}`);
    if (result !== true) {
      if (result === false) assert.equal(otherFrame.needed, frame.needed, 'needed');
      return;
    }
    assert.deepEqual(factsOf(other, bytes, at, otherFrame), factsOf(one, bytes, at, frame));
    assert.deepEqual(encodings(other, bytes, at, otherFrame), encodings(one, bytes, at, frame));
    at += frame.length;
  }
}

function reasonOf(result: boolean | CodecError): string {
  return result instanceof CodecError ? result.reason : String(result);
}

function encodings(codec: Codec, bytes: Buffer, start: number, frame: Frame): readonly unknown[] {
  const rewritten = Buffer.from(bytes);
  if (frame.rewritable) codec.rewriteId(rewritten, start, frame, 0x01020304, 0x05060708);
  const mutated = orCodecError(() => codec.mutate(bytes, start, frame, [{ key: 'tenant', value: 'blue' }]));
  return [
    rewritten,
    mutated instanceof CodecError ? mutated.reason : mutated,
    codec.heartbeatReply(bytes, start, frame),
    ...Object.values(ReplyReason).map((reason) => codec.errorReply(bytes, start, 3, 4, reason, 'no route')),
  ];
}
