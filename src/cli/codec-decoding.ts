/** What `isthmus codec` does: lists codecs, and decodes a capture frame by frame. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { type Codec, CodecError, type Direction, defaultLimits, Frame, FrameKind } from '../../codecs/codec.ts';
import { builtInCodecs, findCodec } from '../../codecs/registry.ts';
import { readBounded } from '../model/bounded-input.ts';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { type OutputFormat, printRows, printValue } from './output.ts';

export interface DecodeFlags {
  readonly codec?: string;
  readonly filename?: string;
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
  const { frames, problem } = decodeAll(codec, flags.direction, bytes);
  printFrames(flags.output, frames);
  if (problem !== undefined) throw new IsthmusError('BAD_DATA', problem);
}

async function chooseCodec(flags: DecodeFlags): Promise<Codec> {
  if (flags.filename !== undefined) return codecOfManifest(flags.filename);
  if (flags.codec === undefined) throw new IsthmusError('USAGE', 'Give --codec NAME or -f MANIFEST.');
  const found = findCodec(flags.codec) ?? findCodec(`aeraki.meta_protocol.codec.${flags.codec}`);
  if (found !== undefined && 'codec' in found) return found.codec;
  throw new IsthmusError('USAGE', `There is no codec "${flags.codec}". "isthmus codec list" shows what there is.`);
}

async function codecOfManifest(file: string): Promise<Codec> {
  const manifest = await readManifest(file);
  const found = findCodec(manifest.name, manifest.spec);
  if (found !== undefined && 'codec' in found) return found.codec;
  const problems = found?.problems.map((problem) => `spec.${problem.path}: ${problem.message} ${problem.remedy}`) ?? [];
  throw new IsthmusError('BAD_DATA', `${file}: the codec does not compile.\n${problems.join('\n')}`);
}

async function readManifest(file: string): Promise<{ readonly name: string; readonly spec: unknown }> {
  const value: unknown = load(await readText(file));
  if (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'ProtocolCodec' &&
    'spec' in value
  ) {
    const metadata: unknown = 'metadata' in value ? value.metadata : undefined;
    const name = typeof metadata === 'object' && metadata !== null && 'name' in metadata ? String(metadata.name) : file;
    return { name, spec: value.spec };
  }
  throw new IsthmusError('BAD_DATA', `${file} holds no ProtocolCodec.`);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new IsthmusError('BAD_DATA', `Cannot read ${file}: ${messageOf(error)}.`, { cause: error });
  }
}

/** A capture for a person to look at: what is larger is cut before. */
const maxCaptureBytes = 64 * 1024 * 1024;

async function readCapture(capture: string, hex: boolean): Promise<Buffer> {
  const stream = capture === '-' ? process.stdin : createReadStream(capture);
  const bytes = await readBounded(stream, maxCaptureBytes, capture === '-' ? 'standard input' : capture).catch(
    (error: unknown) => {
      if (error instanceof IsthmusError) throw error;
      throw new IsthmusError('BAD_DATA', `Cannot read ${capture}: ${messageOf(error)}.`, { cause: error });
    },
  );
  if (!hex) return bytes;
  const digits = bytes.toString('latin1').replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits))
    throw new IsthmusError('BAD_DATA', `${capture} is not hexadecimal text: expected pairs of 0-9 and a-f.`);
  return Buffer.from(digits, 'hex');
}

const kindNames = new Map<number, string>(Object.entries(FrameKind).map(([name, number]) => [number, name]));

function decodeAll(codec: Codec, direction: Direction, bytes: Buffer): { frames: DecodedFrame[]; problem?: string } {
  const decoder = codec.decoder(direction, defaultLimits);
  const frame = new Frame();
  const frames: DecodedFrame[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    try {
      if (!decoder.decode(bytes, offset, bytes.length, frame)) {
        const needed = frame.needed === 0 ? 'more bytes' : `${frame.needed} bytes`;
        return {
          frames,
          problem: `At byte ${offset}: the frame is not complete; it needs ${needed}, and ${bytes.length - offset} are left.`,
        };
      }
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      return { frames, problem: `At byte ${offset}: ${error.message}` };
    }
    frames.push(describe(codec, bytes, offset, frame));
    offset += frame.length;
  }
  return { frames };
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
