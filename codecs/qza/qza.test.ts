import { expect, test } from 'vitest';
import { Frame, ReplyReason } from '../codec.ts';
import { describeCodec, type SampleFrame } from '../conformance-kit.ts';
import { describeTwins } from '../declarative/twins.ts';
import { qza } from './qza.ts';

/** A header with these fields, then the body. */
function frameOf(fields: { code?: number; lengthLow?: number; lengthHigh?: number }, body: string): string {
  const header = Buffer.alloc(106);
  header.writeUInt8(1, 0);
  header.writeUInt32BE(9, 1);
  header.writeUInt16BE(fields.lengthLow ?? 106 + body.length / 2, 5);
  header.writeInt16BE(0x99, 7);
  header.writeInt16BE(fields.code ?? 0, 9);
  header.writeUInt8(1, 54);
  header.writeInt16BE(2, 64);
  header.writeUInt32BE(10001, 74);
  header.writeUInt16BE(fields.lengthHigh ?? 0, 103);
  header.writeUInt8(2, 105);
  return header.toString('hex') + body;
}

const properties = { cmd: '153', sub_cmd: '2', uid: '10001' };
const samples: readonly SampleFrame[] = [
  { name: 'a request', direction: 'request', hex: frameOf({}, '616263'), kind: 'request', id: 9, properties },
  { name: 'a response', direction: 'response', hex: frameOf({}, ''), kind: 'response', id: 9, properties },
  {
    name: 'an error response',
    direction: 'response',
    hex: frameOf({ code: 51 }, ''),
    kind: 'error',
    status: 'error',
    id: 9,
  },
];

describeCodec(qza, samples);
describeTwins(qza, new URL('qza.yaml', import.meta.url), samples);

test('a frame of more than 64 KiB has its length in both halves', () => {
  const bytes = Buffer.concat([
    Buffer.from(frameOf({ lengthLow: 106, lengthHigh: 1 }, ''), 'hex'),
    Buffer.alloc(65536),
  ]);
  const frame = new Frame();
  expect(qza.decoder('request').decode(bytes, 0, bytes.length - 1, frame)).toBe(false);
  expect(frame.needed).toBe(65642);
  expect(qza.decoder('request').decode(bytes, 0, bytes.length, frame)).toBe(true);
});

test('an error reply says whether there was no route, and has no extension', () => {
  const head = Buffer.from(frameOf({}, '616263'), 'hex');
  const codeAndExtension = (reason: ReplyReason): readonly (number | undefined)[] => {
    const reply = qza.errorReply(head, 0, 0, 9, reason, '');
    return [reply?.readInt16BE(9), reply?.[54], reply?.[105], reply?.length];
  };
  expect(codeAndExtension(ReplyReason.routeNotFound)).toEqual([50, 0, 0, 106]);
  expect(codeAndExtension(ReplyReason.overLimit)).toEqual([51, 0, 0, 106]);
});
