import { describe, expect, it } from 'vitest';
import { Engine } from './engine.ts';

interface Item {
  readonly name: string;
  readonly n: number;
}

function setup() {
  const engine = new Engine({ validate: true });
  const table = engine.table<Item>('items', { key: (item) => item.name });
  const keys = () => [...table.keys()].toSorted();
  return { engine, table, keys };
}

const items = (...names: readonly string[]): Item[] => names.map((name) => ({ name, n: 1 }));

describe.each(['syncing', 'stale'] as const)('a table that is %s', (state) => {
  const held = () => {
    const all = setup();
    all.engine.batch(() => {
      all.table.setState('live');
      all.table.replaceAll(items('a', 'b', 'c'));
      all.table.setState(state);
    });
    return all;
  };

  it('adds and changes, but deletes nothing', () => {
    const { table, keys } = held();
    table.set({ name: 'd', n: 1 });
    table.delete('a');
    table.replaceAll(items('c'));
    expect(keys()).toEqual(['a', 'b', 'c', 'd']);
    expect(table.heldDeletions).toBe(3);
  });

  it('carries out the deletions that are still wanted when it goes live', () => {
    const { table, keys } = held();
    table.delete('a');
    table.delete('b');
    table.set({ name: 'a', n: 2 });
    table.setState('live');
    expect(keys()).toEqual(['a', 'c']);
    expect(table.heldDeletions).toBe(0);
  });

  it('takes back deletions of an earlier complete content that a later one has again', () => {
    const { table, keys } = held();
    table.replaceAll([]);
    table.replaceAll(items('a', 'b'));
    table.setState('live');
    expect(keys()).toEqual(['a', 'b']);
  });

  it('goes live in the batch that completes it', () => {
    const { engine, table, keys } = held();
    engine.batch(() => {
      table.replaceAll(items('b'));
      table.setState('live');
    });
    expect(keys()).toEqual(['b']);
  });
});

it('a live table deletes at once, and what it holds no more it cannot hold back', () => {
  const { table, keys } = setup();
  table.setState('live');
  table.replaceAll(items('a', 'b'));
  table.delete('a');
  table.setState('stale');
  table.delete('a');
  table.delete('never there');
  expect(keys()).toEqual(['b']);
  expect(table.heldDeletions).toBe(0);
});

it('a complete content in one batch with later changes ends in their order', () => {
  const { engine, table, keys } = setup();
  table.setState('live');
  engine.batch(() => {
    table.set({ name: 'early', n: 1 });
    table.replaceAll(items('a', 'b'));
    table.set({ name: 'late', n: 1 });
    table.delete('a');
  });
  expect(keys()).toEqual(['b', 'late']);
});
