/** Sample frames, which are all that a codec has to give to be held to the contract. */
import { type Codec, type Decoder, type Direction, Frame, type FrameKind, type Status } from '../codec.ts';

export interface SampleFrame {
  /** What the frame is, for the names of tests. */
  readonly name: string;
  readonly direction: Direction;
  /** The whole frame in hexadecimal; blanks are ignored. */
  readonly hex: string;
  readonly kind: keyof typeof FrameKind;
  readonly status?: keyof typeof Status;
  /** The request id; 0 when left out. */
  readonly id?: number | bigint;
  /** Properties that the frame must have; others may be there too. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Frames follow one another on a connection only with frames of the same flavour, where a connection settles on one. */
  readonly flavour?: string;
}

export interface Sample extends SampleFrame {
  readonly bytes: Buffer;
}

/** A frame as plain values, to be compared. */
export interface FrameFacts {
  readonly length: number;
  readonly kind: number;
  readonly status: number;
  readonly id: string;
  readonly headerLength: number;
  readonly rewritable: boolean;
  readonly properties: readonly (readonly [string, string])[];
}

export function parseSample(sample: SampleFrame): Sample {
  const digits = sample.hex.replace(/\s+/g, '');
  if (!/^([0-9a-fA-F]{2})+$/.test(digits)) throw new TypeError(`Sample "${sample.name}" is not hexadecimal.`);
  return { ...sample, bytes: Buffer.from(digits, 'hex') };
}

export function factsOf(codec: Codec, bytes: Buffer, start: number, frame: Frame): FrameFacts {
  return {
    length: frame.length,
    kind: frame.kind,
    status: frame.status,
    id: idOf(frame).toString(),
    headerLength: frame.headerLength,
    rewritable: frame.rewritable,
    properties: codec.list(bytes, start, frame),
  };
}

export function idOf(frame: Frame): bigint {
  return (BigInt(frame.idHigh) << 32n) | BigInt(frame.idLow);
}

/**
 * All frames of a stream that arrives in these chunks, as a connection would see them: what is incomplete stays, the
 * next chunk is put behind it. Throws what decode throws.
 */
export function decodeChunks(codec: Codec, decoder: Decoder, chunks: readonly Buffer[]): FrameFacts[] {
  const frame = new Frame();
  const facts: FrameFacts[] = [];
  let kept: Buffer = Buffer.alloc(0);
  for (const chunk of chunks) {
    const bytes = Buffer.concat([kept, chunk]);
    let at = 0;
    while (decoder.decode(bytes, at, bytes.length, frame)) {
      facts.push(factsOf(codec, bytes, at, frame));
      at += frame.length;
    }
    kept = bytes.subarray(at);
  }
  return facts;
}

/** The one frame that these bytes are, decoded by a decoder of their own. */
export function decodeOne(codec: Codec, direction: Direction, bytes: Buffer, what: string): Frame {
  const frame = new Frame();
  const complete = codec.decoder(direction).decode(bytes, 0, bytes.length, frame);
  if (!complete || frame.length !== bytes.length) {
    throw new Error(
      `${what}: ${bytes.length} bytes should be one frame; ${complete ? `${frame.length} are` : 'none is'}.`,
    );
  }
  return frame;
}
