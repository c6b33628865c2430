import { expect, it } from 'vitest';
import { isVisibleTo, visibilityOf } from './visibility.ts';

it.each([
  [undefined, ['a', 'b']],
  [[], ['a', 'b']],
  [['*'], ['a', 'b']],
  [
    ['.', '*'],
    ['a', 'b'],
  ],
  [['.'], ['a']],
  [['b'], ['b']],
  [
    ['b', '.'],
    ['a', 'b'],
  ],
  [['~'], []],
])('exportTo %j in namespace a shows the object to %j', (exportTo, expected) => {
  const visibility = visibilityOf(exportTo, 'a');
  expect(['a', 'b'].filter((namespace) => isVisibleTo(visibility, namespace))).toEqual(expected);
});
