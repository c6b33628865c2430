/**
 * What header-only decoding of 128-byte frames costs on one core, through awesomerpc's description and through the
 * codec by hand: the frame alone; and the frame, its id rewritten, one property read. Prints JSON when run:
 * `node test/bench/codec-decode.bench.ts [frames]`.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { awesomerpc } from '../../codecs/awesomerpc/awesomerpc.ts';
import { type Codec, Frame } from '../../codecs/codec.ts';
import { compileDescription } from '../../codecs/declarative/compile.ts';

export interface DecodeFigures {
  readonly codec: string;
  readonly frames: number;
  /** Frames a second: length, kind and id. */
  readonly decode: number;
  /** The same with rewriteId and one property. */
  readonly decodeRewriteRead: number;
}

const frameBytes = 128;
/** As many frames as a socket's read usually holds. */
const framesPerRead = 512;
const rounds = 5;

export function measureDecode(frames: number): readonly DecodeFigures[] {
  const bytes = received();
  return [described(), awesomerpc].map((codec, index) => {
    const runs = Array.from({ length: rounds }, () => [
      rate(frames, () => decodeAll(codec, bytes, frames)),
      rate(frames, () => decodeRewriteReadAll(codec, bytes, frames)),
    ]);
    const median = (column: number): number =>
      Math.round(runs.map((run) => run[column] ?? 0).sort((a, b) => a - b)[rounds >> 1] ?? 0);
    return {
      codec: index === 0 ? 'awesomerpc by its description' : 'awesomerpc by hand',
      frames,
      decode: median(0),
      decodeRewriteRead: median(1),
    };
  });
}

function described(): Codec {
  const manifest = path.resolve(import.meta.dirname, '../../codecs/awesomerpc/awesomerpc.yaml');
  const document: unknown = load(readFileSync(manifest, 'utf8'));
  const spec: unknown =
    typeof document === 'object' && document !== null && 'spec' in document ? document.spec : undefined;
  const compiled = compileDescription(spec, 'awesomerpc');
  if ('problems' in compiled) throw new TypeError(JSON.stringify(compiled.problems));
  return compiled.codec;
}

function received(): Buffer {
  const bytes = Buffer.alloc(frameBytes * framesPerRead);
  for (let index = 0; index < framesPerRead; index++) {
    const start = index * frameBytes;
    bytes.writeUInt8(1, start);
    bytes.writeUInt32BE(index, start + 1);
    bytes.writeUInt32BE(frameBytes, start + 5);
    bytes.writeInt16BE(index % 16, start + 9);
  }
  return bytes;
}

function rate(frames: number, run: () => number): number {
  const before = performance.now();
  const found = run();
  const seconds = (performance.now() - before) / 1000;
  if (found !== frames) throw new TypeError(`decoded ${found} of ${frames} frames`);
  return frames / seconds;
}

function decodeAll(codec: Codec, bytes: Buffer, frames: number): number {
  const decoder = codec.decoder('request');
  const frame = new Frame();
  let found = 0;
  while (found < frames) {
    for (let at = 0; found < frames && decoder.decode(bytes, at, bytes.length, frame); at += frame.length) found++;
  }
  return found;
}

function decodeRewriteReadAll(codec: Codec, bytes: Buffer, frames: number): number {
  const decoder = codec.decoder('request');
  const command = codec.reader('cmd');
  const frame = new Frame();
  let found = 0;
  let texts = 0;
  while (found < frames) {
    for (let at = 0; found < frames && decoder.decode(bytes, at, bytes.length, frame); at += frame.length) {
      codec.rewriteId(bytes, at, frame, 0, found);
      texts += command(bytes, at, frame) === undefined ? 0 : 1;
      found++;
    }
  }
  return texts;
}

if (import.meta.main) {
  const frames = Number(process.argv[2] ?? 4_000_000);
  console.log(
    JSON.stringify({ bench: 'codec-decode', frameBytes, required: 2_000_000, figures: measureDecode(frames) }),
  );
}
