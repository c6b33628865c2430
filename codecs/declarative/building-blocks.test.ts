import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { type Codec, CodecError, Frame } from '../codec.ts';
import { describeCodec } from '../conformance-kit.ts';
import { compileDescription } from './compile.ts';

function codec(name: string, description: string): Codec {
  const compiled = compileDescription(load(description), name);
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems, null, 2));
  return compiled.codec;
}

function text(value: string): string {
  return Buffer.from(value).toString('hex');
}

function mutate(of: Codec, bytes: Buffer, ...pairs: readonly (readonly [string, string])[]): Buffer {
  const frame = new Frame();
  expect(of.decoder('request').decode(bytes, 0, bytes.length, frame)).toBe(true);
  return of.mutate(
    bytes,
    0,
    frame,
    pairs.map(([key, value]) => ({ key, value })),
  );
}

describe('frames between two marks', () => {
  const marked = codec(
    'marked',
    `
    frame:
      header: { size: 9 }
      magic: [{ offset: 0, bytes: '26' }, { offset: 5, bytes: '10', mask: 'f0' }]
      trailer: [{ bytes: '28' }]
      length: { parts: [{ offset: 1, type: u32 }] }
    fields: { id: { offset: 6, type: u24 } }
    identity: { requestId: id, correlation: id }
    properties: { id: { from: id, as: hex } }
    `,
  );
  describeCodec(marked, [
    { name: 'a frame', direction: 'request', hex: '26 0000000c 1f 000007 ffff 28', kind: 'request', id: 7 },
    { name: 'an empty one', direction: 'response', hex: '26 0000000a 10 0000ff 28', kind: 'response', id: 255 },
  ]);

  test('an id of three bytes is too narrow to be rewritten', () => {
    expect(marked.capabilities.sharesConnections).toBe(false);
  });

  test.each(['26 0000000a 10 0000ff 29', '27', '26 0000000a 20', '26 00000009 10 0000ff 28'])(
    '%s is malformed',
    (hex) => {
      const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
      expect(() => marked.decoder('request').decode(bytes, 0, bytes.length, new Frame())).toThrow(CodecError);
    },
  );
});

describe('lines', () => {
  const lines = codec(
    'lines',
    `
    limits: { maxFrame: 1KiB }
    frame: { header: { size: 0 }, length: { delimiter: '0d0a' } }
    sections: [{ name: words, decode: text, schema: { separator: ' ', columns: [verb, key] } }]
    properties: { words: { from: words } }
    identity: { correlation: fifo }
    `,
  );
  describeCodec(lines, [
    {
      name: 'a command',
      direction: 'request',
      hex: text('GET orders 7\r\n'),
      kind: 'request',
      properties: { verb: 'GET', key: 'orders' },
    },
    { name: 'an empty line', direction: 'response', hex: '0d0a', kind: 'response' },
  ]);

  test('a line without an end is refused once it is longer than a frame may be', () => {
    const decoder = lines.decoder('request');
    const bytes = Buffer.alloc(1024, 'x');
    expect(decoder.decode(bytes, 0, 1023, new Frame())).toBe(false);
    expect(() => decoder.decode(bytes, 0, 1024, new Frame())).toThrow(CodecError);
  });
});

describe('netstrings of pairs', () => {
  const netstring = codec(
    'netstring',
    `
    frame:
      header: { size: 0 }
      trailer: [{ bytes: '2c' }]
      length: { parts: [{ offset: 0, type: ascii-decimal(3a) }], counts: afterField, adjust: 1 }
    sections: [{ name: pairs, decode: text, schema: { separator: '&', assign: '=' } }]
    properties: { pairs: { from: pairs } }
    mutation: { target: pairs }
    `,
  );
  describeCodec(netstring, [
    {
      name: 'two pairs',
      direction: 'request',
      hex: text('7:a=1&b=2,'),
      kind: 'request',
      properties: { a: '1', b: '2' },
    },
    { name: 'none', direction: 'response', hex: text('0:,'), kind: 'response' },
  ]);

  test('the length grows by a digit when it has to, and a separator comes in between', () => {
    expect(mutate(netstring, Buffer.from('7:a=1&b=2,'), ['c', '3'], ['a', '']).toString()).toBe('10:a=&b=2&c=3,');
  });

  test('a value that holds the separator is refused, not smuggled in', () => {
    expect(() => mutate(netstring, Buffer.from('0:,'), ['a', '1&admin=1'])).toThrow(CodecError);
  });
});

test('a description with a place for changes on one side alone says so of each frame', () => {
  const oneSided = codec(
    'one-sided',
    `
    frame: { header: { size: 0 }, length: { parts: [{ offset: 0, type: ascii-decimal(3a) }], counts: afterField } }
    sections: [{ name: pairs, decode: text, schema: { separator: '&', assign: '=' } }]
    properties: { pairs: { from: pairs } }
    mutation: { target: { request: none, response: pairs } }
    `,
  );
  const bytes = Buffer.from('3:a=1');
  const can = (['request', 'response'] as const).map((direction) => {
    const frame = new Frame();
    expect(oneSided.decoder(direction).decode(bytes, 0, bytes.length, frame)).toBe(true);
    return oneSided.canMutate?.(frame);
  });
  expect(can).toEqual([false, true]);
});

describe('varint-framed tags', () => {
  const tagged = codec(
    'tagged',
    `
    frame:
      header: { size: 1 }
      length: { parts: [{ offset: 1, type: uleb128 }], counts: afterField }
    fields: { kind: { offset: 0, type: u8 } }
    sections:
      - name: envelope
        length: { type: uleb128 }
      - name: tags
        in: envelope
        decode: tlv
        schema:
          tag: u8
          length: u8
          tags: { 1: service, 2: { name: shard, type: u16 }, 3: { name: token, type: bytes(2) } }
    properties: { tags: { from: tags } }
    mutation: { target: tags }
    kind: { rules: [{ when: kind in 4..5, kind: oneway }] }
    `,
  );
  describeCodec(tagged, [
    {
      name: 'a request',
      direction: 'request',
      hex: '00 0d 0a 01026162 02020007 0900 ffff',
      kind: 'request',
      properties: { service: 'ab', shard: '7' },
    },
    { name: 'a oneway request', direction: 'request', hex: '05 01 00', kind: 'oneway' },
    {
      name: 'a response',
      direction: 'response',
      hex: '00 05 04 0302beef',
      kind: 'response',
      properties: { token: 'beef' },
    },
  ]);

  test('a value is written in its type, and all three lengths follow', () => {
    const bytes = Buffer.from('000d0a01026162020200070900ffff', 'hex');
    expect(mutate(tagged, bytes, ['shard', '258'], ['token', '0102']).toString('hex')).toBe(
      '00110e' + '01026162' + '02020102' + '0900' + '03020102' + 'ffff',
    );
    expect(() => mutate(tagged, bytes, ['shard', 'north'])).toThrow(CodecError);
    expect(() => mutate(tagged, bytes, ['unnamed', '1'])).toThrow(CodecError);
  });

  test('what no frame can carry is known beforehand', () => {
    const why = (key: string, value: string) => tagged.whyNotSettable?.('request', key, value);
    expect([why('shard', '258'), why('service', 'any'), why('token', 'beef')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(why('shard', 'north')).toBe('"shard" must be a whole number.');
    expect(why('unnamed', '1')).toBe('No tag of this protocol is called "unnamed".');
  });
});

describe('strings ended by zero', () => {
  const zeroEnded = codec(
    'zero-ended',
    `
    frame: { header: { size: 4, endian: little }, length: { parts: [{ offset: 0, type: u32 }] } }
    fields:
      method: { offset: 4, type: cstring }
      id: { after: method, type: u64 }
    identity: { requestId: id, correlation: id }
    sections: [{ name: headers, after: id, decode: keyValues, schema: { key: cstring, value: cstring } }]
    properties: { method: { from: method }, id: { from: id }, all: { from: headers, prefix: h- }, who: { from: headers, key: user } }
    mutation: { target: headers }
    `,
  );
  const request = '18000000 676f00 0100000000000080 7573657200 616c00 61';
  describeCodec(zeroEnded, [
    {
      name: 'a request',
      direction: 'request',
      hex: '1a000000 676f00 0100000000000080 7573657200 616c6100 00 00',
      kind: 'request',
      id: 0x8000000000000001n,
      properties: { method: 'go', id: '9223372036854775809', who: 'ala', 'h-user': 'ala' },
    },
  ]);

  test('pairs that are cut off are no properties, and the rest of the frame is as it was', () => {
    const bytes = Buffer.from(request.replaceAll(' ', ''), 'hex');
    const frame = new Frame();
    expect(zeroEnded.decoder('request').decode(bytes, 0, bytes.length, frame)).toBe(true);
    expect(zeroEnded.reader('who')(bytes, 0, frame)).toBe(undefined);
    expect(zeroEnded.reader('method')(bytes, 0, frame)).toBe('go');
    expect(() => mutate(zeroEnded, bytes, ['user', 'bo'])).toThrow(CodecError);
  });
});

describe('sections that only some frames have', () => {
  const optional = codec(
    'optional',
    `
    frame: { header: { size: 3 }, length: { parts: [{ offset: 0, type: u16 }] } }
    fields: { extended: { offset: 2, type: bit(1) } }
    sections:
      - { name: extension, when: extended, length: { type: u8 } }
      - name: pairs
        in: extension
        length: { type: u8 }
        decode: keyValues
        schema: { key: string(u8), value: string(u8) }
      - { name: trace, in: extension, size: 2 }
    properties: { pairs: { from: pairs } }
    mutation: { target: pairs }
    `,
  );
  describeCodec(optional, [
    {
      name: 'with',
      direction: 'request',
      hex: '000c 01 07 04 016b0131 beef ff',
      kind: 'request',
      properties: { k: '1' },
    },
    { name: 'without', direction: 'request', hex: '0004 00 09', kind: 'request' },
  ]);

  test('a frame without the section is left as it is', () => {
    const bytes = Buffer.from('00040009', 'hex');
    expect(mutate(optional, bytes, ['k', '2'])).toEqual(bytes);
  });

  test('a section that leaves the one around it is malformed', () => {
    const bytes = Buffer.from('000a0105' + '04016b0131' + 'ff', 'hex');
    expect(() => optional.decoder('request').decode(bytes, 0, bytes.length, new Frame())).toThrow(CodecError);
  });
});

test('the deepest nesting costs no more than its depth', () => {
  const names = Array.from({ length: 16 }, (_, index) => `s${index}`);
  const sections = names.map((name, index) => ({
    name,
    ...(index === 0 ? {} : { in: names[index - 1] }),
    length: { type: 'u8' },
  }));
  const frame = { header: { size: 1 }, length: { parts: [{ offset: 0, type: 'u8' }] } };
  const compiled = compileDescription({ frame, sections }, 'deep');
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
  const bytes = Buffer.from([17, ...names.map((_, index) => 15 - index)]);
  expect(compiled.codec.decoder('request').decode(bytes, 0, bytes.length, new Frame())).toBe(true);
});

test('frames of one size need no length', () => {
  const fixed = codec('fixed', `{ frame: { header: { size: 2 }, length: { size: 4 } } }`);
  const frame = new Frame();
  expect(fixed.decoder('request').decode(Buffer.alloc(8), 0, 3, frame)).toBe(false);
  expect(frame.needed).toBe(4);
  expect(fixed.decoder('request').decode(Buffer.alloc(8), 0, 8, frame)).toBe(true);
  expect(frame.length).toBe(4);
});

test('more pairs than maxProperties are none', () => {
  const few = codec(
    'few',
    `
    limits: { maxProperties: 2 }
    frame: { header: { size: 1 }, length: { parts: [{ offset: 0, type: u8 }] } }
    sections: [{ name: pairs, decode: text, schema: { separator: '&', assign: '=' } }]
    properties: { pairs: { from: pairs } }
    `,
  );
  const read = (content: string): string | undefined => {
    const bytes = Buffer.from(`${String.fromCharCode(content.length + 1)}${content}`);
    const frame = new Frame();
    few.decoder('request').decode(bytes, 0, bytes.length, frame);
    return few.reader('a')(bytes, 0, frame);
  };
  expect(read('a=1&b=2')).toBe('1');
  expect(read('a=1&b=2&c=3')).toBe(undefined);
});

test('bytes that are no UTF-8 are no text', () => {
  const named = codec(
    'named',
    `
    frame: { header: { size: 1 }, length: { parts: [{ offset: 0, type: u8 }] } }
    fields: { name: { offset: 1, type: string(u8) } }
    properties: { name: { from: name }, raw: { from: name, as: hex } }
    `,
  );
  const bytes = Buffer.from([4, 2, 0xc3, 0x28]);
  const frame = new Frame();
  named.decoder('request').decode(bytes, 0, bytes.length, frame);
  expect(named.reader('name')(bytes, 0, frame)).toBe(undefined);
  expect(named.reader('raw')(bytes, 0, frame)).toBe('c328');
});
