/**
 * shelf, a text protocol made up for this example, as a codec in TypeScript. No description could say where its frames
 * end: a line, and after some lines as many bytes as the line's last word counts, and one more line end.
 *
 *   GET orders/17          VALUE 5      STORED      NONE      ERROR over the limit
 *   PUT orders/17 5        hello
 *   hello
 *
 * Replies have no ids: they come in the order of the requests.
 */
import {
  type Codec,
  CodecError,
  type CodecLimits,
  type Decoder,
  type Direction,
  defaultLimits,
  type Frame,
  FrameKind,
  type PropertyReader,
  Status,
} from '../../codecs/codec.ts';

/** A line's end is looked for no further, so that a peer that sends byte after byte costs little each time. */
const MAX_LINE_BYTES = 512;
const MAX_MESSAGE_BYTES = 200;
const NEWLINE = 0x0a;

/** Verbs, by the side that sends them, and how many words follow; a verb with data has the data's length as last word. */
interface Verb {
  readonly words: number;
  readonly hasData: boolean;
}
const verbs: Readonly<Record<Direction, ReadonlyMap<string, Verb>>> = {
  request: new Map([
    ['GET', { words: 1, hasData: false }],
    ['PUT', { words: 2, hasData: true }],
  ]),
  response: new Map([
    ['VALUE', { words: 1, hasData: true }],
    ['STORED', { words: 0, hasData: false }],
    ['NONE', { words: 0, hasData: false }],
  ]),
};

export const shelf: Codec = {
  name: 'shelf',
  capabilities: { correlation: 'order', sharesConnections: false, mutates: false, heartbeats: false },
  properties: { names: ['verb', 'key'], open: false },
  decoder: (direction, limits = defaultLimits): Decoder => ({
    decode: (bytes, start, end, frame) => decode(bytes, start, end, frame, direction, limits),
  }),
  reader: (property) => readers.get(property) ?? (() => undefined),
  list: (bytes, start, frame) =>
    [...readers].flatMap(([name, read]) => {
      const value = read(bytes, start, frame);
      return value === undefined ? [] : [[name, value] as const];
    }),
  // There is no id: frame.rewritable is never set, and nobody calls this.
  rewriteId: () => {},
  mutate: (bytes, start, frame) => Buffer.from(bytes.subarray(start, start + frame.length)),
  errorReply: (_head, _start, _idHigh, _idLow, _reason, message) =>
    Buffer.from(`ERROR ${message.replace(/[^ -~]/g, ' ').slice(0, MAX_MESSAGE_BYTES)}\n`),
  heartbeatReply: () => undefined,
};

/** Notes of decode for the readers, as offsets from the frame's start: `a` the verb's end, `b` the end of a request's key. */
const readers: ReadonlyMap<string, PropertyReader> = new Map<string, PropertyReader>([
  ['verb', (bytes, start, frame) => bytes.toString('latin1', start, start + frame.a)],
  ['key', (bytes, start, { a, b }) => (b === 0 ? undefined : bytes.toString('latin1', start + a + 1, start + b))],
]);

function decode(
  bytes: Buffer,
  start: number,
  end: number,
  frame: Frame,
  direction: Direction,
  limits: CodecLimits,
): boolean {
  frame.needed = 0;
  const longest = Math.min(MAX_LINE_BYTES, limits.maxHeaderBytes, limits.maxFrameBytes);
  // Never past `end`: what follows is somebody else's.
  const newline = bytes.subarray(start, Math.min(end, start + longest)).indexOf(NEWLINE);
  if (newline < 0) {
    if (end - start >= longest) throw new CodecError('too-large', `No line ends within ${longest} bytes.`);
    return false;
  }
  const line = bytes.toString('latin1', start, start + newline);
  const length = frameLength(line, newline, frame, direction);
  if (length > limits.maxFrameBytes) throw new CodecError('too-large', `A frame of ${length} bytes.`);
  if (end - start < length) {
    frame.needed = length;
    return false;
  }
  if (bytes[start + length - 1] !== NEWLINE) throw new CodecError('malformed', 'Data does not end with its line.');
  frame.length = length;
  frame.headerLength = 0;
  frame.idHigh = 0;
  frame.idLow = 0;
  frame.rewritable = false;
  return true;
}

/** Bytes of the frame that this line begins; notes its kind, and where its words are. */
function frameLength(line: string, newline: number, frame: Frame, direction: Direction): number {
  const words = line.split(' ');
  const [name = '', key = ''] = words;
  const isError = direction === 'response' && name === 'ERROR';
  frame.status = isError ? Status.error : Status.ok;
  frame.kind = isError ? FrameKind.error : direction === 'request' ? FrameKind.request : FrameKind.response;
  frame.a = name.length;
  frame.b = direction === 'request' ? name.length + 1 + key.length : 0;
  if (isError) return newline + 1;
  const verb = verbs[direction].get(name);
  if (verb === undefined || words.length !== 1 + verb.words || words.includes(''))
    throw new CodecError('malformed', `This is no ${direction} of shelf.`);
  return newline + 1 + (verb.hasData ? dataLength(words.at(-1) ?? '') + 1 : 0);
}

function dataLength(word: string): number {
  if (!/^[0-9]{1,10}$/.test(word)) throw new CodecError('malformed', 'The length of the data is no number.');
  return Number(word);
}
