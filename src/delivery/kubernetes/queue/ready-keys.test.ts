import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReadyKeys, type Urgency } from './ready-keys.ts';

const urgency = fc.constantFrom<Urgency>('awaited', 'routine');
const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), key, urgency }),
  fc.record({ do: fc.constant('delete' as const), key }),
  fc.record({ do: fc.constant('take' as const) }),
);

it('gives each line in the order in which its keys came, each once, and the better line three times in a row at most', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const keys = new ReadyKeys(() => '');
      const lines: Record<Urgency, string[]> = { awaited: [], routine: [] };
      const drop = (line: Urgency, one: string) => {
        lines[line] = lines[line].filter((other) => other !== one);
      };
      let inRow = 0;
      for (const one of steps) {
        if (one.do === 'delete') {
          keys.delete(one.key);
          drop('awaited', one.key);
          drop('routine', one.key);
        } else if (one.do === 'add') {
          keys.add(one.key, one.urgency);
          if (!lines.awaited.includes(one.key)) {
            if (one.urgency === 'awaited') drop('routine', one.key);
            if (!lines[one.urgency].includes(one.key)) lines[one.urgency].push(one.key);
          }
        } else {
          const isRoutine = lines.awaited.length === 0 || (inRow >= 3 && lines.routine.length > 0);
          const line = isRoutine ? 'routine' : 'awaited';
          const expected = lines[line].shift();
          const taken = keys.take();
          expect(taken).toEqual(expected === undefined ? undefined : { key: expected, urgency: line });
          if (taken !== undefined) {
            keys.spend(taken.urgency);
            inRow = isRoutine ? 0 : inRow + 1;
          }
        }
        expect(keys.size).toBe(lines.awaited.length + lines.routine.length);
      }
    }),
  );
});

it('gives each group its turn, however many keys of another wait', () => {
  const keys = new ReadyKeys((one) => one.slice(0, one.indexOf('/')));
  const taken = (): string | undefined => keys.take()?.key;
  for (let at = 0; at < 1_000; at++) keys.add(`crowd/${at}`, 'awaited');
  expect([taken(), taken()]).toEqual(['crowd/0', 'crowd/1']);
  for (const one of ['shop/a', 'shop/b', 'pay/a']) keys.add(one, 'awaited');
  expect([taken(), taken(), taken(), taken(), taken(), taken()]).toEqual([
    'crowd/2',
    'shop/a',
    'pay/a',
    'crowd/3',
    'shop/b',
    'crowd/4',
  ]);
  // Who comes again and again has no more turns than who waits all the time.
  keys.add('pay/b', 'awaited');
  expect([taken(), taken()].sort()).toEqual(['crowd/5', 'pay/b']);
  keys.add('pay/c', 'awaited');
  expect([taken(), taken()].sort()).toEqual(['crowd/6', 'pay/c']);
  expect(keys.size).toBe(993);
});

it('knows a key by the group that it was of when it came', () => {
  let group = 'shop';
  const keys = new ReadyKeys(() => group);
  for (const one of ['a', 'b', 'c']) keys.add(one, 'awaited');
  group = 'pay';
  keys.add('a', 'awaited');
  keys.delete('b');
  expect([keys.size, keys.urgencyOf('a'), keys.urgencyOf('b')]).toEqual([2, 'awaited', undefined]);
  expect([keys.take()?.key, keys.take()?.key, keys.take()?.key]).toEqual(['a', 'c', undefined]);
});
