/** What `isthmus codec` does: lists codecs, and decodes a capture frame by frame. */
import {
  type Codec,
  CodecError,
  type Decoder,
  type Direction,
  defaultLimits,
  Frame,
  FrameKind,
} from '../../codecs/codec.ts';
import { builtInCodecs } from '../../codecs/registry.ts';
import { IsthmusError } from '../model/errors.ts';
import { endSentence } from '../model/finding.ts';
import { type CodecFlags, chooseCodec } from './codec-choice.ts';
import { readNamedStream } from './named-files.ts';
import { type OutputFormat, printRows, printValue } from './output.ts';

export interface DecodeFlags extends CodecFlags {
  readonly direction: Direction;
  readonly hex?: boolean;
  readonly output: OutputFormat;
}

interface DecodedFrame {
  readonly offset: number;
  readonly length: number;
  readonly kind: string;
  readonly id: string;
  readonly status: string;
  readonly properties: Readonly<Record<string, string>>;
}

export function listCodecs(format: OutputFormat): void {
  printRows(
    format,
    [...builtInCodecs.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    [
      { title: 'CODEC', value: (codec) => codec.name },
      { title: 'CORRELATION', value: (codec) => codec.capabilities.correlation },
      { title: 'SHARES CONNECTIONS', value: (codec) => String(codec.capabilities.sharesConnections) },
      { title: 'MUTATES', value: (codec) => String(codec.capabilities.mutates) },
      {
        title: 'PROPERTIES',
        value: (codec) => [...codec.properties.names, ...(codec.properties.open ? ['...'] : [])].join(','),
      },
    ],
  );
}

/** Prints the frames of a capture. Throws BAD_DATA, after printing what came before, where the bytes are no frame. */
export async function decodeCapture(capture: string, flags: DecodeFlags): Promise<void> {
  const codec = await chooseCodec(flags);
  const bytes = await readCapture(capture, flags.hex === true);
  if (bytes.length === 0) throw new IsthmusError('BAD_DATA', `${capture} holds no bytes.`);
  // A description that breaks the contract is a fault of what compiled it.
  const isUsersCode = flags.filename === undefined && !builtInCodecs.has(codec.name);
  const { frames, problem } = decodeAll({ codec, isUsersCode, direction: flags.direction, bytes });
  // A table of nothing would hide that there was not even a first frame.
  if (frames.length > 0 || flags.output !== 'table') printFrames(flags.output, frames);
  if (problem === undefined) return;
  const hint =
    flags.hex !== true && isHexadecimal(bytes) ? '\nThe capture is hexadecimal text: decode it with --hex.' : '';
  throw new IsthmusError('BAD_DATA', `${problem}${hint}`);
}

/** A capture for a person to look at: what is larger is cut before. */
const maxCaptureBytes = 64 * 1024 * 1024;

async function readCapture(capture: string, hex: boolean): Promise<Buffer> {
  const bytes = await readNamedStream(capture, 'the capture', maxCaptureBytes);
  if (!hex) return bytes;
  const digits = bytes.toString('latin1').replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits))
    throw new IsthmusError('BAD_DATA', `${capture} is not hexadecimal text: expected pairs of 0-9 and a-f.`);
  return Buffer.from(digits, 'hex');
}

/** By its beginning: long enough that no protocol's own bytes look so. */
function isHexadecimal(bytes: Buffer): boolean {
  const beginning = bytes.toString('latin1', 0, 4096);
  return /^[\s0-9a-fA-F]*$/.test(beginning) && /\S{2}/.test(beginning);
}

const kindNames = new Map<number, string>(Object.entries(FrameKind).map(([name, number]) => [number, name]));

interface Reading {
  readonly codec: Codec;
  readonly isUsersCode: boolean;
  readonly direction: Direction;
  readonly bytes: Buffer;
}

function decodeAll(reading: Reading): { frames: DecodedFrame[]; problem?: string } {
  const decoder = reading.codec.decoder(reading.direction, defaultLimits);
  const frames: DecodedFrame[] = [];
  let offset = 0;
  while (offset < reading.bytes.length) {
    const step = decodeAt(reading, decoder, offset);
    if (typeof step === 'string') return { frames, problem: placed(step, reading, offset) };
    frames.push(step);
    offset += step.length;
  }
  return { frames };
}

/** The frame, or what is wrong with the bytes or with a user's code. A fault of ours is thrown on. */
function decodeAt({ codec, isUsersCode, bytes }: Reading, decoder: Decoder, offset: number): DecodedFrame | string {
  const frame = new Frame();
  const left = bytes.length - offset;
  try {
    if (!decoder.decode(bytes, offset, bytes.length, frame)) {
      const needed = frame.needed === 0 ? 'more bytes' : `${frame.needed} bytes`;
      return `The frame is not complete; it needs ${needed}, and ${left} are left.`;
    }
    if (!Number.isInteger(frame.length) || frame.length < 1 || frame.length > left)
      return `The codec has a bug: it found a frame of ${frame.length} bytes in ${left}.`;
    return describe(codec, bytes, offset, frame);
  } catch (error) {
    if (error instanceof CodecError) return error.message;
    if (!isUsersCode) throw error;
    return `The codec has a bug: it threw ${endSentence(String(error))}`;
  }
}

const shownBytes = 16;

/** What is wrong, where, as what the bytes were read, and the bytes themselves. */
function placed(problem: string, { codec, direction, bytes }: Reading, offset: number): string {
  const shown = bytes.subarray(offset, offset + shownBytes);
  const digits = shown.toString('hex').replace(/..(?=.)/g, '$& ');
  const text = shown.toString('latin1').replace(/[^ -~]/g, '.');
  const more = offset + shown.length < bytes.length ? ' ...' : '';
  return (
    `At byte ${offset} of ${bytes.length}, read as a ${direction} of ${codec.name}: ${problem}\n` +
    `  byte ${offset}: ${digits}${more}  |${text}|`
  );
}

function describe(codec: Codec, bytes: Buffer, offset: number, frame: Frame): DecodedFrame {
  return {
    offset,
    length: frame.length,
    kind: kindNames.get(frame.kind) ?? String(frame.kind),
    id: ((BigInt(frame.idHigh) << 32n) | BigInt(frame.idLow)).toString(),
    status: frame.status === 0 ? 'ok' : 'error',
    properties: Object.fromEntries(codec.list(bytes, offset, frame)),
  };
}

function printFrames(format: OutputFormat, frames: readonly DecodedFrame[]): void {
  if (format !== 'table') {
    printValue(format, frames);
    return;
  }
  printRows('table', frames, [
    { title: 'OFFSET', value: (frame) => frame.offset },
    { title: 'LENGTH', value: (frame) => frame.length },
    { title: 'KIND', value: (frame) => frame.kind },
    { title: 'ID', value: (frame) => frame.id },
    { title: 'STATUS', value: (frame) => frame.status },
    {
      title: 'PROPERTIES',
      value: (frame) =>
        Object.entries(frame.properties)
          .map(([k, v]) => `${k}=${v}`)
          .join(' '),
    },
  ]);
}
