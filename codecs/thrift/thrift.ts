/**
 * Apache Thrift: framed, unframed and THeader transports; binary (strict and lax) and compact protocols.
 *
 * Properties: `method` and `service` (what stands before the first colon, as TMultiplexedProtocol writes it), `transport`,
 * `protocol`, and with THeader every key of the header. Ids are sequence ids; many clients always send the same one, so
 * that they tell replies apart only after rewriteId, which binary messages allow. An ordinary Thrift server works through
 * a connection in order, so callers do not share connections. Only THeader has a place for a mutation; in the other
 * transports mutate gives the frame as it is.
 */
import {
  type Codec,
  defaultLimits,
  type Frame,
  type Mutation,
  type OtherReading,
  type PropertyReader,
} from '../codec.ts';
import { protocolOf, ThriftDecoder, transportOf } from './decoder.ts';
import { exceptionReply } from './error-replies.ts';
import { detectProtocol, detectTransport, protocolNames, Transport, transportNames } from './flavour.ts';
import { headerPairs, headerValue, idHighOf, messageStart, mutateHeader } from './header-transport.ts';
import { MessageHead, readMessageHead } from './message.ts';

const COLON = 0x3a;

export const thrift: Codec = {
  name: 'aeraki.meta_protocol.codec.thrift',
  capabilities: { correlation: 'id', sharesConnections: false, mutates: true, heartbeats: false },
  properties: { names: ['method', 'service', 'transport', 'protocol'], open: true },
  decoder: (direction, limits = defaultLimits) => new ThriftDecoder(direction, limits),
  reader: (property) => readers.get(property) ?? headerReader(property),
  otherReadings,
  list: (bytes, start, frame) => [...fixedProperties(bytes, start, frame), ...headerProperties(bytes, start, frame)],
  rewriteId: (bytes, start, frame, idHigh, idLow) => {
    bytes.writeUInt32BE(idLow, start + frame.d);
    if (transportOf(frame.a) === Transport.header) bytes.writeUInt32BE(idHighOf(idHigh, idLow), start + 8);
  },
  mutate: (bytes, start, frame, mutation) => mutate(bytes, start, frame, mutation),
  canMutate: (frame) => transportOf(frame.a) === Transport.header,
  errorReply: (head, start, idHigh, idLow, reason, message) => {
    const asked = questionOf(head, start);
    return asked === undefined ? undefined : exceptionReply({ ...asked, idHigh, idLow }, reason, message);
  },
  heartbeatReply: () => undefined,
};

const methodReader: PropertyReader = (bytes, start, frame) => {
  const from = start + frame.b;
  const end = from + frame.c;
  const colon = colonIn(bytes, from, end);
  return bytes.toString('utf8', colon < 0 ? from : colon + 1, end);
};

const serviceReader: PropertyReader = (bytes, start, frame) => {
  const from = start + frame.b;
  const colon = colonIn(bytes, from, from + frame.c);
  return colon < 0 ? undefined : bytes.toString('utf8', from, colon);
};

const readers: ReadonlyMap<string, PropertyReader> = new Map([
  ['method', methodReader],
  ['service', serviceReader],
  ['transport', (_bytes, _start, frame) => transportNames[transportOf(frame.a)]],
  ['protocol', (_bytes, _start, frame) => protocolNames[protocolOf(frame.a)]],
]);

function colonIn(bytes: Buffer, from: number, end: number): number {
  for (let i = from; i < end; i++) if (bytes[i] === COLON) return i;
  return -1;
}

/**
 * Libraries split a name at its first colon (Java, Python, Go), at every one (Node), or leave out what is empty between them
 * (C++); and of a key that a header has twice with two values, some keep the first. None of it is sent by honest callers.
 */
function otherReadings(bytes: Buffer, start: number, frame: Frame): readonly OtherReading[] | undefined {
  const from = start + frame.b;
  const end = from + frame.c;
  const colon = colonIn(bytes, from, end);
  if (colon >= 0 && (colon === from || colon + 1 === end || colonIn(bytes, colon + 1, end) >= 0)) return undefined;
  const values = new Map<string, string>();
  for (const [key, value] of headerProperties(bytes, start, frame)) {
    if ((values.get(key) ?? value) !== value) return undefined;
    values.set(key, value);
  }
  return asShown;
}

const asShown: readonly OtherReading[] = [];

function headerReader(property: string): PropertyReader {
  const key = Buffer.from(property);
  return (bytes, start, frame) =>
    transportOf(frame.a) === Transport.header ? headerValue(bytes, start, start + frame.length, key) : undefined;
}

function fixedProperties(bytes: Buffer, start: number, frame: Frame): [string, string][] {
  return thrift.properties.names.flatMap((name): [string, string][] => {
    const value = readers.get(name)?.(bytes, start, frame);
    return value === undefined ? [] : [[name, value]];
  });
}

function headerProperties(bytes: Buffer, start: number, frame: Frame): (readonly [string, string])[] {
  if (transportOf(frame.a) !== Transport.header) return [];
  return headerPairs(bytes, start, start + frame.length);
}

function mutate(bytes: Buffer, start: number, frame: Frame, mutation: Mutation): Buffer {
  const end = start + frame.length;
  if (mutation.length === 0 || transportOf(frame.a) !== Transport.header)
    return Buffer.from(bytes.subarray(start, end));
  return mutateHeader(bytes, start, end, mutation);
}

/** What a reply has to know of a request, read from its head once more: it may have been rewritten since. */
function questionOf(head: Buffer, start: number) {
  const transport = detectTransport(head, start, head.length);
  if (transport === undefined) return undefined;
  const messageAt = messageAtIn(head, start, transport);
  const protocol = detectProtocol(head, messageAt, head.length);
  const message = new MessageHead();
  if (!readMessageHead(protocol, head, messageAt, head.length, head.length, message)) return undefined;
  const nameEnd = message.nameAt + message.nameLength;
  // A server answers by the method's name alone, and Apache's library for Node looks for that.
  const colon = colonIn(head, message.nameAt, nameEnd);
  return { transport, protocol, head, start, name: head.subarray(colon < 0 ? message.nameAt : colon + 1, nameEnd) };
}

function messageAtIn(head: Buffer, start: number, transport: Transport): number {
  if (transport === Transport.unframed) return start;
  return transport === Transport.framed ? start + 4 : messageStart(head, start, head.length);
}
