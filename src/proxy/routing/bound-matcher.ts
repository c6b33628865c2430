/** A property matcher whose property is a number in a view. */
import type { PropertyMatcher } from '../config/property-matcher.ts';
import type { PropertyView } from './property-view.ts';

export interface BoundMatcher {
  readonly number: number;
  /** The only value that passes, when the test is a plain equality. */
  readonly exact: string | undefined;
  readonly test: (value: string | undefined) => boolean;
}

export function bindMatchers(matchers: readonly PropertyMatcher[], view: PropertyView): readonly BoundMatcher[] {
  return matchers.map(({ property, exact, test }) => ({ number: view.number(property), exact, test }));
}

export function matchesAll(matchers: readonly BoundMatcher[], view: PropertyView): boolean {
  for (const matcher of matchers) if (!matcher.test(view.read(matcher.number))) return false;
  return true;
}
