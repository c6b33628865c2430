/** A user's own codec with a bug in each of its parts, of which the body of a request or a reply chooses one. */
import { awesomerpc } from '../../codecs/awesomerpc/awesomerpc.ts';
import { type Codec, CodecError, type Direction } from '../../codecs/codec.ts';

export const FAULTY = 'test.codec.faulty';
const HEADER = 13;

const nameOf = (bytes: Buffer, start: number): string => bytes.toString('latin1', start + HEADER, start + HEADER + 40);

function failIf(bytes: Buffer, start: number, what: string): void {
  const name = nameOf(bytes, start);
  if (name.startsWith(`malformed in ${what}`)) throw new CodecError('malformed', `nonsense in ${what}`);
  if (name.startsWith(`bug in ${what}`)) throw new TypeError(`a bug in ${what}`);
}

export const faulty: Codec = {
  ...awesomerpc,
  name: FAULTY,
  capabilities: { ...awesomerpc.capabilities, mutates: true },
  properties: { names: ['cmd', 'other'], open: false },
  decoder: (direction: Direction, limits) => {
    const inner = awesomerpc.decoder(direction, limits);
    return {
      decode: (bytes, start, end, frame) => {
        if (nameOf(bytes, start).startsWith('end the thread')) process.exit(3);
        failIf(bytes, start, `decode ${direction}`);
        return inner.decode(bytes, start, end, frame);
      },
    };
  },
  reader: (property) => (bytes, start, frame) => {
    failIf(bytes, start, `read ${property}`);
    return awesomerpc.reader(property)(bytes, start, frame);
  },
  mutate: (bytes, start, frame, mutation) => {
    failIf(bytes, start, mutation.some(({ key }) => key === 'reply') ? 'mutate reply' : 'mutate request');
    return awesomerpc.mutate(bytes, start, frame, mutation);
  },
  errorReply: (head, start, idHigh, idLow, reason, message) => {
    failIf(head, start, 'read other, and in errorReply');
    return awesomerpc.errorReply(head, start, idHigh, idLow, reason, message);
  },
};
