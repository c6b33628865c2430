import { describe, expect, test } from 'vitest';
import { type Codec, CodecError, type Direction, Frame, ReplyReason } from '../../codec.ts';
import { describeCodec } from '../../conformance-kit.ts';
import { codecOf } from '../twins.ts';

function example(name: string): Codec {
  return codecOf(new URL(`${name}.yaml`, import.meta.url), name);
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

function mutated(codec: Codec, direction: Direction, text: string, key: string, value: string): string {
  const bytes = hex(text);
  const frame = new Frame();
  expect(codec.decoder(direction).decode(bytes, 0, bytes.length, frame)).toBe(true);
  return codec.mutate(bytes, 0, frame, [{ key, value }]).toString('hex');
}

describe('zork', () => {
  describeCodec(example('zork'), [
    {
      name: 'a request',
      direction: 'request',
      hex: '05 0201 0000 0200 6869',
      kind: 'request',
      properties: { tag: '5', req_type: '258' },
    },
    { name: 'a response', direction: 'response', hex: '05 0201 0000 0000', kind: 'response' },
  ]);

  test('says that replies come in order, and that it cannot answer', () => {
    const zork = example('zork');
    expect(zork.capabilities.correlation).toBe('order');
    expect(zork.capabilities.sharesConnections).toBe(false);
    expect(zork.errorReply(hex('05020100000000'), 0, 0, 0, ReplyReason.routeNotFound, '')).toBe(undefined);
  });
});

describe('Thrift framed', () => {
  const call = '00000019 80010001 00000004 70696e67 00000007 0b0001 00000001 78 00';
  const thrift = example('thrift-framed');
  describeCodec(thrift, [
    { name: 'a call', direction: 'request', hex: call, kind: 'request', id: 7, properties: { method: 'ping' } },
    {
      name: 'a oneway call',
      direction: 'request',
      hex: '00000011 80010004 00000004 70696e67 fffffff0 00',
      kind: 'oneway',
      id: 0xfffffff0,
      properties: { method: 'ping' },
    },
    {
      name: 'a reply',
      direction: 'response',
      hex: '00000011 80010002 00000004 70696e67 00000007 00',
      kind: 'response',
      id: 7,
    },
  ]);

  test('an error reply is an exception of the same method and sequence', () => {
    const bytes = hex(call);
    const frame = new Frame();
    thrift.decoder('request').decode(bytes, 0, bytes.length, frame);
    expect(frame.headerLength).toBe(16);
    const reply = thrift.errorReply(bytes, 0, 0, 7, ReplyReason.routeNotFound, 'no route');
    expect(reply).toEqual(
      hex('00000027 80010003 00000004 70696e67 00000007 0b0001 00000008 6e6f20726f757465 080002 00000006 00'),
    );
  });

  test('a method name that leaves the frame is malformed, since the sequence stands behind it', () => {
    const bytes = hex('0000000c 80010001 00000005 70696e67');
    expect(() => thrift.decoder('request').decode(bytes, 0, bytes.length, new Frame())).toThrow(CodecError);
  });
});

describe('bRPC', () => {
  const call = '50525043 0000001a 00000018 0a14 0a0c6578616d706c652e4563686f 12044563686f 2005 6869';
  const brpc = example('brpc');
  const properties = { service: 'example.Echo', method: 'Echo' };
  describeCodec(brpc, [
    { name: 'a request', direction: 'request', hex: call, kind: 'request', id: 5, properties },
    {
      name: 'a request with user fields and a large id',
      direction: 'request',
      hex: '50525043 00000019 00000019 0a00 20ffffffffffffffffff01 4a0a 0a036b6579 1203726564',
      kind: 'request',
      id: 0xffff_ffff_ffff_ffffn,
      properties: { key: 'red' },
    },
    { name: 'a response', direction: 'response', hex: '50525043 00000004 00000002 2005 6869', kind: 'response', id: 5 },
    {
      name: 'an error response',
      direction: 'response',
      hex: '50525043 00000007 00000007 1203 08e907 2005',
      kind: 'error',
      status: 'error',
      id: 5,
    },
  ]);

  test('an error reply has the code of its reason', () => {
    expect(brpc.errorReply(hex(call), 0, 0, 5, ReplyReason.routeNotFound, 'no route')).toEqual(
      hex('50525043 00000011 00000011 120d 08e907 12086e6f20726f757465 2005'),
    );
  });

  test('a mutation goes into the user fields, and both sizes follow', () => {
    const meta = '0a140a0c6578616d706c652e4563686f12044563686f2005';
    const expected = `50525043 00000026 00000024 ${meta} 4a0a0a036b65791203726564 6869`;
    expect(mutated(brpc, 'request', call, 'key', 'red')).toBe(hex(expected).toString('hex'));
  });

  test('a meta longer than its body is malformed', () => {
    const bytes = hex('50525043 00000004 00000005 2005 6869');
    expect(() => brpc.decoder('request').decode(bytes, 0, bytes.length, new Frame())).toThrow(CodecError);
  });
});

describe('tRPC', () => {
  const head = '1801 20e807 320a747270632e612e622e63 3a082f612e622e432f6d';
  const call = `0930 00 00 00000035 0023 00000001 0000 ${head} 4a06 0a016b 120176 6869`;
  const trpc = example('trpc');
  describeCodec(trpc, [
    {
      name: 'a request',
      direction: 'request',
      hex: call,
      kind: 'request',
      id: 1,
      properties: { callee: 'trpc.a.b.c', func: '/a.b.C/m', timeout: '1000', k: 'v' },
    },
    {
      name: 'a oneway request',
      direction: 'request',
      hex: '0930 00 00 00000012 0002 00000002 0000 1001',
      kind: 'oneway',
      id: 2,
    },
    {
      name: 'a response',
      direction: 'response',
      hex: '0930 00 00 0000001c 000a 00000001 0000 1801 4206 0a016b 120176 6869',
      kind: 'response',
      id: 1,
      properties: { k: 'v' },
    },
    {
      name: 'an error response',
      direction: 'response',
      hex: '0930 00 00 00000014 0004 00000001 0000 1801 280c',
      kind: 'error',
      status: 'error',
      id: 1,
    },
  ]);

  test('an error reply is the response message, not the request', () => {
    expect(trpc.errorReply(hex(call), 0, 0, 1, ReplyReason.routeNotFound, 'no route')).toEqual(
      hex('0930 0000 0000001e 000e 00000001 0000 1801 200b 32086e6f20726f757465'),
    );
  });

  test('a mutation replaces the key in the map of its side, and both sizes follow', () => {
    const expected = `0930 00 00 00000037 0025 00000001 0000 ${head} 4a08 0a016b 1203726564 6869`;
    expect(mutated(trpc, 'request', call, 'k', 'red')).toBe(hex(expected).toString('hex'));
    const response = '0930 00 00 00000012 0000 00000001 0000 6869';
    const answered = '0930 00 00 0000001a 0008 00000001 0000 4206 0a016b 120172 6869';
    expect(mutated(trpc, 'response', response, 'k', 'r')).toBe(hex(answered).toString('hex'));
  });

  test('a head that would grow beyond its 16-bit size is refused', () => {
    const bytes = hex(call);
    const frame = new Frame();
    trpc.decoder('request').decode(bytes, 0, bytes.length, frame);
    expect(() => trpc.mutate(bytes, 0, frame, [{ key: 'k', value: 'x'.repeat(65_600) }])).toThrow(CodecError);
  });
});
