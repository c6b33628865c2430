/**
 * What a Dubbo call of a 100-byte argument and five attachments costs the codec on one core, by what is asked of it: the
 * header, with the id rewritten; the interface as well, behind which nothing is read; one attachment, which stands behind
 * the arguments; an attachment set. Prints JSON when run: `node test/bench/dubbo-decode.bench.ts [frames]`.
 */
import { Frame } from '../../codecs/codec.ts';
import { dubbo } from '../../codecs/dubbo/dubbo.ts';
import { dubboInterface, requestFrames } from './proxy-frames.ts';

export interface DubboFigures {
  readonly asked: string;
  readonly frames: number;
  readonly framesPerSecond: number;
}

const framesPerRead = 64;
const rounds = 5;
const readInterface = dubbo.reader('interface');
const readTimeout = dubbo.reader('timeout');
const mutation = [{ key: 'tag', value: 'canary' }];

type Step = (bytes: Buffer, at: number, frame: Frame) => void;

function expectRead(read: string | undefined, expected: string): void {
  if (read !== expected) throw new TypeError(`${read} is not what was sent`);
}

const steps: Readonly<Record<string, Step>> = {
  header: (bytes, at, frame) => dubbo.rewriteId(bytes, at, frame, 0, frame.idLow),
  interface: (bytes, at, frame) => expectRead(readInterface(bytes, at, frame), dubboInterface),
  attachment: (bytes, at, frame) => expectRead(readTimeout(bytes, at, frame), '1000'),
  mutation: (bytes, at, frame) => void dubbo.mutate(bytes, at, frame, mutation),
};

export function measureDubboDecode(frames: number): readonly DubboFigures[] {
  const bytes = requestFrames('dubbo', framesPerRead);
  return Object.entries(steps).map(([asked, step]) => {
    const rates = Array.from({ length: rounds }, () => rate(bytes, frames, step)).sort((a, b) => a - b);
    return { asked, frames, framesPerSecond: Math.round(rates[rounds >> 1] ?? 0) };
  });
}

function rate(bytes: Buffer, frames: number, step: Step): number {
  const decoder = dubbo.decoder('request');
  const frame = new Frame();
  const before = performance.now();
  for (let found = 0, at = 0; found < frames; found++) {
    if (!decoder.decode(bytes, at, bytes.length, frame)) throw new TypeError('no frame was found');
    step(bytes, at, frame);
    at = (at + frame.length) % bytes.length;
  }
  return (frames * 1000) / (performance.now() - before);
}

if (import.meta.main) {
  const frames = Number(process.argv[2] ?? 1_000_000);
  console.log(JSON.stringify({ bench: 'dubbo-decode', figures: measureDubboDecode(frames) }));
}
