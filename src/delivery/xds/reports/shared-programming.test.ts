import { expect, it } from 'vitest';
import type { Programming } from '../../../model/object-status.ts';
import { sharedProgramming } from './shared-programming.ts';

const refused = (key: string): Programming => ({
  key,
  state: 'refused',
  refusal: { count: 1, proxies: ['a'], reason: 'no' },
});

it('tells of what is refused before what is awaited, and of each namespace, however much a crowd has', () => {
  const crowd = Array.from({ length: 300 }, (_, at) => refused(`MetaRouter/crowd/${at}`));
  const awaited = Array.from(
    { length: 300 },
    (_, at): Programming => ({ key: `MetaRouter/a/${at}`, state: 'pending' }),
  );
  const others = [refused('MetaRouter/shop/orders'), refused('TrafficSplit/shop/canary')];
  const { objects } = sharedProgramming(true, [...awaited, ...crowd, ...others]);
  expect(objects).toHaveLength(200);
  expect(objects).toEqual(expect.arrayContaining(others));
  expect(objects.filter(({ state }) => state === 'pending')).toEqual([]);
  const few = sharedProgramming(true, [...awaited, ...others]).objects;
  expect(few).toHaveLength(200);
  expect(few).toEqual(expect.arrayContaining(others));
  expect(sharedProgramming(true, [...others, ...crowd.toReversed()]).objects).toEqual(
    sharedProgramming(true, [...crowd, ...others]).objects,
  );
});
