/**
 * What header-only decoding of 128-byte Thrift messages costs on one core, by transport and protocol: the head alone; and
 * the head, the id rewritten where it has a fixed width, the method's name read. Unframed messages cost more, because only
 * their structure says where they end. Prints JSON when run: `node test/bench/thrift-decode.bench.ts [frames]`.
 */
import { Frame } from '../../codecs/codec.ts';
import { thrift } from '../../codecs/thrift/thrift.ts';
import { thriftMessages } from './thrift-messages.ts';

export interface ThriftFigures {
  readonly flavour: string;
  readonly frames: number;
  /** Frames a second. */
  readonly decode: number;
  /** The same with rewriteId and `method` read. */
  readonly decodeRewriteRead: number;
}

const frameBytes = 128;
/** As many frames as a socket's read usually holds. */
const framesPerRead = 512;
const rounds = 5;
const method = thrift.reader('method');

export function measureThriftDecode(frames: number): readonly ThriftFigures[] {
  return Object.entries(thriftMessages(frameBytes)).map(([flavour, message]) => {
    const bytes = Buffer.concat(Array.from({ length: framesPerRead }, () => message));
    const median = (withMore: boolean): number => {
      const rates = Array.from({ length: rounds }, () => rate(bytes, frames, withMore));
      return Math.round(rates.sort((a, b) => a - b)[rounds >> 1] ?? 0);
    };
    return { flavour, frames, decode: median(false), decodeRewriteRead: median(true) };
  });
}

function rate(bytes: Buffer, frames: number, withMore: boolean): number {
  const decoder = thrift.decoder('request');
  const frame = new Frame();
  const before = performance.now();
  let found = 0;
  while (found < frames) {
    let at = 0;
    for (; found < frames && decoder.decode(bytes, at, bytes.length, frame); at += frame.length) {
      found++;
      if (withMore) rewriteAndRead(bytes, at, frame, found);
    }
    if (at === 0) throw new TypeError('no frame was found');
  }
  return (found * 1000) / (performance.now() - before);
}

function rewriteAndRead(bytes: Buffer, at: number, frame: Frame, id: number): void {
  if (frame.rewritable) thrift.rewriteId(bytes, at, frame, 0, id);
  if (method(bytes, at, frame) !== 'echo') throw new TypeError('the method is not what was sent');
}

if (import.meta.main) {
  const frames = Number(process.argv[2] ?? 4_000_000);
  console.log(
    JSON.stringify({ bench: 'thrift-decode', frameBytes, required: 2_000_000, figures: measureThriftDecode(frames) }),
  );
}
