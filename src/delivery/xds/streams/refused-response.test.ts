import { describe, expect, test } from 'vitest';
import { afterAcknowledgement, printable, refusedResponse } from './refused-response.ts';

const refuse = (names: readonly string[], message: string) =>
  refusedResponse({ nonce: 'n', version: 'v', names }, { code: 13, message }, 5);

describe('the resources of a refusal', () => {
  test('are those that the proxy names', () => {
    const names = ['outbound|9090||a.shop', 'outbound|9090||b.shop', 'outbound|90||a.shop', '240.0.0.1_9090'];
    expect(refuse(names, 'Error adding/updating cluster(s) outbound|9090||a.shop: no').names).toEqual([names[0]]);
    expect(refuse(names, "listener '240.0.0.1_9090', outbound|9090||b.shop.").names).toEqual([names[1], names[3]]);
  });

  test('are all when it names none, or only something that contains a name', () => {
    expect(refuse(['a', 'b'], 'an error at cluster-a, a.b and ab')).toMatchObject({ names: ['a', 'b'], named: false });
    expect(refuse(['', 'b'], 'nothing')).toMatchObject({ names: ['', 'b'], named: false });
  });

  test('are mended one by one when they were named, and all at once otherwise', () => {
    const named = refuse(['a', 'b', 'c'], 'a and b');
    expect(named.names).toEqual(['a', 'b']);
    expect(afterAcknowledgement(named, ['c'])).toBe(named);
    const rest = afterAcknowledgement(named, ['a', 'c']);
    expect(rest?.names).toEqual(['b']);
    expect(rest && afterAcknowledgement(rest, ['b'])).toBeUndefined();
    expect(afterAcknowledgement(refuse(['a'], '?'), [])).toBeUndefined();
  });
});

describe("a peer's words", () => {
  test.each([
    ['cluster a: no\ncluster b: nor this', 'cluster a: no; cluster b: nor this'],
    ['Error adding listener(s):\r\n  a: no.\n\n  b: no.\n', 'Error adding listener(s): a: no; b: no.'],
    ['\n one \n', 'one'],
    ['', ''],
  ])('tell reasons apart that stood on lines of their own: %j', (written, shown) => {
    expect(refuse(['x'], written).message).toBe(shown);
  });

  test('stand on one line without what could rewrite a terminal', () => {
    expect(printable('a\u001b[31mred\r\nb\u202egnirts\u200b\u0000 \ud800c')).toBe('a [31mred b gnirts c');
  });

  test('are cut, and say so', () => {
    expect(printable('x'.repeat(600))).toBe(`${'x'.repeat(499)}…`);
    expect(printable('x'.repeat(600), 10)).toBe(`${'x'.repeat(9)}…`);
  });
});
