/**
 * Thrift messages out of bytes: detects the transport of each and reads heads only. Framed messages are never read beyond
 * the method's name, but for a reply's first field; unframed ones are walked through to find their end, in one go or in
 * several, so that the decoder keeps how far the message at hand has been walked, and nothing else.
 */
import { CodecError, type CodecLimits, type Decoder, type Direction, type Frame, FrameKind, Status } from '../codec.ts';
import { detectProtocol, detectTransport, maxThriftFrame, type Protocol, Transport } from './flavour.ts';
import { checkHeader, idHighOf, messageStart } from './header-transport.ts';
import { isSuccess, MessageHead, MessageType, readMessageHead } from './message.ts';
import { StructSkipper } from './struct-skipper.ts';

/** frame.a is the flavour; b and c are offset and length of the name; d is the offset of the sequence id, or 0. */
function flavourOf(transport: Transport, protocol: Protocol): number {
  return transport * 3 + protocol;
}

export function transportOf(flavour: number): number {
  return Math.trunc(flavour / 3);
}

export function protocolOf(flavour: number): number {
  return flavour % 3;
}

export class ThriftDecoder implements Decoder {
  readonly #isRequest: boolean;
  readonly #limits: CodecLimits;
  readonly #maxLength: number;
  readonly #head = new MessageHead();
  #skipper: StructSkipper | undefined;
  /** Bytes of the unframed message that were there when it was walked last; 0 when a new one begins. */
  #walked = 0;
  #walkedFirst = 0;

  constructor(direction: Direction, limits: CodecLimits) {
    this.#isRequest = direction === 'request';
    this.#limits = limits;
    this.#maxLength = Math.min(limits.maxFrameBytes - 4, maxThriftFrame);
  }

  decode(bytes: Buffer, start: number, end: number, frame: Frame): boolean {
    frame.needed = 0;
    const transport = detectTransport(bytes, start, end);
    if (transport === undefined) return false;
    if (transport === Transport.unframed) return this.#decodeUnframed(bytes, start, end, frame);
    return this.#decodeLengthPrefixed(bytes, start, end, frame, transport);
  }

  #decodeLengthPrefixed(bytes: Buffer, start: number, end: number, frame: Frame, transport: Transport): boolean {
    const length = bytes.readUInt32BE(start);
    if (length > this.#maxLength) throw new CodecError('too-large', `The frame says it has ${length} bytes.`);
    if (length === 0) throw new CodecError('malformed', 'The frame is empty.');
    const frameEnd = start + 4 + length;
    if (frameEnd > end) {
      frame.needed = 4 + length;
      return false;
    }
    const isHeader = transport === Transport.header;
    const messageAt = isHeader ? this.#enterHeader(bytes, start, frameEnd) : start + 4;
    const protocol = detectProtocol(bytes, messageAt, frameEnd);
    const head = this.#head;
    if (!readMessageHead(protocol, bytes, messageAt, frameEnd, this.#limits.maxHeaderBytes, head))
      throw new CodecError('malformed', 'The frame ends in the head of its message.');
    frame.length = 4 + length;
    this.#describe(bytes, start, frameEnd, frame, flavourOf(transport, protocol), protocol);
    frame.idHigh = isHeader ? idHighOf(bytes.readUInt32BE(start + 8), frame.idLow) : 0;
    return true;
  }

  #enterHeader(bytes: Buffer, start: number, frameEnd: number): number {
    if (frameEnd - start < 14) throw new CodecError('malformed', 'The frame ends in its header.');
    const messageAt = messageStart(bytes, start, frameEnd);
    if (messageAt - start > this.#limits.maxHeaderBytes)
      throw new CodecError('too-large', `The header says it has ${messageAt - start} bytes.`);
    checkHeader(bytes, start, messageAt);
    return messageAt;
  }

  #decodeUnframed(bytes: Buffer, start: number, end: number, frame: Frame): boolean {
    const available = end - start;
    const protocol = detectProtocol(bytes, start, end);
    const head = this.#head;
    if (!readMessageHead(protocol, bytes, start, end, this.#limits.maxHeaderBytes, head)) return this.#wait(available);
    const skipper = this.#skipperAt(protocol, bytes, start, available);
    if (!skipper.skip(bytes, start, end)) {
      this.#walked = available;
      return this.#wait(available);
    }
    this.#walked = 0;
    frame.length = skipper.offset;
    if (frame.length > this.#limits.maxFrameBytes)
      throw new CodecError('too-large', `The message has ${frame.length} bytes.`);
    frame.idHigh = 0;
    this.#describe(bytes, start, start + frame.length, frame, flavourOf(Transport.unframed, protocol), protocol);
    return true;
  }

  /** Goes on where the last walk ended if these are the bytes of then and more; else begins at the struct. */
  #skipperAt(protocol: Protocol, bytes: Buffer, start: number, available: number): StructSkipper {
    this.#skipper ??= new StructSkipper();
    const first = available >= 8 ? bytes.readUInt32BE(start + 4) : 0;
    if (this.#walked === 0 || available < this.#walked || first !== this.#walkedFirst)
      this.#skipper.begin(protocol, this.#head.bodyAt - start, this.#limits.maxFrameBytes);
    this.#walkedFirst = first;
    return this.#skipper;
  }

  #wait(available: number): false {
    if (available >= this.#limits.maxFrameBytes)
      throw new CodecError('too-large', `The message has more than ${available} bytes.`);
    return false;
  }

  #describe(bytes: Buffer, start: number, frameEnd: number, frame: Frame, flavour: number, protocol: Protocol): void {
    const head = this.#head;
    frame.kind = this.#kindOf(head.type);
    const isDeclaredException = frame.kind === FrameKind.response && !isSuccess(protocol, bytes, head.bodyAt, frameEnd);
    frame.status = frame.kind === FrameKind.error || isDeclaredException ? Status.error : Status.ok;
    frame.idLow = head.sequenceId;
    frame.headerLength = head.bodyAt - start;
    frame.rewritable = head.sequenceAt !== 0;
    frame.a = flavour;
    frame.b = head.nameAt - start;
    frame.c = head.nameLength;
    frame.d = frame.rewritable ? head.sequenceAt - start : 0;
  }

  #kindOf(type: number): FrameKind {
    if (this.#isRequest) {
      if (type === MessageType.call) return FrameKind.request;
      if (type === MessageType.oneway) return FrameKind.oneway;
      throw new CodecError('malformed', 'A caller sent a reply.');
    }
    if (type === MessageType.reply) return FrameKind.response;
    if (type === MessageType.exception) return FrameKind.error;
    throw new CodecError('malformed', 'A server sent a call.');
  }
}
