import { expect, it } from 'vitest';
import { HeededReleases, type Loss, releaseOf } from './heeded-releases.ts';

const now = 1_000_000;
const lost = (instances: readonly string[], isAbsent = false): Loss => ({ key: 'shop/orders', isAbsent, instances });

function heeding(...released: readonly Loss[]): HeededReleases {
  const releases = new HeededReleases();
  releases.heed(releaseOf(released, { at: now, holdMs: 1_000, by: 'host' }));
  return releases;
}

it('a release of instances lets just those go, and not the service with them', () => {
  const releases = heeding(lost(['a', 'b']));
  expect(releases.names(lost(['a']), now)).toBe(true);
  expect(releases.names(lost(['a', 'c']), now)).toBe(false);
  expect(releases.names(lost(['a', 'b'], true), now)).toBe(false);
  expect(releases.names(lost([], true), now)).toBe(false);
});

it('a release of a service that is gone says nothing of instances that it loses', () => {
  const releases = heeding(lost(['a'], true));
  expect(releases.names(lost(['a', 'b'], true), now)).toBe(true);
  expect(releases.names(lost(['a']), now)).toBe(false);
});

it('a release counts for its time, and once', () => {
  const releases = heeding(lost(['a']));
  expect(releases.names(lost(['a']), now + 600_000)).toBe(false);
  releases.carriedOut('shop/orders');
  expect(releases.names(lost(['a']), now)).toBe(false);
});
