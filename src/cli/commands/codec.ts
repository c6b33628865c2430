/** `isthmus codec list|decode`: which codecs there are, and what one makes of captured bytes. */
import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { load } from 'js-yaml';
import { type Codec, CodecError, type Direction, defaultLimits, Frame, FrameKind } from '../../../codecs/codec.ts';
import { builtInCodecs, findCodec } from '../../../codecs/registry.ts';
import { ExitCode, IsthmusError, messageOf } from '../../model/errors.ts';
import { type OutputFormat, outputOption, printRows, printValue } from '../output.ts';
import type { Settle } from '../program.ts';

interface DecodedFrame {
  readonly offset: number;
  readonly length: number;
  readonly kind: string;
  readonly id: string;
  readonly status: string;
  readonly properties: Readonly<Record<string, string>>;
}

interface DecodeFlags {
  readonly codec?: string;
  readonly filename?: string;
  readonly direction: Direction;
  readonly hex?: boolean;
  readonly output: OutputFormat;
}

export function codecCommand(settle: Settle): Command {
  return new Command('codec')
    .description('Inspect codecs and try them on bytes.')
    .addCommand(list())
    .addCommand(decode(settle));
}

function list(): Command {
  return new Command('list')
    .description('List the built-in codecs.')
    .addOption(outputOption())
    .action((flags: { readonly output: OutputFormat }) => {
      printRows(
        flags.output,
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
    });
}

function decode(settle: Settle): Command {
  return new Command('decode')
    .description('Decode captured bytes into frames.')
    .addHelpText(
      'before',
      'Examples:\n  isthmus codec decode --codec thrift --hex capture.hex\n  isthmus codec decode -f my-codec.yaml capture.bin\n',
    )
    .argument('<capture>', 'file with the bytes; - is standard input')
    .option('--codec <name>', 'a built-in codec, with or without its prefix')
    .option('-f, --filename <file>', 'a ProtocolCodec manifest to decode with')
    .addOption(
      new Option('--direction <direction>', 'which side sent the bytes')
        .choices(['request', 'response'])
        .default('request'),
    )
    .option('--hex', 'the capture is hexadecimal text; blanks are ignored')
    .addOption(outputOption())
    .action(async (capture: string, flags: DecodeFlags) => {
      const codec = await chooseCodec(flags);
      const bytes = await readCapture(capture, flags.hex === true);
      const { frames, problem } = decodeAll(codec, flags.direction, bytes);
      printFrames(flags.output, frames);
      if (problem !== undefined) throw new IsthmusError('BAD_DATA', problem);
      settle(ExitCode.ok);
    });
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

async function readCapture(capture: string, hex: boolean): Promise<Buffer> {
  const bytes = await readFile(capture === '-' ? '/dev/stdin' : capture).catch((error: unknown) => {
    throw new IsthmusError('BAD_DATA', `Cannot read ${capture}: ${messageOf(error)}.`, { cause: error });
  });
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
