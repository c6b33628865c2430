import { expect, it } from 'vitest';
import { type MissedMutation, MissedMutations } from './missed-mutations.ts';

const where = { listener: 'in', protocol: 'shelf', route: 'r', side: 'request' } as const;

function missed() {
  const told: MissedMutation[] = [];
  return { told, missed: new MissedMutations((news) => void told.push(news)) };
}

it('tells of a reason once for each route and side, whatever bytes it counts, and never without end', () => {
  const { told, missed: some } = missed();
  const mutation = [{ key: 'tenant', value: 'blue' }];
  const note = (route: string, reason: string): void =>
    some.note({ ...where, route }, { mutation, reason, forwarded: false });
  note('r', 'The headers would take 65536 bytes.');
  note('r', 'The headers would take 70000 bytes.');
  note('r', 'The headers are malformed.');
  note('s', 'The headers are malformed.');
  expect(told.map(({ route, reason }) => [route, reason])).toEqual([
    ['r', 'The headers would take 65536 bytes.'],
    ['r', 'The headers are malformed.'],
    ['s', 'The headers are malformed.'],
  ]);
  for (let index = 0; index < 1000; index++) note(`route ${index}`, 'The headers are malformed.');
  expect(told).toHaveLength(100);
});

it.each([
  ['The value 999999 does not fit into u16.', '999999', 'The value <value> does not fit into u16.'],
  ['The value 999999 does not fit into u16.', '0999999', 'The value <value> does not fit into u16.'],
  ['"hunter2" (or "token=hunter2") holds a separator.', 'hunter2', '"<value>" (or "token=<value>") holds a separator.'],
  ['No "a" in a header.', 'a', 'No "<value>" in <value> header.'],
  ['"a;" holds a separator.', 'a;', '"<value>" holds a separator.'],
  ['Something is empty.', '', 'Something is empty.'],
])('says of "%s" nothing that the value %s would tell', (reason, value, shown) => {
  const { told, missed: some } = missed();
  some.note(where, { mutation: [{ key: 'token', value }], reason, forwarded: true });
  expect(told).toEqual([{ ...where, fields: ['token'], reason: shown, forwarded: true }]);
});
