/**
 * The codec contract. A codec decodes frames incrementally, encodes a mutation, and answers an error; nothing else.
 *
 *   bytes --decode--> Frame (kind, id, length, offsets) --reader(property)--> strings, only those that are asked for
 *                                                       --rewriteId / mutate--> bytes to forward
 *                                                       --errorReply / heartbeatReply--> bytes to answer
 *
 * A codec is pure, synchronous and allocation-shy. On any bytes: it throws nothing but CodecError, never reads past a
 * frame, never allocates more than the frame's bound, and finds the same frames however the bytes are split.
 * The conformance kit (conformance-kit.ts) checks all of this for a codec that lists a few sample frames.
 */

/** Numeric values as MetaProtocol's reference has them; they appear in logs. */
export const FrameKind = {
  request: 0,
  response: 1,
  oneway: 2,
  streamInit: 3,
  streamData: 4,
  streamCloseOneWay: 5,
  streamCloseTwoWay: 6,
  heartbeat: 7,
  /** A response that reports an error (status error as well). */
  error: 8,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

export const Status = { ok: 0, error: 1 } as const;
export type Status = (typeof Status)[keyof typeof Status];

/** Why the proxy answers instead of the upstream; numeric values as the reference has them. */
export const ReplyReason = {
  routeNotFound: 0,
  clusterNotFound: 1,
  noHealthyUpstream: 2,
  badResponse: 3,
  unspecified: 4,
  overLimit: 5,
  /** The upstream took too long. The reference waits for ever and has none. */
  timeout: 6,
} as const;
export type ReplyReason = (typeof ReplyReason)[keyof typeof ReplyReason];

/** Equal in every copy of this module: a codec of a user's own is loaded beside the bundled program, and brings one. */
const codecErrorMark: unique symbol = Symbol.for('isthmus.CodecError');

/** Bytes that are no frame of this protocol, or a frame beyond its bounds. The connection cannot go on. */
export class CodecError extends Error {
  readonly [codecErrorMark] = true;
  readonly reason: 'malformed' | 'too-large' | 'unsupported';

  constructor(reason: 'malformed' | 'too-large' | 'unsupported', message: string) {
    super(message);
    this.name = 'CodecError';
    this.reason = reason;
  }

  /** Also true for an error of another copy of this class. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && codecErrorMark in value;
  }
}

/**
 * What decode found. One object is reused for many frames: read it before the next decode. `a` to `d` are the codec's
 * own notes on offsets (relative to the frame's start), which its readers use; nobody else reads them.
 */
export class Frame {
  /** Bytes of the whole frame. */
  length = 0;
  /** After an incomplete decode: the frame's length when it is known already, else 0. */
  needed = 0;
  kind: FrameKind = FrameKind.request;
  status: Status = Status.ok;
  /** The request id as two unsigned 32-bit halves; 0, 0 when the protocol has none. */
  idHigh = 0;
  idLow = 0;
  /** Bytes from the frame's start that errorReply needs. */
  headerLength = 0;
  /** Whether rewriteId works on this very frame (a Thrift compact frame has no fixed-width id). */
  rewritable = false;
  a = 0;
  b = 0;
  c = 0;
  d = 0;
}

export type Direction = 'request' | 'response';

/** One connection's one direction. Keeps only what the connection has negotiated, never bytes. */
export interface Decoder {
  /**
   * Looks for one frame in bytes[start, end). True: `frame` describes it. False: more bytes are needed, and
   * `frame.needed` tells how many in all when that is known. Throws CodecError.
   */
  decode(bytes: Buffer, start: number, end: number, frame: Frame): boolean;
}

/** Reads one property of a frame that decode has just described; undefined when the frame does not have it. */
export type PropertyReader = (bytes: Buffer, start: number, frame: Frame) => string | undefined;

/**
 * Properties as a server may take them where that is not what `reader` shows; undefined where it then has none of that
 * name. Those that are left out are as `reader` shows them.
 */
export type OtherReading = ReadonlyMap<string, string | undefined>;

export type Mutation = readonly { readonly key: string; readonly value: string }[];

export interface CodecCapabilities {
  /** How a reply finds its request: by id, by order on the connection, or only by being the sole one in flight. */
  readonly correlation: 'id' | 'order' | 'none';
  /** Whether ids make it safe for several callers to share one upstream connection. Needs rewriteId on every frame. */
  readonly sharesConnections: boolean;
  /**
   * Whether every server of the protocol works on the requests of one connection side by side: then they share
   * connections without being told to. Absent: only where the configuration says so.
   */
  readonly multiplexes?: boolean;
  /** Whether mutate changes requests and responses; when false, it returns the frame unchanged. */
  readonly mutates: boolean;
  /**
   * Whether mutate has to walk through the body, which can be large: then requests are changed only where a route asks
   * for it, and get no x-request-id else. Absent: they get one.
   */
  readonly mutatesBody?: boolean;
  /** Whether an upstream may send a heartbeat of its own, which heartbeatReply answers. */
  readonly heartbeats: boolean;
}

/** Frames about a connection itself, between the proxy and its upstreams; decode gives them the kind heartbeat. */
export interface ConnectionNotices {
  /** Asks an upstream for a sign of life, and keeps it from closing an idle connection. Constant, and shared. */
  readonly heartbeat: Buffer;
  /** Whether an upstream says with this frame that it takes no more requests on the connection. */
  isFarewell(bytes: Buffer, start: number, frame: Frame): boolean;
}

export interface CodecLimits {
  readonly maxFrameBytes: number;
  readonly maxHeaderBytes: number;
}

export const defaultLimits: CodecLimits = { maxFrameBytes: 16 * 1024 * 1024, maxHeaderBytes: 64 * 1024 };

export interface Codec {
  /** The registry name: `aeraki.meta_protocol.codec.<protocol>`, or a ProtocolCodec's name. */
  readonly name: string;
  readonly capabilities: CodecCapabilities;
  /** Names that reader knows beforehand; `open` when frames carry properties of any name. */
  readonly properties: { readonly names: readonly string[]; readonly open: boolean };
  decoder(direction: Direction, limits?: CodecLimits): Decoder;
  /** Compiled once per route table, not per frame. A name that no frame can have gives a reader of undefined. */
  reader(property: string): PropertyReader;
  /**
   * For access control alone: what else than `reader` shows a server may take a request for, which is what a caller could
   * show to a policy one thing with and do another. Each reading has to be permitted, as that of `reader` has. Empty: there
   * is no other. Undefined: nobody can tell, and the request is refused where a policy asks for properties. Absent: there
   * never is another.
   */
  otherReadings?(bytes: Buffer, start: number, frame: Frame): readonly OtherReading[] | undefined;
  /** All properties, for `codec decode` and access logs of everything; not for the hot path. */
  list(bytes: Buffer, start: number, frame: Frame): readonly (readonly [name: string, value: string])[];
  /** Overwrites the request id in place; only when frame.rewritable. */
  rewriteId(bytes: Buffer, start: number, frame: Frame, idHigh: number, idLow: number): void;
  /** The frame with the key-values set (an existing key is replaced), every length that spans them fixed. A new buffer. */
  mutate(bytes: Buffer, start: number, frame: Frame, mutation: Mutation): Buffer;
  /**
   * Why no frame of a side can ever be given a pair, where that is known beforehand: `mutate` would throw each time.
   * Absent: it can, as far as anybody knows.
   */
  whyNotSettable?(side: 'request' | 'response', key: string, value: string): string | undefined;
  /** Whether mutate changes this very frame, where the protocol has flavours that it cannot change. Absent: it does. */
  canMutate?(frame: Frame): boolean;
  /**
   * A complete error reply. `head` holds at least the request's first `headerLength` bytes from `start`; the id is given
   * because the bytes may have been rewritten. Undefined when the protocol has no way to say it: then the caller closes.
   */
  errorReply(
    head: Buffer,
    start: number,
    idHigh: number,
    idLow: number,
    reason: ReplyReason,
    message: string,
  ): Buffer | undefined;
  /** The answer to a heartbeat frame; undefined when none is wanted. */
  heartbeatReply(bytes: Buffer, start: number, frame: Frame): Buffer | undefined;
  /** Absent where the protocol has none. */
  readonly notices?: ConnectionNotices;
}
