/** Lengths that a description makes less than nothing: bytes that say so are refused, never waited for. */
import { load } from 'js-yaml';
import { expect, it } from 'vitest';
import { type Codec, CodecError, defaultLimits, Frame } from '../../codecs/codec.ts';
import { compileDescription } from '../../codecs/declarative/compile.ts';

function codecWith(frame: string): Codec {
  const compiled = compileDescription(load(`frame: ${frame}`), 'short');
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems, null, 2));
  return compiled.codec;
}

it.each([
  ['one integer', '{ header: { size: 4 }, length: { parts: [{ offset: 0, type: u8 }], adjust: -40 } }'],
  [
    'several integers',
    '{ header: { size: 4 }, length: { parts: [{ offset: 0, type: u8 }, { offset: 1, type: u8, shift: 8 }], adjust: -40 } }',
  ],
  [
    'an integer of varying width',
    '{ header: { size: 0 }, length: { parts: [{ offset: 0, type: uleb128 }], adjust: -40 } }',
  ],
])('a length of %s that is adjusted to less than a frame can have is refused at once', (_, frame) => {
  const codec = codecWith(frame);
  for (let value = 0; value < 40; value++) {
    const bytes = Buffer.alloc(64);
    bytes[0] = value;
    const decode = () => codec.decoder('request', defaultLimits).decode(bytes, 0, bytes.length, new Frame());
    expect(decode, `the length says ${value}`).toThrow(CodecError);
  }
  const whole = new Frame();
  const bytes = Buffer.alloc(64);
  bytes[0] = 60;
  expect(codec.decoder('request', defaultLimits).decode(bytes, 0, bytes.length, whole)).toBe(true);
  expect(whole.length).toBeGreaterThan(0);
});
