/** One call of `echo(1: string)` in each transport and protocol, filled up to a given number of bytes. */

type Message = (text: string) => Buffer;

const strict: Message = (text) => binary(Buffer.from([0x80, 1, 0, 1, ...name(), 0, 0, 0, 7]), text);
const lax: Message = (text) => binary(Buffer.from([...name(), 1, 0, 0, 0, 7]), text);

/** The text has fewer than 128 bytes: its length takes one. */
const compact: Message = (text) =>
  Buffer.concat([
    Buffer.from([0x82, 0x21, 7, 4]),
    Buffer.from('echo'),
    Buffer.from([0x18, text.length]),
    Buffer.from(text),
    Buffer.alloc(1),
  ]);

function name(): readonly number[] {
  return [0, 0, 0, 4, ...Buffer.from('echo')];
}

function binary(head: Buffer, text: string): Buffer {
  const field = Buffer.from([0x0b, 0, 1, 0, 0, 0, text.length]);
  return Buffer.concat([head, field, Buffer.from(text), Buffer.alloc(1)]);
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

/** A header with one key-value. */
function header(message: Buffer): Buffer {
  return framed(
    Buffer.concat([Buffer.from([0x0f, 0xff, 0, 0, 0, 0, 0, 7, 0, 2, 0, 0, 1, 1, 1, 0x6b, 1, 0x76]), message]),
  );
}

/** By transport and protocol; each has exactly `bytes` bytes. */
export function thriftMessages(bytes: number): Readonly<Record<string, Buffer>> {
  const filled = (wrap: (message: Buffer) => Buffer, message: Message): Buffer => {
    const empty = wrap(message('')).length;
    return wrap(message('x'.repeat(bytes - empty)));
  };
  const bare = (message: Buffer): Buffer => message;
  return {
    'framed binary': filled(framed, strict),
    'framed binary-lax': filled(framed, lax),
    'framed compact': filled(framed, compact),
    'header binary': filled(header, strict),
    'unframed binary': filled(bare, strict),
    'unframed binary-lax': filled(bare, lax),
    'unframed compact': filled(bare, compact),
  };
}
