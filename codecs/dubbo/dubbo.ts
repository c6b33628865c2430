/**
 * Dubbo 2 (`dubbo://`): frames of 16 bytes of header and a body, matched by 64-bit ids, so that all callers share
 * connections.
 *
 * Properties of requests in Hessian 2: `interface`, `method`, `version`, `x-dubbo-version`, and every string attachment by
 * its key (`group`, `tag`, ...). They are read when they are asked for, in the order in which they stand: interface and
 * method cost nothing of the arguments. Of responses: `x-dubbo-status` and the attachments. Of every frame:
 * `x-dubbo-serialization`; bodies that are not Hessian 2 have no other property, and pass unchanged.
 * Who may call is decided by all that a provider may take a call for as well: other-readings.ts.
 * A mutation sets attachments. Heartbeats are answered, and read-only notices of servers are heeded. Callers are sent no
 * such notice when a proxy drains: a consumer whose only provider is the proxy would call nobody for many seconds, instead
 * of the one that it takes to notice a closed connection (tried with Dubbo 3.3.6).
 */
import { type Codec, defaultLimits, type Frame, FrameKind, type PropertyReader } from '../codec.ts';
import { attachmentReader, listAttachments } from './attachments.ts';
import { isReadable, isRequest, RequestString, readRequestString } from './body.ts';
import { DubboDecoder } from './decoder.ts';
import { at, serializationNames, serializationOf, statusNames } from './header.ts';
import { HessianWalker } from './hessian-walker.ts';
import { canMutate, mutate } from './mutation.ts';
import { otherReadings } from './other-readings.ts';
import { errorReply, heartbeat, heartbeatReply, isReadOnlyNotice } from './replies.ts';

export const dubbo: Codec = {
  name: 'aeraki.meta_protocol.codec.dubbo',
  capabilities: {
    correlation: 'id',
    sharesConnections: true,
    multiplexes: true,
    mutates: true,
    mutatesBody: true,
    heartbeats: true,
  },
  properties: {
    names: ['interface', 'method', 'version', 'x-dubbo-version', 'x-dubbo-serialization', 'x-dubbo-status'],
    open: true,
  },
  decoder: (direction, limits = defaultLimits) => new DubboDecoder(direction, limits),
  reader: (property) => readers.get(property) ?? attachmentReader(property),
  otherReadings,
  list: (bytes, start, frame) => {
    const fixed = dubbo.properties.names.flatMap((name): [string, string][] => {
      const value = readers.get(name)?.(bytes, start, frame);
      return value === undefined ? [] : [[name, value]];
    });
    return [...fixed, ...listAttachments(bytes, start, frame).filter(([key]) => !readers.has(key))];
  },
  rewriteId: (bytes, start, _frame, idHigh, idLow) => {
    bytes.writeUInt32BE(idHigh, start + at.id);
    bytes.writeUInt32BE(idLow, start + at.id + 4);
  },
  mutate,
  canMutate,
  errorReply: (_head, _start, idHigh, idLow, reason, message) => errorReply(idHigh, idLow, reason, message),
  heartbeatReply,
  notices: { heartbeat, isFarewell: isReadOnlyNotice },
};

const walker = new HessianWalker();

/** A string of the request's beginning; a response may have an attachment of that name. */
function requestReader(name: string, place: number): readonly [string, PropertyReader] {
  const ofResponse = attachmentReader(name);
  const read: PropertyReader = (bytes, start, frame) => {
    if (!isReadable(frame)) return undefined;
    return isRequest(frame) ? readRequestString(walker, bytes, start, frame, place) : ofResponse(bytes, start, frame);
  };
  return [name, read];
}

const readers: ReadonlyMap<string, PropertyReader> = new Map([
  requestReader('interface', RequestString.interface),
  requestReader('method', RequestString.method),
  requestReader('version', RequestString.version),
  requestReader('x-dubbo-version', RequestString.dubboVersion),
  ['x-dubbo-serialization', (_bytes, _start, frame) => nameOf(serializationNames, serializationOf(frame.b))],
  ['x-dubbo-status', (_bytes, _start, frame) => (isResponse(frame) ? nameOf(statusNames, frame.c) : undefined)],
]);

function isResponse({ kind }: Frame): boolean {
  return kind === FrameKind.response || kind === FrameKind.error;
}

function nameOf(names: ReadonlyMap<number, string>, number: number): string {
  return names.get(number) ?? String(number);
}
