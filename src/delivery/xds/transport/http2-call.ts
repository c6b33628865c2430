/**
 * One gRPC call on an HTTP/2 stream. Written on node:http2 rather than on a gRPC library because a library copies each
 * message for each stream: here a thousand streams send one buffer (see transport.ts for the contract).
 */
import { constants, type ServerHttp2Stream } from 'node:http2';
import { BoundedReading, type ReadingBounds } from './bounded-reading.ts';
import type { Call, CallHandler, Peer, Status } from './transport.ts';

/** A client that has been told the status and does not go is cut after this. */
const LINGER_MS = 5000;
/** Pieces up to this size are joined: one write costs more than copying them. */
const JOINED_BYTES = 16 * 1024;

const responseHeaders = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity',
} as const;

/** Answers a call with a status alone, and takes nothing more of it: what it still sends would be kept for nobody. */
export function refuseCall(stream: ServerHttp2Stream, status: Status): void {
  if (stream.destroyed || stream.headersSent) return;
  stream.respond({ ...responseHeaders, ...trailersOf(status) }, { endStream: true });
  stream.close(constants.NGHTTP2_NO_ERROR);
}

/** Status messages are percent-encoded: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
function trailersOf({ code, message }: Status): Record<string, string> {
  const encoded = Buffer.from(message.slice(0, 2000)).reduce((text, byte) => {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    return text + (plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`);
  }, '');
  return { 'grpc-status': String(code), ...(encoded === '' ? {} : { 'grpc-message': encoded }) };
}

function joined(pieces: readonly Uint8Array[], length: number): Buffer {
  const whole = Buffer.allocUnsafe(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

export class Http2Call implements Call {
  readonly path: string;
  readonly peer: Peer;
  readonly authorization?: string;
  readonly #stream: ServerHttp2Stream;
  #status: Status | undefined;
  #isCutShort = false;

  constructor(stream: ServerHttp2Stream, path: string, peer: Peer, authorization?: string) {
    this.#stream = stream;
    this.path = path;
    this.peer = peer;
    if (authorization !== undefined) this.authorization = authorization;
  }

  /** Starts reading. The handler learns of everything, and last that the call is closed. */
  serve(handler: CallHandler, bounds: ReadingBounds): void {
    const stream = this.#stream;
    const reading = new BoundedReading(bounds, (fault) => this.#fail(fault));
    stream.respond(responseHeaders, { waitForTrailers: true });
    stream.on('wantTrailers', () => {
      stream.sendTrailers(trailersOf(this.#status ?? { code: 0, message: '' }));
      if (this.#isCutShort) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
    });
    stream.on('data', (chunk: Buffer) => {
      if (this.#status === undefined) reading.read(chunk, (message) => handler.message(message));
      // It may just have ended.
      if (this.#status !== undefined) reading.stop();
    });
    stream.on('drain', () => handler.drained());
    stream.on('end', () => handler.finished());
    stream.on('close', () => {
      reading.close();
      handler.closed();
    });
  }

  /** Of who breaks the bounds nothing more is read. */
  #fail(fault: Status): void {
    if (this.#status !== undefined) return;
    this.#isCutShort = true;
    this.end(fault);
  }

  write(pieces: readonly Uint8Array[]): boolean {
    const stream = this.#stream;
    if (this.#status !== undefined || stream.destroyed || stream.closed) return true;
    let length = 0;
    for (const piece of pieces) length += piece.length;
    if (length <= JOINED_BYTES) return stream.write(joined(pieces, length));
    stream.cork();
    let goOn = true;
    for (const piece of pieces) goOn = stream.write(piece);
    stream.uncork();
    return goOn;
  }

  end(status: Status): void {
    if (this.#status !== undefined) return;
    this.#status = status;
    const stream = this.#stream;
    if (stream.destroyed) return;
    stream.end();
    // What waits unread would keep it from closing.
    stream.resume();
    const cut = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), LINGER_MS).unref();
    stream.once('close', () => clearTimeout(cut));
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }
}
