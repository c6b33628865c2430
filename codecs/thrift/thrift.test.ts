import { expect, test } from 'vitest';
import { CodecError, type Direction, defaultLimits, Frame, FrameKind, ReplyReason, Status } from '../codec.ts';
import { describeCodec, type SampleFrame } from '../conformance-kit.ts';
import { thrift } from './thrift.ts';

const framedCall = '00000019 80010001 00000004 70696e67 00000007 0b0001 00000001 78 00';
const framedCompactCall = '0000000c 82 21 07 04 70696e67 18 01 78 00';
const headerCall = '00000023 0fff 0000 00000007 0002 00 00 01 01 016b 0176 80010001 00000004 70696e67 00000007 00';
const exception = '80010003 00000004 70696e67 00000007 0b0001 00000008 6e6f20726f757465 080002 00000006 00';
const compactException = '82 61 07 04 70696e67 18 08 6e6f20726f757465 15 0c 00';

/** Every type that a struct can hold, nested: list of structs, map, set, bools, double, uuid. */
const unframedStruct =
  '020001 01 060002 0007 080003 00000009 0a0004 0000000000000001 040005 3ff0000000000000 0b0006 00000002 6869' +
  '0f0007 0c 00000002 020001 00 00 00 0d0008 0b 08 00000001 00000001 6b 00000005 0e0009 03 00000002 0102' +
  '10000a 00112233445566778899aabbccddeeff 0c000b 0f0001 08 00000000 00 00';
const compactStruct =
  '11 22 13 05 14 0e 15 12 16 02 17 000000000000f03f 18 02 6869 19 2c 11 00 00 1b 01 85 01 6b 0a' +
  '1a 23 01 02 1d 00112233445566778899aabbccddeeff 1c 19 05 00 00';

const samples: readonly SampleFrame[] = [
  {
    name: 'a framed strict call',
    direction: 'request',
    hex: framedCall,
    kind: 'request',
    id: 7,
    flavour: 'framed',
    properties: { method: 'ping', transport: 'framed', protocol: 'binary' },
  },
  {
    name: 'a framed lax call',
    direction: 'request',
    hex: '00000016 00000004 70696e67 01 00000007 0b0001 00000001 78 00',
    kind: 'request',
    id: 7,
    flavour: 'framed',
    properties: { method: 'ping', protocol: 'binary-lax' },
  },
  {
    name: 'a framed compact call',
    direction: 'request',
    hex: framedCompactCall,
    kind: 'request',
    id: 7,
    flavour: 'framed',
    properties: { method: 'ping', protocol: 'compact' },
  },
  {
    name: 'a multiplexed call',
    direction: 'request',
    hex: '00000016 80010001 00000009 75736572733a676574 00000001 00',
    kind: 'request',
    id: 1,
    flavour: 'framed',
    properties: { service: 'users', method: 'get' },
  },
  {
    name: 'a oneway call',
    direction: 'request',
    hex: '00000011 80010004 00000004 70696e67 00000007 00',
    kind: 'oneway',
    id: 7,
    flavour: 'framed',
  },
  {
    name: 'a THeader call',
    direction: 'request',
    hex: headerCall,
    kind: 'request',
    id: 7,
    flavour: 'header',
    properties: { method: 'ping', k: 'v', transport: 'header' },
  },
  {
    name: 'an unframed strict call',
    direction: 'request',
    hex: `80010001 00000004 70696e67 00000007 ${unframedStruct}`,
    kind: 'request',
    id: 7,
    flavour: 'unframed binary',
    properties: { method: 'ping', transport: 'unframed' },
  },
  {
    name: 'an unframed lax call',
    direction: 'request',
    hex: `00000004 70696e67 01 00000007 ${unframedStruct}`,
    kind: 'request',
    id: 7,
    flavour: 'unframed lax',
    properties: { method: 'ping', transport: 'unframed', protocol: 'binary-lax' },
  },
  {
    name: 'an unframed lax call of a method with one letter',
    direction: 'request',
    hex: '00000001 70 01 00000007 00',
    kind: 'request',
    id: 7,
    flavour: 'unframed lax',
    properties: { method: 'p', transport: 'unframed', protocol: 'binary-lax' },
  },
  {
    name: 'an unframed compact call',
    direction: 'request',
    hex: `82 21 07 04 70696e67 ${compactStruct}`,
    kind: 'request',
    id: 7,
    flavour: 'unframed compact',
    properties: { method: 'ping', protocol: 'compact' },
  },
  {
    name: 'a reply with a result',
    direction: 'response',
    hex: '00000019 80010002 00000004 70696e67 00000007 0b0000 00000001 78 00',
    kind: 'response',
    status: 'ok',
    id: 7,
    flavour: 'framed',
  },
  {
    name: 'a reply of a void method',
    direction: 'response',
    hex: '00000011 80010002 00000004 70696e67 00000007 00',
    kind: 'response',
    status: 'ok',
    id: 7,
    flavour: 'framed',
  },
  {
    name: 'a reply with a declared exception',
    direction: 'response',
    hex: '00000015 80010002 00000004 70696e67 00000007 0c0001 00 00',
    kind: 'response',
    status: 'error',
    id: 7,
    flavour: 'framed',
  },
  {
    name: 'a THeader reply in compact',
    direction: 'response',
    hex: '0000001b 0fff 0000 00000007 0001 02 00 0000 82 41 07 04 70696e67 08 00 01 78 00',
    kind: 'response',
    status: 'ok',
    id: 7,
    flavour: 'header',
    properties: { transport: 'header', protocol: 'compact' },
  },
  {
    name: 'a compact reply with a result',
    direction: 'response',
    hex: '0000000d 82 41 07 04 70696e67 08 00 01 78 00',
    kind: 'response',
    status: 'ok',
    id: 7,
    flavour: 'framed',
  },
  {
    name: 'a compact reply with a declared exception',
    direction: 'response',
    hex: '0000000b 82 41 07 04 70696e67 1c 00 00',
    kind: 'response',
    status: 'error',
    id: 7,
    flavour: 'framed',
  },
  {
    name: 'an exception',
    direction: 'response',
    hex: `00000027 ${exception}`,
    kind: 'error',
    status: 'error',
    id: 7,
    flavour: 'framed',
  },
];

describeCodec(thrift, samples);

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replace(/\s+/g, ''), 'hex');

function decode(
  hex: string | Buffer,
  direction: Direction = 'request',
): { readonly bytes: Buffer; readonly frame: Frame } {
  const bytes = typeof hex === 'string' ? bytesOf(hex) : hex;
  const frame = new Frame();
  expect(thrift.decoder(direction).decode(bytes, 0, bytes.length, frame)).toBe(true);
  expect(frame.length).toBe(bytes.length);
  return { bytes, frame };
}

function errorReplyTo(hex: string): Buffer | undefined {
  const { bytes, frame } = decode(hex);
  const head = bytes.subarray(0, frame.headerLength);
  return thrift.errorReply(head, 0, frame.idHigh, frame.idLow, ReplyReason.unspecified, 'no route');
}

test('an error reply is an exception in the transport and protocol of the caller', () => {
  expect(errorReplyTo(framedCall)).toEqual(bytesOf(`00000027 ${exception}`));
  expect(errorReplyTo(framedCompactCall)).toEqual(bytesOf(`00000015 ${compactException}`));
  expect(errorReplyTo(`80010001 00000004 70696e67 00000007 00`)).toEqual(bytesOf(exception));
  const { frame } = decode(errorReplyTo(headerCall) ?? Buffer.alloc(0), 'response');
  expect([frame.kind, frame.idHigh, frame.idLow]).toEqual([FrameKind.error, 0, 7]);
});

test("a request under a connection's own id has it in THeader's head too, as Apache's servers answer, and back again", () => {
  const { bytes, frame } = decode(headerCall);
  bytes.writeUInt32BE(0x1234, 8);
  const asked = decode(bytes);
  const sent = Buffer.from(bytes);
  thrift.rewriteId(sent, 0, asked.frame, 0, 9);
  expect([sent.readUInt32BE(8), sent.readUInt32BE(frame.d)]).toEqual([9, 9]);
  const answered = decode(sent);
  expect([answered.frame.idHigh, answered.frame.idLow]).toEqual([0, 9]);
  thrift.rewriteId(sent, 0, answered.frame, asked.frame.idHigh, asked.frame.idLow);
  expect(sent).toEqual(bytes);
});

test('an error reply names the method as a server does: without the service of a multiplexed call', () => {
  const reply = errorReplyTo('00000016 80010001 00000009 75736572733a676574 00000001 00');
  expect(decode(reply ?? '', 'response').frame.c).toBe('get'.length);
});

test('the response decoder tells the transport by itself', () => {
  const { frame } = decode('80010002 00000004 70696e67 00000007 080000 00000001 00', 'response');
  expect(frame.status).toBe(Status.ok);
});

test('a header is only changed where there is one', () => {
  const framed = decode(framedCall);
  expect(thrift.mutate(framed.bytes, 0, framed.frame, [{ key: 'a', value: 'b' }])).toEqual(framed.bytes);
  const header = decode(headerCall);
  const changed = decode(
    thrift.mutate(header.bytes, 0, header.frame, [
      { key: 'k', value: 'w' },
      { key: 'a', value: 'b' },
    ]),
  );
  expect(thrift.list(changed.bytes, 0, changed.frame)).toEqual(
    expect.arrayContaining([
      ['method', 'ping'],
      ['k', 'w'],
      ['a', 'b'],
    ]),
  );
});

test('key-values that persist on a connection stay what they are', () => {
  const persistent = '00000023 0fff 0000 00000007 0002 00 00 02 01 016b 0176 80010001 00000004 70696e67 00000007 00';
  const { bytes, frame } = decode(persistent);
  const changed = thrift.mutate(bytes, 0, frame, [{ key: 'a', value: 'b' }]);
  expect(changed.includes(bytesOf('02 01 016b 0176'))).toBe(true);
});

test('callers of any transport may take turns on one connection to a server that answers each in its own', () => {
  const replies = samples.filter(({ direction }) => direction === 'response').map(({ hex }) => bytesOf(hex));
  const unframed = bytesOf('80010002 00000004 70696e67 00000007 00');
  const stream = Buffer.concat(replies.flatMap((reply) => [reply, unframed]));
  const decoder = thrift.decoder('response');
  const frame = new Frame();
  const lengths: number[] = [];
  for (let at = 0; at < stream.length && decoder.decode(stream, at, stream.length, frame); at += frame.length)
    lengths.push(frame.length);
  expect(lengths).toEqual(replies.flatMap((reply) => [reply.length, unframed.length]));
});

test('what stands behind the end of the bytes is not looked at', () => {
  const stale = Buffer.from('GET / HTTP/1.1');
  expect(thrift.decoder('request').decode(stale, 0, 0, new Frame())).toBe(false);
  // The reply ends in the head of its first field; the bytes behind it belong to the next one.
  const torn = '00000009 82 41 07 04 70696e67 08';
  const statuses = ['', '00', '02'].map((behind) => {
    const bytes = bytesOf(torn + behind);
    const frame = new Frame();
    thrift.decoder('response').decode(bytes, 0, bytes.length, frame);
    return frame.status;
  });
  expect(statuses).toEqual([Status.ok, Status.ok, Status.ok]);
});

test('a key that is set is found before those that persist, by libraries that know no others', () => {
  const both =
    '0000002b 0fff 0000 00000007 0004 00 00 02 01 016b 0170 01 01 016b 016f 0000 80010001 00000004 70696e67 00000007 00';
  const { bytes, frame } = decode(both);
  expect(thrift.reader('k')(bytes, 0, frame)).toBe('o');
  const changed = decode(thrift.mutate(bytes, 0, frame, [{ key: 'a', value: 'b' }]));
  expect(thrift.reader('k')(changed.bytes, 0, changed.frame)).toBe('o');
  expect(changed.bytes.indexOf(bytesOf('0161 0162'))).toBeLessThan(changed.bytes.indexOf(bytesOf('016b 0170')));
});

test('a mutation keeps the protocol of the header, however its number was written', () => {
  const padded = '0000001f 0fff 0000 00000007 0001 8200 8000 80010001 00000004 70696e67 00000007 00';
  const { bytes, frame } = decode(padded);
  const changed = thrift.mutate(bytes, 0, frame, [{ key: 'a', value: 'b' }]);
  expect(changed.subarray(14, 16)).toEqual(bytesOf('02 00'));
});

test('a mutation keeps values that are no text', () => {
  const { bytes, frame } = decode(headerCall.replace('0176', '01ff'));
  expect(thrift.mutate(bytes, 0, frame, [{ key: 'a', value: 'b' }]).includes(bytesOf('016b 01ff'))).toBe(true);
});

test('a header that is longer than headers may be is refused', () => {
  const words = 300;
  const message = bytesOf('80010001 00000004 70696e67 00000007 00');
  const frame = Buffer.concat([bytesOf(headerCall).subarray(0, 14), Buffer.alloc(4 * words), message]);
  frame.writeUInt32BE(frame.length - 4, 0);
  frame.writeUInt16BE(words, 12);
  const decodeWithin = (maxHeaderBytes: number): boolean =>
    thrift.decoder('request', { ...defaultLimits, maxHeaderBytes }).decode(frame, 0, frame.length, new Frame());
  expect(decodeWithin(4 * words + 14)).toBe(true);
  expect(() => decodeWithin(4 * words + 13)).toThrow(expect.objectContaining({ reason: 'too-large' }));
});

test.each([
  ['more key-values than may be', '01 e907 00 00', 'too-large'],
  ['a text that leaves the header', '01 01 05 6b 01 76', 'malformed'],
  ['fewer key-values than it says', '01 02 016b 0176', 'malformed'],
])('a header with %s is refused before anybody reads it', (_name, info, reason) => {
  const block = bytesOf(info);
  const words = Math.ceil((2 + block.length) / 4);
  const header = Buffer.alloc(14 + 4 * words);
  bytesOf(headerCall).copy(header, 0, 0, 14);
  header.writeUInt16BE(words, 12);
  block.copy(header, 16);
  const bytes = Buffer.concat([header, bytesOf('80010001 00000004 70696e67 00000007 00')]);
  bytes.writeUInt32BE(bytes.length - 4, 0);
  expect(() => decode(bytes)).toThrow(expect.objectContaining({ reason }));
});

test.each([
  [
    'a transformed message',
    '00000023 0fff 0000 00000007 0002 00 01 01 00 00000000 80010001 00000004 70696e67 00000007 00',
    'unsupported',
  ],
  ['a reply from a caller', '00000011 80010002 00000004 70696e67 00000007 00', 'malformed'],
  ['an unknown version', '00000011 80020001 00000004 70696e67 00000007 00', 'malformed'],
  ['an empty frame', '00000000 8001', 'malformed'],
  ['a frame of a gigabyte', '3fffffff 8001', 'too-large'],
  ['HTTP', '474554202f20485454502f312e31', 'malformed'],
])('%s is refused', (_name, hex, reason) => {
  const bytes = bytesOf(hex);
  expect(() => thrift.decoder('request').decode(bytes, 0, bytes.length, new Frame())).toThrow(
    expect.objectContaining({ name: 'CodecError', reason }),
  );
});

test('nesting without end is refused, however deep the message', () => {
  const bytes = bytesOf(`80010001 00000004 70696e67 00000007 ${'0c0001'.repeat(100)}`);
  expect(() => thrift.decoder('request').decode(bytes, 0, bytes.length, new Frame())).toThrow(CodecError);
});

test('a large unframed message that arrives in small pieces is walked through once', () => {
  const count = 20_000;
  const message = Buffer.concat([
    bytesOf('80010001 00000004 70696e67 00000007 0f0001 0b'),
    Buffer.from([0, 0, count >> 8, count & 0xff]),
    Buffer.alloc(count * 5, bytesOf('00000001 78')),
    bytesOf('00'),
  ]);
  const decoder = thrift.decoder('request', defaultLimits);
  const frame = new Frame();
  let pieces = 0;
  for (let end = 100; end < message.length; end += 100) {
    expect(decoder.decode(message, 0, end, frame)).toBe(false);
    pieces++;
  }
  expect(pieces).toBeGreaterThan(900);
  expect(decoder.decode(message, 0, message.length, frame)).toBe(true);
  expect(frame.length).toBe(message.length);
});

test.each<[string, string, unknown]>([
  ['a method', '00000011 80010001 00000004 70696e67 00000007 00', []],
  ['a service and its method', '00000013 80010001 00000006 613a70696e67 00000007 00', []],
  ['a name with two colons', '00000015 80010001 00000008 613a70696e673a62 00000007 00', undefined],
  ['a name with an empty service', '00000012 80010001 00000005 3a70696e67 00000007 00', undefined],
  ['a name with an empty method', '00000012 80010001 00000005 70696e673a 00000007 00', undefined],
  ['a header with one key', headerCall, []],
  [
    'a header with one key of two values',
    '00000027 0fff 0000 00000007 0003 00 00 01 02 016b 0176 016b 0177 80010001 00000004 70696e67 00000007 00',
    undefined,
  ],
])('access control is told of what servers may take for another: %s', (_, hex, expected) => {
  const bytes = bytesOf(hex);
  const frame = new Frame();
  expect(thrift.decoder('request').decode(bytes, 0, bytes.length, frame)).toBe(true);
  expect(thrift.otherReadings?.(bytes, 0, frame)).toEqual(expected);
});
