import { describe, expect, it } from 'vitest';
import { deadlineOf, indexAfter, trustOf } from './query-index.ts';

const at = (index: string) => ({ 'x-consul-index': index });

describe('the index of a blocking query', () => {
  it('is the one that the server tells', () => {
    expect(indexAfter(0, at('206'))).toBe(206);
    expect(indexAfter(206, at('206'))).toBe(206);
    expect(indexAfter(206, at('210'))).toBe(210);
  });

  it('begins anew where it goes back: that is another store', () => {
    expect(indexAfter(206, at('18'))).toBe(0);
  });

  it('is never 0 while the server counts from 0, so that queries wait', () => {
    expect(indexAfter(0, at('0'))).toBe(1);
  });

  it.each(['', 'x', '-1', '1.5', '9'.repeat(30)])('begins anew where the server tells %j', (index) => {
    expect(indexAfter(0, at(index))).toBe(0);
  });

  it('begins anew where the server tells none', () => {
    expect(indexAfter(206, {})).toBe(0);
  });

  it('is waited for longer than the server waits', () => {
    expect(deadlineOf(32_000)).toBeGreaterThan((32_000 * 17) / 16);
  });
});

describe('an answer', () => {
  it('is complete from a server that knows its leader', () => {
    const headers = { 'x-consul-knownleader': 'true', 'x-consul-lastcontact': '12' };
    expect(trustOf(headers, false)).toEqual({ trust: 'complete' });
  });

  it('that ACLs filtered is partial, unless that is meant', () => {
    const headers = { 'x-consul-results-filtered-by-acls': 'true', 'x-consul-knownleader': 'true' };
    expect(trustOf(headers, false)).toEqual({
      trust: 'partial',
      doubts: [{ cause: 'withheld', text: 'the token may not read all of it' }],
    });
    expect(trustOf(headers, true)).toEqual({ trust: 'complete' });
  });

  it('without a leader is partial', () => {
    expect(trustOf({ 'x-consul-knownleader': 'false' }, true).trust).toBe('partial');
    expect(trustOf({ 'x-consul-knownleader': 'true', 'x-consul-lastcontact': '60000' }, true).trust).toBe('partial');
  });
});
