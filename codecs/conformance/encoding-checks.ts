/** What the contract asks of encoding: nothing changes but what was asked for, and replies are frames of the protocol. */
import assert from 'node:assert/strict';
import { type Codec, CodecError, Frame, FrameKind, ReplyReason, Status } from '../codec.ts';
import { orCodecError } from './decoding-checks.ts';
import { decodeOne, idOf, type Sample } from './samples.ts';

const otherId = { high: 0x0a0b0c0d, low: 0xf1f2f3f4 };

export function checkEmptyMutation(codec: Codec, sample: Sample): void {
  const frame = decodeOne(codec, sample.direction, sample.bytes, sample.name);
  assert.deepEqual(codec.mutate(sample.bytes, 0, frame, []), sample.bytes);
}

/** A frame whose id is rewritten carries it, and gets its bytes back by rewriting it again. */
export function checkRewriting(codec: Codec, sample: Sample): void {
  const bytes = Buffer.from(sample.bytes);
  const frame = decodeOne(codec, sample.direction, bytes, sample.name);
  if (!frame.rewritable) {
    assert.equal(codec.capabilities.sharesConnections, false, 'a codec that shares connections rewrites every frame');
    return;
  }
  const { idHigh, idLow } = frame;
  codec.rewriteId(bytes, 0, frame, otherId.high, otherId.low);
  const rewritten = decodeOne(codec, sample.direction, bytes, 'rewritten');
  assert.equal(rewritten.idLow, otherId.low, 'the id that was written');
  assert.ok(rewritten.idHigh === otherId.high || rewritten.idHigh === 0, 'the upper half, where there is one');
  assert.equal(rewritten.kind, frame.kind);
  codec.rewriteId(bytes, 0, frame, idHigh, idLow);
  assert.deepEqual(bytes, sample.bytes, 'the original bytes');
}

/** A changed frame is one frame with the keys set and all else kept, and frames behind it are still found. */
export function checkMutation(codec: Codec, sample: Sample): void {
  const frame = decodeOne(codec, sample.direction, sample.bytes, sample.name);
  for (const key of keysToSet(codec, sample, frame)) {
    for (const value of ['7', '', 'x'.repeat(200)]) {
      const mutated = orCodecError(() => codec.mutate(sample.bytes, 0, frame, [{ key, value }]));
      if (mutated instanceof CodecError) {
        assert.notEqual(mutated.reason, 'malformed', `${key}: a good frame cannot be changed`);
        continue;
      }
      checkMutated(codec, sample, mutated, key, value);
    }
  }
}

/**
 * One key that the frame has, and one that it has not. Where any key may be set, those that the protocol declares
 * stand elsewhere and are not what a mutation sets.
 */
function keysToSet(codec: Codec, sample: Sample, frame: Frame): readonly string[] {
  const { open, names } = codec.properties;
  if (!open) return names.slice(0, 1);
  const present = codec.list(sample.bytes, 0, frame).map(([name]) => name);
  return [...present.filter((name) => !names.includes(name)).slice(0, 1), 'x-added'];
}

/** A codec that says it mutates does so on some frame; not every flavour of a protocol need be able to. */
export function checkMutates(codec: Codec, samples: readonly Sample[]): void {
  const changed = samples.filter((sample) => {
    const frame = decodeOne(codec, sample.direction, sample.bytes, sample.name);
    return keysToSet(codec, sample, frame).some((key) => {
      const mutated = orCodecError(() => codec.mutate(sample.bytes, 0, frame, [{ key, value: '7' }]));
      return !(mutated instanceof CodecError) && !mutated.equals(sample.bytes);
    });
  });
  assert.ok(changed.length > 0, 'no sample is changed by a mutation');
}

function checkMutated(codec: Codec, sample: Sample, mutated: Buffer, key: string, value: string): void {
  if (mutated.equals(sample.bytes)) return;
  const glued = Buffer.concat([mutated, sample.bytes]);
  const decoder = codec.decoder(sample.direction);
  const frame = new Frame();
  const original = decodeOne(codec, sample.direction, sample.bytes, sample.name);
  assert.ok(decoder.decode(glued, 0, glued.length, frame), `${key}=${value.slice(0, 9)}: no frame any more`);
  assert.equal(frame.length, mutated.length, 'the frame is as long as its bytes');
  assert.equal(frame.kind, original.kind);
  assert.equal(idOf(frame), idOf(original));
  assert.equal(codec.reader(key)(glued, 0, frame), value, `${key} is set`);
  const before = new Map(codec.list(sample.bytes, 0, original));
  const after = codec.list(glued, 0, frame);
  for (const [name, kept] of new Map(after)) {
    // A second name of what was set follows it.
    if (kept !== value) assert.equal(kept, before.get(name), `${name} is kept`);
  }
  assert.ok(
    [...before.keys()].every((name) => after.some(([kept]) => kept === name)),
    'nothing else is gone',
  );
  const second = mutated.length;
  assert.ok(decoder.decode(glued, second, glued.length, frame), 'the frame behind it');
  assert.equal(frame.length, sample.bytes.length, 'the frame behind it is whole');
  assert.ok(glued.subarray(second).equals(sample.bytes));
}

/** Of a request; undefined is an answer too: the protocol has no way to say it. */
export function checkErrorReplies(codec: Codec, sample: Sample): void {
  const frame = decodeOne(codec, sample.direction, sample.bytes, sample.name);
  const head = Buffer.from(sample.bytes.subarray(0, frame.headerLength));
  for (const [name, reason] of Object.entries(ReplyReason)) {
    for (const message of ['no route', '', 'line\r\nbreak\0', '\u{1F980}'.repeat(2000)]) {
      const reply = codec.errorReply(head, 0, frame.idHigh, frame.idLow, reason, message);
      if (reply === undefined) continue;
      const answer = decodeOne(codec, 'response', reply, `the reply for ${name}`);
      assert.equal(answer.status, Status.error, `${name}: an error`);
      assert.ok(answer.kind === FrameKind.error || answer.kind === FrameKind.response, `${name}: a response`);
      if (codec.capabilities.correlation === 'id') assert.equal(idOf(answer), idOf(frame), `${name}: the request's id`);
      // The head need not begin the buffer.
      const shifted = Buffer.concat([Buffer.alloc(5, 0xee), sample.bytes]);
      assert.deepEqual(codec.errorReply(shifted, 5, frame.idHigh, frame.idLow, reason, message), reply);
    }
  }
  assert.deepEqual(sample.bytes.subarray(0, head.length), head, 'the request is left as it was');
}

/** The answer to a heartbeat decodes, has its id, and is not answered in turn. */
export function checkHeartbeatReply(codec: Codec, sample: Sample): void {
  const frame = decodeOne(codec, sample.direction, sample.bytes, sample.name);
  const reply = codec.heartbeatReply(sample.bytes, 0, frame);
  if (reply === undefined) return;
  const back = sample.direction === 'request' ? 'response' : 'request';
  const answer = decodeOne(codec, back, reply, 'the heartbeat reply');
  if (codec.capabilities.correlation === 'id') assert.equal(idOf(answer), idOf(frame), "the heartbeat's id");
  assert.equal(codec.heartbeatReply(reply, 0, answer), undefined, 'the reply is not answered in turn');
}
