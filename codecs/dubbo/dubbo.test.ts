import { describe, expect, it } from 'vitest';
import { CodecError, type Direction, Frame, ReplyReason } from '../codec.ts';
import { describeCodec, type SampleFrame } from '../conformance-kit.ts';
import { dubbo } from './dubbo.ts';

const call =
  '05322e302e32 03612e42 05302e302e30 026869 124c6a6176612f6c616e672f537472696e673b 0178 48 0470617468 03612e42 5a';
const properties = {
  interface: 'a.B',
  method: 'hi',
  version: '0.0.0',
  path: 'a.B',
  'x-dubbo-version': '2.0.2',
  'x-dubbo-serialization': 'hessian2',
};
const textAndVersion = '026f6b 48 05647562626f 05322e302e32 5a';

const samples: readonly SampleFrame[] = [
  {
    name: 'a call',
    direction: 'request',
    hex: `dabbc200 0000000000000001 00000033 ${call}`,
    kind: 'request',
    id: 1,
    properties,
  },
  {
    name: 'a call with a 64-bit id whose halves both have their highest bit',
    direction: 'request',
    hex: `dabbc200 fedcba9876543210 00000033 ${call}`,
    kind: 'request',
    id: 0xfedcba9876543210n,
    properties,
  },
  {
    name: 'a call without a reply',
    direction: 'request',
    hex: `dabb8200 0000000000000002 00000033 ${call}`,
    kind: 'oneway',
    id: 2,
    properties,
  },
  {
    name: 'a call with a typed map of attachments',
    direction: 'request',
    hex: 'dabbc200 0000000000000003 0000002b 05322e302e32 03612e42 4e 026869 00 4d 116a6176612e7574696c2e486173684d6170 0567726f7570 0167 5a',
    kind: 'request',
    id: 3,
    properties: { interface: 'a.B', method: 'hi', group: 'g' },
  },
  {
    name: 'a call without attachments',
    direction: 'request',
    hex: 'dabbc200 0000000000000004 00000014 05322e302e32 03612e42 05302e302e30 026869 00',
    kind: 'request',
    id: 4,
    properties: { interface: 'a.B', method: 'hi' },
  },
  {
    name: 'a call with null in place of attachments',
    direction: 'request',
    hex: 'dabbc200 0000000000000005 00000015 05322e302e32 03612e42 05302e302e30 026869 00 4e',
    kind: 'request',
    id: 5,
    properties: { interface: 'a.B', method: 'hi' },
  },
  {
    name: 'a call in another serialization',
    direction: 'request',
    hex: 'dabbd700 0000000000000006 00000006 00000002 4a52',
    kind: 'request',
    id: 6,
    properties: { 'x-dubbo-serialization': 'fastjson2' },
  },
  {
    name: 'a heartbeat of the caller',
    direction: 'request',
    hex: 'dabbe200 0000000000000007 00000001 4e',
    kind: 'heartbeat',
    id: 7,
  },
  {
    name: 'a heartbeat of the server',
    direction: 'response',
    hex: 'dabbe200 0000000000000008 00000001 4e',
    kind: 'heartbeat',
    id: 8,
  },
  {
    name: 'a heartbeat without a body',
    direction: 'response',
    hex: 'dabbe200 0000000000000009 00000000',
    kind: 'heartbeat',
    id: 9,
  },
  {
    name: 'a heartbeat in another serialization',
    direction: 'request',
    hex: 'dabbf700 000000000000000a 00000005 00000001 af',
    kind: 'heartbeat',
    id: 10,
  },
  {
    name: 'the answer to a heartbeat',
    direction: 'response',
    hex: 'dabb2214 000000000000000b 00000001 4e',
    kind: 'heartbeat',
    id: 11,
  },
  {
    name: 'a read-only notice',
    direction: 'response',
    hex: 'dabba200 000000000000000c 00000002 0152',
    kind: 'heartbeat',
    id: 12,
  },
  {
    name: 'a value',
    direction: 'response',
    hex: 'dabb0214 000000000000000d 00000004 91 026f6b',
    kind: 'response',
    id: 13,
    properties: { 'x-dubbo-status': 'OK' },
  },
  {
    name: 'a value with attachments',
    direction: 'response',
    hex: `dabb0214 000000000000000e 00000012 94 ${textAndVersion}`,
    kind: 'response',
    id: 14,
    properties: { dubbo: '2.0.2' },
  },
  {
    name: 'null',
    direction: 'response',
    hex: 'dabb0214 000000000000000f 00000001 92',
    kind: 'response',
    id: 15,
  },
  {
    name: 'null with attachments',
    direction: 'response',
    hex: 'dabb0214 0000000000000010 0000000f 95 48 05647562626f 05322e302e32 5a',
    kind: 'response',
    id: 16,
    properties: { dubbo: '2.0.2' },
  },
  {
    name: 'an exception',
    direction: 'response',
    hex: 'dabb0214 0000000000000011 0000000c 90 43 0145 91 016d 60 036f6f70',
    kind: 'error',
    status: 'error',
    id: 17,
  },
  {
    name: 'an exception with attachments',
    direction: 'response',
    hex: 'dabb0214 0000000000000012 0000001a 93 43 0145 91 016d 60 036f6f70 48 05647562626f 05322e302e32 5a',
    kind: 'error',
    status: 'error',
    id: 18,
    properties: { dubbo: '2.0.2' },
  },
  {
    name: 'an error of the server',
    direction: 'response',
    hex: 'dabb0264 0000000000000013 00000005 0466756c6c',
    kind: 'error',
    status: 'error',
    id: 19,
    properties: { 'x-dubbo-status': 'SERVER_THREADPOOL_EXHAUSTED_ERROR' },
  },
  {
    name: 'a value in another serialization',
    direction: 'response',
    hex: 'dabb1714 0000000000000014 00000002 9100',
    kind: 'response',
    id: 20,
    properties: { 'x-dubbo-serialization': 'fastjson2' },
  },
  {
    name: 'a call back',
    direction: 'response',
    hex: `dabbc200 0000000000000015 00000033 ${call}`,
    kind: 'request',
    id: 21,
    properties,
  },
];

describeCodec(dubbo, samples);

function decoded(hex: string, direction: Direction = 'request'): { readonly bytes: Buffer; readonly frame: Frame } {
  const bytes = Buffer.from(hex.replace(/\s/g, ''), 'hex');
  const frame = new Frame();
  expect(dubbo.decoder(direction).decode(bytes, 0, bytes.length, frame)).toBe(true);
  return { bytes, frame };
}

function mutated(hex: string, direction: Direction, key = 'k', value = 'v'): string {
  const { bytes, frame } = decoded(hex, direction);
  return dubbo.mutate(bytes, 0, frame, [{ key, value }]).toString('hex');
}

const compact = (hex: string): string => hex.replace(/\s/g, '');

describe('error replies', () => {
  it.each([
    ['routeNotFound', 60],
    ['clusterNotFound', 80],
    ['noHealthyUpstream', 80],
    ['badResponse', 50],
    ['unspecified', 80],
    ['overLimit', 100],
    ['timeout', 31],
  ] as const)('say %s with status %i and the text', (reason, status) => {
    const reply = dubbo.errorReply(Buffer.alloc(16), 0, 0xfedcba98, 0x76543210, ReplyReason[reason], 'no\r\nway');
    const expected = `dabb02${status.toString(16)} fedcba9876543210 00000007 06 6e6f20776179`;
    expect(reply?.toString('hex')).toBe(compact(expected));
  });
});

describe('heartbeats', () => {
  it('are answered in the serialization in which they come', () => {
    const answers = [
      'e200 0000000000000007 00000001 4e',
      'e200 0000000000000007 00000000',
      'f700 0000000000000007 00000005 00000001af',
    ];
    expect(answers.map((hex) => answerTo(`dabb${hex}`))).toEqual([
      compact('dabb2214 0000000000000007 00000001 4e'),
      compact('dabb2214 0000000000000007 00000001 4e'),
      compact('dabb3714 0000000000000007 00000005 00000001af'),
    ]);
  });

  it('get no answer when none is waited for, when they are notices, and when they are answers', () => {
    for (const hex of [
      'a200 0000000000000007 00000001 4e',
      'e200 0000000000000007 00000002 0152',
      '2214 0000000000000007 00000001 4e',
    ])
      expect([hex, answerTo(`dabb${hex}`)]).toEqual([hex, undefined]);
  });

  it('are told from notices that no more requests are taken, in any serialization', () => {
    const isFarewell = (hex: string): boolean | undefined => {
      const { bytes, frame } = decoded(hex, 'response');
      return dubbo.notices?.isFarewell(bytes, 0, frame);
    };
    expect(isFarewell('dabba200 0000000000000007 00000002 0152')).toBe(true);
    expect(isFarewell('dabbb700 0000000000000007 00000006 00000002 4a52')).toBe(true);
    expect(isFarewell('dabba200 0000000000000007 00000002 0157')).toBe(false);
    expect(isFarewell('dabbe200 0000000000000007 00000001 4e')).toBe(false);
    expect(isFarewell('dabb2214 0000000000000007 00000002 0152')).toBe(false);
  });

  it('of the proxy itself are frames that a server answers', () => {
    const heartbeat = decoded(dubbo.notices?.heartbeat.toString('hex') ?? '');
    expect(answerTo(heartbeat.bytes.toString('hex'))).toBe(compact('dabb2214 0000000000000000 00000001 4e'));
  });
});

function answerTo(hex: string): string | undefined {
  const { bytes, frame } = decoded(hex, 'response');
  return dubbo.heartbeatReply(bytes, 0, frame)?.toString('hex');
}

/** The header up to the id, and the body, with its length between them. */
function framed(head: string, body: string): string {
  const length = compact(body).length / 2;
  return compact(`${head} ${length.toString(16).padStart(8, '0')} ${body}`);
}

describe('mutation', () => {
  it('replaces an attachment where it stands, and adds others at the end', () => {
    const body = '05322e302e32 03612e42 4e 026869 00 48 016b 0161 0178 0179 5a';
    const head = 'dabbc200 0000000000000001';
    expect(mutated(framed(head, body), 'request')).toBe(
      framed(head, '05322e302e32 03612e42 4e 026869 00 48 016b 0176 0178 0179 5a'),
    );
    expect(mutated(framed(head, body), 'request', 'n')).toBe(
      framed(head, '05322e302e32 03612e42 4e 026869 00 48 016b 0161 0178 0179 016e 0176 5a'),
    );
  });

  it('gives a result that has no attachments the type that says that they follow', () => {
    const head = 'dabb0214 0000000000000001';
    expect(mutated(framed(head, '91 026f6b'), 'response')).toBe(framed(head, '94 026f6b 48 016b 0176 5a'));
    expect(mutated(framed(head, '92'), 'response')).toBe(framed(head, '95 48 016b 0176 5a'));
    expect(mutated(framed(head, '4900000002'), 'response')).toBe(framed(head, '95 48 016b 0176 5a'));
    expect(mutated(framed(head, '90 54'), 'response')).toBe(framed(head, '93 54 48 016b 0176 5a'));
  });

  it('adds a key once more whose value stands in a table, so that later numbers still mean the same', () => {
    // The attachment k is a list, which x refers to as object 1; the map itself is 0.
    const head = 'dabbc200 0000000000000001';
    const call = '05322e302e32 03612e42 4e 026869 00';
    expect(mutated(framed(head, `${call} 48 016b 7991 0178 5191 5a`), 'request')).toBe(
      framed(head, `${call} 48 016b 7991 0178 5191 016b 0176 5a`),
    );
  });

  it('refuses attachments that are an argument as well, and bodies that cannot be read', () => {
    const head = 'dabbc200 0000000000000001';
    const call = '05322e302e32 03612e42 4e 026869 054c612f423b';
    expect(() => mutated(framed(head, `${call} 485a 5190`), 'request')).toThrow(/no map of their own/);
    expect(() => mutated(framed(head, `${call} 60`), 'request')).toThrow(CodecError);
    expect(() => mutated(framed(head, '05322e'), 'request')).toThrow(CodecError);
  });

  it('leaves what has no place for attachments as it is, and says so', () => {
    const frames = [
      ['dabbd700 0000000000000006 00000006 00000002 4a52', 'request'],
      ['dabbe200 0000000000000007 00000001 4e', 'request'],
      ['dabb0264 0000000000000013 00000005 0466756c6c', 'response'],
    ] as const;
    for (const [hex, direction] of frames) {
      expect(dubbo.canMutate?.(decoded(hex, direction).frame)).toBe(false);
      expect(mutated(hex, direction)).toBe(compact(hex));
    }
  });
});

describe('bodies', () => {
  it('that are malformed have the properties that stand before', () => {
    const { bytes, frame } = decoded(framed('dabbc200 0000000000000001', '05322e302e32 03612e42 4e 026869 0149 4a 4a'));
    const names = ['interface', 'version', 'method', 'tag'];
    expect(names.map((name) => dubbo.reader(name)(bytes, 0, frame))).toEqual(['a.B', undefined, 'hi', undefined]);
  });

  it('have as many arguments as their descriptor has parameters', () => {
    const call = (descriptor: string, digits: string): string | undefined => {
      const text = Buffer.from(descriptor);
      const body = compact(`05322e302e32 03612e42 4e 026869 ${Buffer.from([text.length]).toString('hex')}`);
      const all = `${body}${text.toString('hex')}${compact(digits)}${compact('48 03746167 0176 5a')}`;
      const { bytes, frame } = decoded(framed('dabbc200 0000000000000001', all));
      return dubbo.reader('tag')(bytes, 0, frame);
    };
    expect(call('', '')).toBe('v');
    expect(call('ZBCDFIJS', '54 90 0163 5b 5b 90 e0 90')).toBe('v');
    expect(call('[[ILa/B;[La/B;', '78 4e 78')).toBe('v');
    for (const wrong of ['X', '[', 'La/B', 'II']) expect([wrong, call(wrong, '90')]).toEqual([wrong, undefined]);
  });

  it('have no properties of texts and attachments beyond any that are sent, and cannot be changed then', () => {
    const call = '05322e302e32 03612e42 4e 026869 00 48';
    const many = `${call} ${'016b 0161'.repeat(4097)} 03746167 0176 5a`;
    const long = `${call} 016c 52 8000 ${'61'.repeat(0x8000)} 53 8000 ${'61'.repeat(0x8000)} 03746167 0176 5a`;
    const values = [many, long].map((body) => {
      const { bytes, frame } = decoded(framed('dabbc200 0000000000000001', body));
      return ['method', 'tag', 'l'].map((name) => dubbo.reader(name)(bytes, 0, frame));
    });
    expect(values).toEqual([
      ['hi', undefined, undefined],
      ['hi', 'v', undefined],
    ]);
    expect(() => mutated(framed('dabbc200 0000000000000001', many), 'request')).toThrow(/cannot be read/);
  });

  it('are not larger than the limit, and no length is negative', () => {
    const decode = (length: string) => decoded(`dabbc200 0000000000000001 ${length}`);
    expect(() => decode('01000000')).toThrow(/16777232/);
    expect(() => decode('ffffffff')).toThrow(/4294967311/);
  });

  it('are not asked for by a response of the caller', () => {
    expect(() => decoded('dabb0214 0000000000000001 00000001 92')).toThrow(/A caller sent a response/);
  });
});
