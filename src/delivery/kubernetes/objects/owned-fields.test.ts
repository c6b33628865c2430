import { describe, expect, it } from 'vitest';
import { managedEntries, ownedPart } from './owned-fields.ts';

describe('the part of an object that a field manager applied', () => {
  it('is what it set, and nothing that stands beside it', () => {
    const value = { metadata: { labels: { ours: '1', theirs: '2' } }, spec: { hosts: ['a'], location: 'x' } };
    const fields = { 'f:metadata': { 'f:labels': { 'f:ours': {} } }, 'f:spec': { 'f:hosts': {} } };
    expect(ownedPart(value, fields)).toEqual({ metadata: { labels: { ours: '1' } }, spec: { hosts: ['a'] } });
  });

  it('has of a list that is merged by key, or by value, its own items alone, wherever they stand', () => {
    const value = {
      ports: [
        { name: 'theirs', number: 1 },
        { name: 'ours', number: 2, protocol: 'TCP' },
      ],
      words: ['theirs', 'ours'],
      places: ['a', 'b'],
    };
    const fields = {
      'f:ports': { 'k:{"name":"ours"}': { '.': {}, 'f:name': {}, 'f:number': {} } },
      'f:words': { 'v:"ours"': {} },
      'f:places': { 'i:1': {} },
    };
    expect(ownedPart(value, fields)).toEqual({
      ports: [{ name: 'ours', number: 2 }],
      words: ['ours'],
      places: ['b'],
    });
  });

  it('lacks what is gone, and does not stumble over what nobody should write', () => {
    expect(ownedPart({ spec: {} }, { 'f:spec': { 'f:hosts': {} }, 'f:status': {} })).toEqual({ spec: {} });
    expect(ownedPart({ list: [1] }, { 'f:list': { 'k:{broken': {}, odd: {} } })).toEqual({ list: [] });
    expect(managedEntries({ managedFields: [null, 3, { manager: 'kubectl' }] })).toHaveLength(3);
    expect(managedEntries(undefined)).toEqual([]);
  });
});
