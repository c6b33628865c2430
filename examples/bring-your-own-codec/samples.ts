/** Frames of shelf that hold the codec to the contract; the same bytes are what callers and services really send. */
import type { SampleFrame } from '../../codecs/conformance-kit.ts';

const hex = (text: string): string => Buffer.from(text).toString('hex');

export const samples: readonly SampleFrame[] = [
  {
    name: 'a get',
    direction: 'request',
    hex: hex('GET orders/17\n'),
    kind: 'request',
    properties: { verb: 'GET', key: 'orders/17' },
  },
  {
    name: 'a put, whose data holds a line end',
    direction: 'request',
    hex: hex('PUT orders/17 12\ntwo\nlines of\n'),
    kind: 'request',
    properties: { verb: 'PUT', key: 'orders/17' },
  },
  { name: 'a put of nothing', direction: 'request', hex: hex('PUT empty 0\n\n'), kind: 'request' },
  {
    name: 'a value',
    direction: 'response',
    hex: hex('VALUE 5\nhello\n'),
    kind: 'response',
    properties: { verb: 'VALUE' },
  },
  { name: 'a put is stored', direction: 'response', hex: hex('STORED\n'), kind: 'response' },
  { name: 'nothing is there', direction: 'response', hex: hex('NONE\n'), kind: 'response' },
  { name: 'an error', direction: 'response', hex: hex('ERROR over the limit\n'), kind: 'error', status: 'error' },
];
