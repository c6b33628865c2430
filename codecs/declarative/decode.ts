/**
 * The hot path: finds one frame and fills in what every frame has. What is not asked of a protocol (rules, sections,
 * magic) costs nothing here; properties are read later, by whoever wants them.
 */
import { CodecError, type CodecLimits, type Decoder, type Direction, type Frame, FrameKind, Status } from '../codec.ts';
import { lengthReader } from './frame-length.ts';
import { checkTrailer, type Framing } from './framing.ts';
import type { Identity } from './identity.ts';
import type { Kinds } from './kinds.ts';
import type { Limits } from './limits.ts';
import type { Section } from './sections.ts';
import { ByteRange, type Evaluate } from './values.ts';

export interface FramePlan {
  readonly framing: Framing;
  readonly limits: Limits;
  readonly identity: Identity;
  readonly kinds: Kinds;
  readonly sections: readonly Section[];
  /** Bytes that an error reply copies or reads: the fixed header, or up to where a template's field ends. */
  readonly headEnd: Evaluate | undefined;
}

export function decoder(plan: FramePlan, direction: Direction, limits: CodecLimits): Decoder {
  const { framing, identity, kinds, headEnd } = plan;
  const { headerSize, trailer, checkMagic } = framing;
  const maxFrame = Math.min(plan.limits.maxFrame, limits.maxFrameBytes);
  const minFrame = framing.length.min;
  const readLength = lengthReader(framing.length, headerSize, maxFrame);
  const hasMagic = framing.magic.length > 0;
  const trailerSize = trailer.bytes.length;
  const checksTrailer = trailerSize > 0 && framing.length.form !== 'delimiter';
  const checkSections = sectionCheck(plan.sections, Math.min(plan.limits.maxHeader, limits.maxHeaderBytes));
  const side = direction === 'request' ? 0 : 1;
  const rewritable = identity.rewrite !== undefined;

  return {
    decode(bytes, start, end, frame) {
      frame.needed = 0;
      if (hasMagic) checkMagic(bytes, start, end);
      if (end - start < headerSize) return false;
      const length = readLength(bytes, start, end);
      if (length < 0) return false;
      if (length < minFrame) throw new CodecError('malformed', `The frame says it is ${length} bytes long.`);
      if (length > maxFrame) throw new CodecError('too-large', `The frame says it is ${length} bytes long.`);
      if (length > end - start) {
        frame.needed = length;
        return false;
      }
      const contentEnd = start + length - trailerSize;
      if (checksTrailer) checkTrailer(trailer, bytes, start + length);
      if (checkSections !== undefined) checkSections(bytes, start, contentEnd, side);
      frame.length = length;
      frame.rewritable = rewritable;
      identity.read(bytes, start, contentEnd, side, frame);
      classify(kinds, bytes, start, contentEnd, side, frame);
      frame.headerLength = headEnd === undefined ? headerSize : headEnd(bytes, start, contentEnd, side);
      frame.d = side;
      return true;
    },
  };
}

function classify(kinds: Kinds, bytes: Buffer, start: number, end: number, side: number, frame: Frame): void {
  const { kind: rule, failed } = kinds;
  const kind =
    rule === undefined ? (side === 0 ? FrameKind.request : FrameKind.response) : rule(bytes, start, end, side);
  const isError =
    kind === FrameKind.error ||
    (kind === FrameKind.response && failed !== undefined && failed(bytes, start, end, side) !== 0);
  frame.kind = isError ? FrameKind.error : kind;
  frame.status = isError ? Status.error : Status.ok;
}

/** Refuses frames whose sections do not fit into them, or are longer than a header may be. */
function sectionCheck(
  sections: readonly Section[],
  maxHeader: number,
): ((bytes: Buffer, start: number, end: number, side: number) => void) | undefined {
  const eager = sections.filter((section) => section.eager);
  if (eager.length === 0) return undefined;
  const range = new ByteRange();
  return (bytes, start, end, side) => {
    for (const { name, extent, decoded } of eager) {
      if (!extent(bytes, start, end, side, range)) {
        throw new CodecError('malformed', `The section "${name}" does not fit into the frame.`);
      }
      if (decoded && range.to - start > maxHeader) {
        throw new CodecError('too-large', `The section "${name}" ends after ${range.to - start} bytes.`);
      }
    }
  };
}
