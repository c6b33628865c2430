/**
 * Tries a compiled description before anyone relies on it: a smallest request is built and must decode, with any other
 * request id too; error and heartbeat replies must decode as what they are; prefixes must wait; random bytes must give
 * frames or CodecError. Cost is bounded by the number of trials, about ten milliseconds.
 */
import { type Codec, CodecError, Frame, FrameKind, ReplyReason, Status } from '../codec.ts';
import type { CompiledParts } from './compiled-parts.ts';
import type { DocumentNode } from './document.ts';
import { changedByRewriting } from './id-trial.ts';
import { smallestFrame } from './smallest-frame.ts';
import { decodeWhole } from './whole-frame.ts';

const sampleId = 0x01020304;
const randomFrames = 150;
const randomLength = 64;

export function checkByTrial(parts: CompiledParts, root: DocumentNode): void {
  const request = smallestFrame(parts, 'request');
  if (request === undefined) {
    root
      .child('frame')
      .problem(
        'No frame satisfies this: the smallest one that was built from it does not decode.',
        'Compare length, min, magic, trailer and the sections with a captured frame.',
      );
    return;
  }
  checkRewriting(parts, request, root.child('identity').child('requestId'));
  checkErrorReply(parts, request, root.child('reply').child('error'));
  checkHeartbeatReply(parts, request, root.child('reply').child('heartbeat'));
  const failure = fuzz(parts.codec, [request]);
  if (failure !== undefined) root.problem(failure, 'Report this: a description should never do it.');
}

function checkRewriting(parts: CompiledParts, request: Buffer, node: DocumentNode): void {
  if (parts.plan.identity.rewrite === undefined) return;
  const response = smallestFrame(parts, 'response');
  const changed =
    changedByRewriting(parts.codec, 'request', request) ??
    (response === undefined ? undefined : changedByRewriting(parts.codec, 'response', response));
  if (changed === undefined) return;
  node.problem(
    `With another request id a frame has another ${changed}: the id stands where that is read.`,
    `Compare the offset and type of the id with those of what the frame's ${changed} is read from.`,
  );
}

function checkErrorReply({ codec, plan, replies }: CompiledParts, request: Buffer, node: DocumentNode): void {
  if (replies.error === undefined) return;
  const reply = codec.errorReply(request, 0, 0, sampleId, ReplyReason.unspecified, 'no route');
  const template = node.child('template');
  const frame = reply === undefined ? undefined : decodeWhole(codec, reply, 'response');
  if (frame === undefined) {
    template.problem('The reply that this writes is no frame of the protocol.', 'Check set, sections and body.');
    return;
  }
  if (frame.kind !== FrameKind.response && frame.kind !== FrameKind.error) {
    template.problem('The reply that this writes is no response.', 'Set the field that the rules of kind look at.');
  }
  if (plan.kinds.failed !== undefined && frame.status !== Status.error) {
    template.problem('The reply that this writes is no error.', 'Set the field that status.error looks at.');
  }
  const { value } = plan.identity;
  if (
    value !== undefined &&
    plan.identity.correlation === 'id' &&
    frame.idLow !== sampleId % 2 ** idBits(value.integer.width)
  ) {
    template.problem('The reply that this writes has not the id of the request.', 'Write it with from: requestId.');
  }
}

function idBits(width: number): number {
  return width === 0 ? 64 : width * 8;
}

/** A heartbeat's answer that is a heartbeat to be answered would go to and fro for ever. */
function checkHeartbeatReply({ codec, plan, replies }: CompiledParts, request: Buffer, node: DocumentNode): void {
  if (replies.heartbeat === undefined) return;
  if (!plan.kinds.possible.has(FrameKind.heartbeat)) {
    node.problem('No frame is a heartbeat.', 'Add a rule of kind heartbeat.');
    return;
  }
  const heartbeat = findHeartbeat(codec, request, plan.framing.headerSize);
  if (heartbeat === undefined) return;
  const reply = codec.heartbeatReply(heartbeat.bytes, 0, heartbeat.frame);
  const answer = reply === undefined ? undefined : decodeWhole(codec, reply, 'response');
  if (reply === undefined || answer === undefined) {
    node.child('template').problem('The reply that this writes is no frame of the protocol.', 'Check set and body.');
  } else if (codec.heartbeatReply(reply, 0, answer) !== undefined) {
    node.problem(
      'The reply is a heartbeat that would be answered again.',
      'Add when, such as "response == 0", and set the field that it looks at.',
    );
  }
}

const triedHeaderBytes = 32;

/** A heartbeat found by trying all values of each of the first header bytes; undefined when it takes more. */
function findHeartbeat(codec: Codec, request: Buffer, headerSize: number): { bytes: Buffer; frame: Frame } | undefined {
  for (let at = 0; at < Math.min(headerSize, triedHeaderBytes); at++) {
    for (let value = 0; value < 256; value++) {
      const bytes = Buffer.from(request);
      bytes[at] = value;
      const frame = decodeWhole(codec, bytes, 'request');
      if (frame?.kind === FrameKind.heartbeat && codec.heartbeatReply(bytes, 0, frame) !== undefined)
        return { bytes, frame };
    }
  }
  return undefined;
}

function fuzz(codec: Codec, samples: readonly Buffer[]): string | undefined {
  const frame = new Frame();
  for (const sample of samples) {
    for (let end = 0; end < Math.min(sample.length, randomLength * 4); end++) {
      if (tryDecode(codec, sample, end, frame)) return `The first ${end} bytes of a longer frame decode as a frame.`;
    }
  }
  const random = xorshift(0x9e3779b9);
  for (let trial = 0; trial < randomFrames; trial++) {
    const sample = samples[trial % samples.length] ?? Buffer.alloc(0);
    const bytes = trial % 3 === 0 ? Buffer.alloc(randomLength) : Buffer.concat([sample, Buffer.alloc(8)]);
    const changes = trial % 3 === 0 ? bytes.length : 1 + (trial % 4);
    for (let change = 0; change < changes; change++) bytes[random() % bytes.length] = random();
    try {
      if (tryDecode(codec, bytes, bytes.length, frame)) useAll(codec, bytes, frame);
    } catch (error) {
      return `Bytes of a frame make the codec fail: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return undefined;
}

function tryDecode(codec: Codec, bytes: Buffer, end: number, frame: Frame): boolean {
  try {
    return codec.decoder('request').decode(bytes, 0, end, frame);
  } catch (error) {
    if (error instanceof CodecError) return false;
    throw error;
  }
}

function useAll(codec: Codec, bytes: Buffer, frame: Frame): void {
  codec.list(bytes, 0, frame);
  codec.errorReply(bytes, 0, frame.idHigh, frame.idLow, ReplyReason.unspecified, 'trial');
  codec.heartbeatReply(bytes, 0, frame);
  try {
    codec.mutate(bytes, 0, frame, [{ key: 'trial', value: 'trial' }]);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
  }
}

/** A small deterministic generator: the same description always gets the same trial. */
function xorshift(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
