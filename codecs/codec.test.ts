import { expect, test } from 'vitest';
import { CodecError } from './codec.ts';

test('an error of a codec that brings its own copy of the contract is a CodecError too', async () => {
  const copy: typeof import('./codec.ts') = await import(`./codec.ts?${'another copy'}`);
  expect(copy.CodecError).not.toBe(CodecError);
  expect(new copy.CodecError('malformed', 'no frame')).toBeInstanceOf(CodecError);
});

test('any other error is none', () => {
  expect(new TypeError('no frame')).not.toBeInstanceOf(CodecError);
  expect(undefined).not.toBeInstanceOf(CodecError);
});
