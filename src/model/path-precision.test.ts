import { describe, expect, it } from 'vitest';
import { byPrecision, literalStart, mayOverlap } from './path-precision.ts';

describe('the literal beginning of an expression', () => {
  it.each([
    ['/books', '/books'],
    ['^/books', '/books'],
    ['/books/[0-9]+', '/books/'],
    ['/books?', '/book'],
    ['/books*', '/book'],
    ['/books{2}', '/book'],
    ['/a+', '/'],
    ['/v1\\.2/x', '/v1.2/x'],
    ['/v\\d', '/v'],
    ['/v\\Q.\\E', '/v'],
    ['/a|/b', ''],
    ['/(a|b)', '/'],
    ['/[)|]|x', ''],
    ['(?i)/books', ''],
    ['/books\\', '/books'],
    ['.*', ''],
    ['', ''],
  ])('of %s is %s', (regex, start) => {
    expect(literalStart(regex)).toBe(start);
  });
});

describe('expressions for paths', () => {
  it('go in the order of how much they say, in whatever order they are written', () => {
    const sorted = ['/books/new', '/books/[0-9]+', '/books/.*', '/books', '/b|/c', '.*'];
    expect(sorted.toReversed().toSorted(byPrecision)).toEqual(sorted);
  });

  it('are told apart only where no path can match both', () => {
    expect(mayOverlap('/books', '/books/.*')).toBe(true);
    expect(mayOverlap('.*new', '/books')).toBe(true);
    expect(mayOverlap('/books', '/buy')).toBe(false);
  });
});
