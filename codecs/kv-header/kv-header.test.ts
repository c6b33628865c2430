import { expect, test } from 'vitest';
import { CodecError, Frame } from '../codec.ts';
import { describeCodec, type SampleFrame } from '../conformance-kit.ts';
import { codecOf, describeTwins } from '../declarative/twins.ts';
import { kvHeader } from './kv-header.ts';

const tenantRed = '0001 0006 74656e616e74 0003 726564';
const samples: readonly SampleFrame[] = [
  {
    name: 'a request with one header',
    direction: 'request',
    hex: `4b56 01 00 00000007 000f 0000 00000002 ${tenantRed} 6869`,
    kind: 'request',
    id: 7,
    properties: { tenant: 'red' },
  },
  {
    name: 'a request without headers or body',
    direction: 'request',
    hex: '4b56 01 00 80000001 0002 0000 00000000 0000',
    kind: 'request',
    id: 0x80000001,
  },
  {
    name: 'a oneway request with a header twice',
    direction: 'request',
    hex: '4b56 01 20 00000008 0011 0000 00000001 0003 0001 6b 0001 31 0001 6b 0000 0000 0000 ff',
    kind: 'oneway',
    id: 8,
  },
  {
    name: 'a heartbeat',
    direction: 'request',
    hex: '4b56 01 40 00000009 0002 0000 00000000 0000',
    kind: 'heartbeat',
    id: 9,
  },
  {
    name: "a heartbeat's answer",
    direction: 'response',
    hex: '4b56 01 c0 00000009 0002 0000 00000000 0000',
    kind: 'heartbeat',
    id: 9,
  },
  {
    name: 'a response whose headers end in padding',
    direction: 'response',
    hex: `4b56 01 80 00000007 0012 0000 00000002 ${tenantRed} 000000 6869`,
    kind: 'response',
    id: 7,
    properties: { tenant: 'red' },
  },
  {
    name: 'an error',
    direction: 'response',
    hex: '4b56 01 80 00000007 0002 0004 00000000 0000',
    kind: 'error',
    status: 'error',
    id: 7,
  },
];

describeCodec(kvHeader, samples);
describeTwins(kvHeader, new URL('kv-header.yaml', import.meta.url), samples);

test('a header is found in upper case too', () => {
  const bytes = Buffer.from(`4b56010000000007000f000000000000${tenantRed}`.replaceAll(' ', ''), 'hex');
  for (const codec of [kvHeader, codecOf(new URL('kv-header.yaml', import.meta.url), 'kv-header')]) {
    const frame = new Frame();
    expect(codec.decoder('request').decode(bytes, 0, bytes.length, frame)).toBe(true);
    expect(codec.reader('TENANT')(bytes, 0, frame)).toBe('red');
    expect(codec.reader('TENANTS')(bytes, 0, frame)).toBe(undefined);
  }
});

test('a header that is there twice is set once', () => {
  const described = codecOf(new URL('kv-header.yaml', import.meta.url), 'kv-header');
  const bytes = Buffer.from(
    '4b56010000000007000e0000000000000002 00016b000131 00016b000132'.replaceAll(' ', ''),
    'hex',
  );
  for (const codec of [kvHeader, described]) {
    const frame = new Frame();
    expect(codec.decoder('request').decode(bytes, 0, bytes.length, frame)).toBe(true);
    expect(codec.reader('k')(bytes, 0, frame)).toBe('2');
    const mutated = codec.mutate(bytes, 0, frame, [{ key: 'k', value: '3' }]);
    expect(mutated.toString('hex')).toBe('4b5601000000000700080000000000000001' + '00016b000133');
  }
});

test('headers that would not fit into their length are refused, not cut', () => {
  const described = codecOf(new URL('kv-header.yaml', import.meta.url), 'kv-header');
  const bytes = Buffer.from('4b560100000000070002000000000000' + '0000', 'hex');
  for (const codec of [kvHeader, described]) {
    const frame = new Frame();
    codec.decoder('request').decode(bytes, 0, bytes.length, frame);
    const long = { key: 'a', value: 'x'.repeat(40_000) };
    expect(() => codec.mutate(bytes, 0, frame, [long, { ...long, key: 'b' }])).toThrow(CodecError);
  }
});
