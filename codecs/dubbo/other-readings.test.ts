import { describe, expect, it } from 'vitest';
import { Frame } from '../codec.ts';
import { dubbo } from './dubbo.ts';
import { attachmentMap, callBody, dubboFrame, type TestCall } from './dubbo-frames.ts';
import { type HessianValue, text } from './hessian-writer.ts';

const generic = 'Ljava/lang/String;[Ljava/lang/String;[Ljava/lang/Object;';
const HESSIAN = 0xc2;

function readingsOf(call: TestCall | Buffer, flags = HESSIAN) {
  const bytes = dubboFrame({ flags, body: Buffer.isBuffer(call) ? call : callBody(call) });
  const frame = new Frame();
  expect(dubbo.decoder('request').decode(bytes, 0, bytes.length, frame)).toBe(true);
  return dubbo.otherReadings?.(bytes, 0, frame)?.map((reading) => [...reading.values()].join(' '));
}

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const raw = (hex: string): HessianValue => ({ is: 'raw', bytes: [...bytesOf(hex)] });
const list = (type: string, ...items: readonly HessianValue[]): HessianValue => ({ is: 'list', type, items });
const genericCall = (method: HessianValue, name = '$invoke', descriptor = generic): TestCall => ({
  method: name,
  descriptor,
  arguments: [method, list('[string', text('java.lang.String')), list('[object', text('Ada'))],
  attachments: attachmentMap({ path: 'a.B', generic: 'true' }),
});

describe('access control is told of no other reading', () => {
  it.each<[string, TestCall]>([
    [
      'a call that says the same everywhere',
      { attachments: attachmentMap({ path: 'a.B', interface: 'a.B', version: '0.0.0', tag: 'x' }) },
    ],
    ['a call without attachments', {}],
    ['a call with null in their place', { attachments: raw('4e') }],
    ['a map that names its type', { attachments: attachmentMap({ path: 'a.B' }, 'java.util.HashMap') }],
    [
      'attachments that are no strings',
      { attachments: { is: 'map', entries: [[text('n'), { is: 'int', value: 7 }]] } },
    ],
  ])('of %s', (_, call) => expect(readingsOf(call)).toEqual([]));

  it('of bodies in which readers find nothing', () => {
    expect(readingsOf(bytesOf('00000002 4a52'), 0xd7)).toEqual([]);
  });
});

describe('access control is told of', () => {
  it.each(['$invoke', '$invokeAsync'])('the method that %s runs', (method) => {
    expect(readingsOf(genericCall(text('drop'), method))).toEqual(['a.B drop 0.0.0']);
    expect(readingsOf(genericCall(text(' \t\0drop\n '), method))).toEqual(['a.B drop 0.0.0']);
  });

  it('the service that attachments name, each as often as they do', () => {
    expect(readingsOf({ attachments: attachmentMap({ path: 'a.Secret' }) })).toEqual(['a.Secret hi 0.0.0']);
    expect(readingsOf({ attachments: attachmentMap({ interface: 'a.Secret' }) })).toEqual(['a.Secret hi 0.0.0']);
    expect(readingsOf({ attachments: attachmentMap({ version: '2' }) })).toEqual(['a.B hi 2']);
    const twice: HessianValue = {
      is: 'map',
      entries: [
        [text('path'), text('a.Secret')],
        [text('path'), text('a.B')],
      ],
    };
    expect(readingsOf({ attachments: twice })).toEqual(['a.Secret hi 0.0.0']);
    expect(readingsOf({ attachments: { is: 'map', entries: [[text('version'), raw('4e')]] } })).toEqual(['a.B hi ']);
  });

  it('every way to put them together', () => {
    const call = { ...genericCall(text('drop')), attachments: attachmentMap({ path: 'c', version: '2' }) };
    expect(readingsOf(call)?.toSorted()).toEqual(
      [
        'a.B drop 0.0.0',
        'a.B $invoke 2',
        'a.B drop 2',
        'c $invoke 0.0.0',
        'c drop 0.0.0',
        'c $invoke 2',
        'c drop 2',
      ].toSorted(),
    );
  });
});

describe('nobody can tell', () => {
  const argument: HessianValue = { is: 'map', entries: [[text('path'), text('a.Secret')]] };
  it.each<[string, TestCall | Buffer]>([
    ['what $invoke runs whose first argument is no string', genericCall({ is: 'int', value: 1 })],
    ['what $invoke runs whose first argument is null', genericCall(raw('4e'))],
    ['what $invoke runs with other parameters', genericCall(text('drop'), '$invoke', 'Ljava/lang/String;')],
    [
      'a method that is spelled in more bytes than it has letters',
      Buffer.concat([callBody({ method: '' }).subarray(0, 16), bytesOf('02 68 c1a9 00')]),
    ],
    ['a key that is', { attachments: { is: 'map', entries: [[raw('04 70c1a17468'), text('a.Secret')]] } }],
    ['a value that is', { attachments: { is: 'map', entries: [[text('group'), raw('01 c1a1')]] } }],
    ['a key that is no string', { attachments: { is: 'map', entries: [[{ is: 'int', value: 1 }, text('a')]] } }],
    ['a path that is no string', { attachments: { is: 'map', entries: [[text('path'), { is: 'int', value: 1 }]] } }],
    [
      'attachments that are an argument as well',
      { descriptor: 'Ljava/util/Map;', arguments: [argument], attachments: argument },
    ],
    ['a map of an unknown type', { attachments: attachmentMap({ path: 'a.B' }, 'a.Map') }],
    ['attachments that are no map', { attachments: text('path') }],
    ['attachments without an end', { attachments: raw('48 04 70617468') }],
    ['parameters that are counted in more than one way', { descriptor: 'LZ-Z;', arguments: [text('x')] }],
    ['a body that ends early', bytesOf('05322e302e32 03612e42')],
  ])('%s', (_, call) => expect(readingsOf(call)).toBeUndefined());
});
