/**
 * Holds any codec to the contract of codec.ts. A codec lists a few sample frames; the kit makes the tests:
 *
 *   describeCodec(myCodec, [{ name: 'a call', direction: 'request', hex: '01 0007 ...', kind: 'request', id: 7 }]);
 *
 * Sample frames should cover each kind, both directions, and frames with and without properties. The checks themselves
 * (conformance/) know no test runner; this file runs them in vitest.
 */
import { describe, test } from 'vitest';
import type { Codec } from './codec.ts';
import { checkPrefixes, checkSample, checkSplits, checkSurroundings } from './conformance/decoding-checks.ts';
import {
  checkEmptyMutation,
  checkErrorReplies,
  checkHeartbeatReply,
  checkMutates,
  checkMutation,
  checkRewriting,
} from './conformance/encoding-checks.ts';
import { checkGiantLengths, checkMutatedSamples, checkRandomBytes } from './conformance/hostility-checks.ts';
import { parseSample, type Sample, type SampleFrame } from './conformance/samples.ts';

export type { SampleFrame } from './conformance/samples.ts';

export function describeCodec(codec: Codec, sampleFrames: readonly SampleFrame[]): void {
  const samples = sampleFrames.map(parseSample);
  describe(`codec ${codec.name} keeps the contract`, () => {
    for (const sample of samples) describe(sample.name, () => describeSample(codec, sample));
    for (const [flavour, group] of flavours(samples)) {
      test(`any split of the bytes gives the same frames: ${flavour}`, () => checkSplits(codec, group));
    }
    test('random bytes give frames or CodecError', () => {
      checkRandomBytes(codec, 'request');
      checkRandomBytes(codec, 'response');
    });
    if (codec.capabilities.mutates) test('changes frames, as it says', () => checkMutates(codec, samples));
    test('damaged frames give frames or CodecError', () => checkMutatedSamples(codec, samples));
  });
}

function describeSample(codec: Codec, sample: Sample): void {
  test('decodes as promised', () => checkSample(codec, sample));
  test('is found among other bytes', () => checkSurroundings(codec, sample));
  test('is not complete before its last byte', () => checkPrefixes(codec, sample));
  test('is not believed when it claims a giant length', () => checkGiantLengths(codec, sample));
  test('stays as it is under an empty mutation', () => checkEmptyMutation(codec, sample));
  test('gets its id back after rewriting', () => checkRewriting(codec, sample));
  if (codec.capabilities.mutates) test('keeps all lengths right when changed', () => checkMutation(codec, sample));
  if (sample.direction === 'request' && sample.kind === 'request') {
    test('gets an error reply with its id', () => checkErrorReplies(codec, sample));
  }
  if (sample.kind === 'heartbeat') test('is answered once', () => checkHeartbeatReply(codec, sample));
}

function flavours(samples: readonly Sample[]): ReadonlyMap<string, readonly Sample[]> {
  return Map.groupBy(samples, ({ direction, flavour }) => [direction, flavour ?? ''].join(' ').trim());
}
