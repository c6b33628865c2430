import { expect, it } from 'vitest';
import { type Codec, Frame } from '../../../codecs/codec.ts';
import { kvHeader } from '../../../codecs/kv-header/kv-header.ts';
import { requestMutation } from './request-mutation.ts';

const frame = new Frame();
const bytes = Buffer.from('4b5601000000000100020000000000000000', 'hex');
kvHeader.decoder('request').decode(bytes, 0, bytes.length, frame);
const ofRoute = [{ key: 'tenant', value: 'blue' }];

it('adds an x-request-id to what the route changes', () => {
  const keys = requestMutation(kvHeader)(bytes, 0, frame, ofRoute).map(({ key }) => key);
  expect(keys).toEqual(['x-request-id', 'tenant']);
});

it('adds none where the protocol has no place for it, so that the change of the route is not refused with it', () => {
  const codec: Codec = { ...kvHeader, whyNotSettable: (_side, key) => (key === 'tenant' ? undefined : 'no such tag') };
  expect(requestMutation(codec)(bytes, 0, frame, ofRoute)).toBe(ofRoute);
  expect(requestMutation(codec)(bytes, 0, frame, [])).toEqual([]);
});
