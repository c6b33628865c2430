import { expect, it } from 'vitest';
import { isNewerVersion, isOlderVersion } from './resource-version.ts';

it.each([
  ['9', '10', 'older'],
  ['10', '9', 'newer'],
  ['10', '10', 'neither'],
  ['98765432109876543210', '98765432109876543211', 'older'],
  // Whoever asks for what is newer takes it in, and whoever asks for what is older leaves nothing out.
  ['b', 'a', 'newer'],
  ['a', 'b', 'newer'],
  ['a', 'a', 'neither'],
  ['10', 'a', 'newer'],
])('%s beside %s is %s', (version, known, what) => {
  const found = [isNewerVersion(version, known) && 'newer', isOlderVersion(version, known) && 'older'];
  expect(found.filter(Boolean)).toEqual(what === 'neither' ? [] : [what]);
});

it('a version that is not known stands for the newest', () => {
  expect([isNewerVersion(undefined, '1'), isNewerVersion('1', undefined)]).toEqual([true, true]);
});
