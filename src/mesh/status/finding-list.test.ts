import { expect, it } from 'vitest';
import { finding } from '../../model/finding.ts';
import { listed } from './finding-list.ts';

const object = { kind: 'MetaRouter', namespace: 'shop', name: 'orders' };
const found = (path: string, message = 'Nothing is there', remedy = 'Write it') =>
  finding('ISTH0503', { object, path, message, remedy });

it('says of each finding what is wrong, where, and what to do', () => {
  expect(listed([found('spec.hosts[0]')])).toBe('ISTH0503 at spec.hosts[0]: Nothing is there. Write it.');
  expect(listed([found('', 'Nothing is there.', '')])).toBe('ISTH0503: Nothing is there.');
});

it('says the same in whatever order findings come, and each once', () => {
  const all = [found('b'), found('a'), found('b')];
  expect(listed(all)).toBe(listed(all.toReversed()));
  expect(listed(all)).toBe('ISTH0503 at a: Nothing is there. Write it. ISTH0503 at b: Nothing is there. Write it.');
});

it('counts those for which there is no room, and says where they are listed', () => {
  const many = listed(Array.from({ length: 8 }, (_, at) => found(`spec.routes[${at}]`)));
  expect(many).toContain('spec.routes[4]');
  expect(many).not.toContain('spec.routes[5]');
  expect(many).toMatch(/ And 3 more: isthmus analyze lists them\.$/);
  const long = listed(Array.from({ length: 4 }, (_, at) => found(`spec.routes[${at}]`, 'x'.repeat(700))));
  expect(long.match(/Write it\./g)).toHaveLength(2);
  expect(long).toMatch(/ And 2 more: isthmus analyze lists them\.$/);
});

it('is bounded whatever is found, and leaves out no remedy', () => {
  const long = (of: string): string => of.repeat(50_000);
  for (const many of [1, 7]) {
    const all = Array.from({ length: many }, (_, at) => found(`${at}${long('p')}`, long('💥'), long('r')));
    const text = listed(all);
    expect(text.length).toBeLessThanOrEqual(2000);
    expect(text.isWellFormed()).toBe(true);
    expect(text).toContain('rrr');
    if (many > 1) expect(text).toContain('And 6 more');
  }
});

it('shows what would move a terminal', () => {
  expect(listed([found('spec', 'a\u001b[2Jb')])).toContain('a\\x1b[2Jb');
});
