import fc from 'fast-check';
import { RE2JS } from 're2js';
import { expect, it } from 'vitest';
import { byteText, grouped, startAnchored } from './access-expression.ts';

it.each([
  ['/books', ['/books', '/books/1', '/bookshelf'], ['/book', '/x/books', 'x/books']],
  ['/a|/b', ['/a1', '/b1'], ['/c/a', '/c/b']],
  ['^/a$', ['/a'], ['/a/', '/']],
  ['\\Q/a.b', ['/a.bc'], ['/aab']],
  ['\\Q/a\\E.\\Q(', ['/ax(', '/ax()'], ['/a(']],
  ['/\\\\Q', ['/\\Q', '/\\Qx'], ['/Q']],
  ['(?i)/a', ['/A'], ['/b']],
])('%s matches at the start of a path', (regex, matching, others) => {
  for (const text of matching) expect(RE2JS.matches(startAnchored(regex), text)).toBe(true);
  for (const text of others) expect(RE2JS.matches(startAnchored(regex), text)).toBe(false);
});

it('stays what it is in a group, whatever stands around it', () => {
  for (const regex of ['a|b', '\\Qa|b', '\\Qa\\E|b']) {
    const compiled = RE2JS.compile(`^${grouped(regex)}$`);
    for (const text of ['a', 'b', 'a|b', 'ab', 'ax', 'xb'])
      expect(compiled.matcher(text).find(), `${regex} in ${text}`).toBe(RE2JS.matches(regex, text));
  }
});

it('matches no more than an expression that is valid by itself matches at the start', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    '/',
    '\\Q',
    '\\E',
    '\\\\',
    '(',
    ')',
    '|',
    '.',
    '*',
    '[',
    ']',
    '$',
    '^',
    '(?i)',
  );
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '(', ')', '\\', '|'), maxLength: 6 });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), text, (pieces, path) => {
      const regex = pieces.join('');
      const compiled = compile(regex);
      fc.pre(compiled !== undefined);
      expect(RE2JS.matches(startAnchored(regex), path)).toBe(compiled?.matcher(path).lookingAt());
    }),
    { numRuns: 2000 },
  );
});

function compile(regex: string): RE2JS | undefined {
  try {
    return RE2JS.compile(regex);
  } catch {
    return undefined;
  }
}

it('is a character a byte, where it is not ASCII', () => {
  expect(byteText('/books')).toBe('/books');
  expect(byteText('é€')).toBe('\xc3\xa9\xe2\x82\xac');
});
