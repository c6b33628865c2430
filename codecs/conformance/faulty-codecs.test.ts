import { expect, test } from 'vitest';
import type { Codec, Decoder } from '../codec.ts';
import { kvHeader } from '../kv-header/kv-header.ts';
import { checkPrefixes, checkSample, checkSplits, checkSurroundings } from './decoding-checks.ts';
import {
  checkErrorReplies,
  checkHeartbeatReply,
  checkMutates,
  checkMutation,
  checkRewriting,
} from './encoding-checks.ts';
import { checkGiantLengths, checkMutatedSamples, checkRandomBytes } from './hostility-checks.ts';
import { parseSample } from './samples.ts';

const request = parseSample({
  name: 'a request',
  direction: 'request',
  hex: '4b56 01 00 00000007 000f 0000 00000002 0001 0006 74656e616e74 0003 726564 6869',
  kind: 'request',
  id: 7,
  properties: { tenant: 'red' },
});
const heartbeat = parseSample({
  name: 'a heartbeat',
  direction: 'request',
  hex: '4b56 01 40 00000009 0002 0000 00000000 0000',
  kind: 'heartbeat',
  id: 9,
});

function decoding(change: (decode: Decoder['decode']) => Decoder['decode']): Codec {
  return {
    ...kvHeader,
    decoder: (direction, limits) => ({ decode: change(kvHeader.decoder(direction, limits).decode) }),
  };
}

const whole: Codec = decoding((decode) => (bytes, start, end, frame) => {
  if (end - start < 18) return decode(bytes, start, end, frame);
  // Says yes as soon as the header is there.
  const missing = Buffer.concat([bytes.subarray(start, end), Buffer.alloc(64)]);
  return decode(missing, 0, missing.length, frame);
});
const greedy: Codec = {
  ...kvHeader,
  list: (bytes, start, frame) => [...kvHeader.list(bytes, start, frame), ['next', String(bytes[start + frame.length])]],
};
const trusting: Codec = decoding((decode) => (bytes, start, end, frame) => {
  if (end - start >= 16) Buffer.alloc(Math.min(bytes.readUInt32BE(start + 12), 8 * 1024 * 1024));
  return decode(bytes, start, end, frame);
});
const careless: Codec = decoding((decode) => (bytes, start, end, frame) => {
  if (end > start) bytes.readUInt32BE(start + 12);
  return decode(bytes, start, end, frame);
});
const forgetful: Codec = decoding((decode) => {
  let calls = 0;
  return (bytes, start, end, frame) => {
    const complete = decode(bytes, start, end, frame);
    if (complete && calls++ > 0) frame.idLow = calls;
    return complete;
  };
});

test.each<readonly [fault: string, check: () => void]>([
  ['completes a frame before its last byte', () => checkPrefixes(whole, request)],
  ['reads behind the bytes it was given', () => checkSurroundings(greedy, request)],
  ['reads a length that is not there yet', () => checkRandomBytes(careless, 'request')],
  ['throws RangeError for damaged frames', () => checkMutatedSamples(careless, [request])],
  ['allocates what a length claims', () => checkGiantLengths(trusting, request)],
  ['lets one frame change the next', () => checkSplits(forgetful, [request, heartbeat])],
  ['loses a property', () => checkSample({ ...kvHeader, reader: () => () => undefined }, request)],
  [
    'writes ids to the wrong place',
    () => checkRewriting({ ...kvHeader, rewriteId: (bytes) => void bytes.writeUInt32BE(1, 5) }, request),
  ],
  ['forgets a length when it changes a frame', () => checkMutation(keepsLength(), request)],
  [
    'changes nothing, though it says it does',
    () => checkMutates({ ...kvHeader, mutate: (bytes) => Buffer.from(bytes) }, [request]),
  ],
  ['replies with another id', () => checkErrorReplies(repliesWithId(3), request)],
  [
    'answers an answer',
    () => checkHeartbeatReply({ ...kvHeader, heartbeatReply: (bytes) => Buffer.from(bytes) }, heartbeat),
  ],
])('the kit finds a codec that %s', (_fault, check) => {
  expect(check).toThrow();
});

test('the kit finds nothing in a codec that keeps the contract', () => {
  checkPrefixes(kvHeader, request);
  checkSurroundings(kvHeader, request);
  checkSplits(kvHeader, [request, heartbeat]);
  checkMutation(kvHeader, request);
  checkHeartbeatReply(kvHeader, heartbeat);
});

function keepsLength(): Codec {
  return {
    ...kvHeader,
    mutate: (bytes, start, frame, mutation) => {
      const mutated = kvHeader.mutate(bytes, start, frame, mutation);
      bytes.copy(mutated, 8, start + 8, start + 10);
      return mutated;
    },
  };
}

function repliesWithId(id: number): Codec {
  return {
    ...kvHeader,
    errorReply: (head, start, high, _low, reason, message) =>
      kvHeader.errorReply(head, start, high, id, reason, message),
  };
}

test('a sample that is not hexadecimal says so', () => {
  expect(() => parseSample({ ...request, hex: 'zz' })).toThrow(TypeError);
});
