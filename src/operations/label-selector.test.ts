import { describe, expect, it } from 'vitest';
import { parseLabelSelector } from './label-selector.ts';

const labels = { app: 'web', 'isthmus.dev/tier': '' };

describe('a label selector', () => {
  it.each([
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app=db', false],
    ['app!=db', true],
    ['app!=web', false],
    ['zone!=a', true],
    ['app', true],
    ['!app', false],
    ['!zone', true],
    ['isthmus.dev/tier=', true],
    ['app=web, zone', false],
  ])('"%s" holds: %s', (selector, holds) => {
    expect(parseLabelSelector(selector)?.(labels)).toBe(holds);
  });

  it.each(['app in (web)', 'app=', 'app=a b', '=web', 'app=web,', '!app=web', 'constructor'])(
    'knows "%s" for what it is',
    (selector) => {
      const test = parseLabelSelector(selector);
      if (selector === 'constructor') expect(test?.(labels)).toBe(false);
      else if (selector === 'app=') expect(test?.(labels)).toBe(false);
      else expect(test).toBeUndefined();
    },
  );
});
