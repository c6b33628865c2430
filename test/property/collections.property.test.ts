/** The promises of the collection engine, held against random histories and against a recompute from nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Collection, SourceState, Table } from '../../src/collections/collection.ts';
import { Engine } from '../../src/collections/engine.ts';
import { finding } from '../../src/model/finding.ts';

interface Item {
  readonly id: string;
  readonly group: string;
  readonly refs: readonly string[];
}

type Change =
  | { readonly op: 'set'; readonly table: 0 | 1; readonly item: Item }
  | { readonly op: 'delete'; readonly table: 0 | 1; readonly id: string }
  | { readonly op: 'replaceAll'; readonly table: 0 | 1; readonly items: readonly Item[] }
  | { readonly op: 'state'; readonly table: 0 | 1; readonly state: SourceState };

const ids = ['a', 'b', 'c', 'd', 'e'];
const id = fc.constantFrom(...ids);
const item: fc.Arbitrary<Item> = fc.record({
  id,
  group: fc.constantFrom('x', 'y', 'z'),
  refs: fc.uniqueArray(id, { maxLength: 3 }),
});
const table = fc.constantFrom<0 | 1>(0, 1);
const contentChange: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant('set'), table, item }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('delete'), table, id }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('replaceAll'), table, items: fc.array(item, { maxLength: 4 }) }),
  },
);
const state: fc.Arbitrary<Change> = fc.record({
  op: fc.constant('state'),
  table,
  state: fc.constantFrom<SourceState>('syncing', 'live', 'stale'),
});
const history = (change: fc.Arbitrary<Change>) => fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 12 });

interface Graph {
  readonly engine: Engine;
  readonly tables: readonly [Table<Item>, Table<Item>];
  readonly collections: readonly Collection<unknown>[];
}

/** One collection of every kind, reading each other in every way there is. */
function build(): Graph {
  const engine = new Engine({ validate: true });
  const shape = { key: (value: Item) => value.id };
  const left = engine.table('left', shape);
  const right = engine.table('right', shape);
  const both = engine.merge('both', [left, right]);
  const byGroup = engine.index('by group', both, (value) => [value.group, ...value.refs]);
  const groups = engine.groupBy(
    'groups',
    both,
    (value) => [value.group],
    (key, members) => (key === 'z' ? undefined : { key, members: members.map((member) => member.id) }),
  );
  const owners = engine.flatMap(
    'owners',
    both,
    (value) => value.refs.map((ref) => ({ ref, owner: value.id, group: value.group })),
    { key: (value) => value.ref },
  );
  const joined = engine.map('joined', right, (value, context) => {
    const owner = context.get(owners, value.id);
    if (owner === undefined) {
      context.report(finding('ISTH0990', { object: { kind: 'Item', name: value.group }, message: 'no owner' }));
      return undefined;
    }
    const reached = value.refs.flatMap((ref) => context.lookup(byGroup, ref).map((found) => found.id));
    return { owner: owner.owner, size: context.get(groups, owner.group)?.members.length ?? 0, reached };
  });
  const summary = engine.groupBy(
    'summary',
    joined,
    (value) => [value.owner],
    (key, members, context) => ({ key, members, left: context.get(left, key)?.group }),
  );
  const told = engine.map('told', engine.findings, (found) => found.object.name);
  return { engine, tables: [left, right], collections: [both, groups, owners, joined, summary, engine.findings, told] };
}

function apply(graph: Graph, batch: readonly Change[]): void {
  graph.engine.batch(() => {
    for (const change of batch) {
      const target = graph.tables[change.table];
      if (change.op === 'set') target.set(change.item);
      else if (change.op === 'delete') target.delete(change.id);
      else if (change.op === 'replaceAll') target.replaceAll(change.items);
      else target.setState(change.state);
    }
  });
}

const goLive = (graph: Graph) => apply(graph, [liveLeft, liveRight]);
const liveLeft: Change = { op: 'state', table: 0, state: 'live' };
const liveRight: Change = { op: 'state', table: 1, state: 'live' };

function contents(graph: Graph): unknown {
  return Object.fromEntries(
    graph.collections.map((collection) => [
      collection.name,
      [...collection.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ]),
  );
}

function recompute(graph: Graph, order: (items: readonly Item[]) => readonly Item[]): Graph {
  const fresh = build();
  fresh.engine.batch(() => {
    for (const at of [1, 0] as const)
      for (const value of order([...graph.tables[at].values()])) fresh.tables[at].set(value);
  });
  return fresh;
}

describe('whatever the history of batches', () => {
  it('the incremental result equals a recompute from nothing, in any order of input', () => {
    fc.assert(
      fc.property(history(fc.oneof({ weight: 9, arbitrary: contentChange }, state)), (batches) => {
        const graph = build();
        goLive(graph);
        for (const batch of batches) {
          apply(graph, batch);
          const expected = contents(graph);
          expect(contents(recompute(graph, (items) => items))).toEqual(expected);
          expect(contents(recompute(graph, (items) => items.toReversed()))).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('the diffs that a sink got add up to the collection, and none of them is empty or equal', () => {
    fc.assert(
      fc.property(history(contentChange), (batches) => {
        const graph = build();
        goLive(graph);
        const copies = graph.collections.map((collection) => {
          const copy = new Map<string, unknown>();
          graph.engine.sink(collection, (diff) => {
            expect(diff.length).toBeGreaterThan(0);
            expect(diff.map((change) => change.key)).toEqual(diff.map((change) => change.key).toSorted());
            for (const { key, before, after } of diff) {
              expect(copy.get(key)).toEqual(before);
              expect(after).not.toEqual(before);
              if (after === undefined) copy.delete(key);
              else copy.set(key, after);
            }
          });
          return copy;
        });
        for (const batch of batches) {
          apply(graph, batch);
          graph.collections.forEach((collection, at) => {
            expect(copies[at]).toEqual(new Map(collection.entries()));
          });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('a table that is not live loses nothing, and going live leaves what was last wanted', () => {
    fc.assert(
      fc.property(history(contentChange), history(contentChange), (before, during) => {
        const held = build();
        const live = build();
        goLive(held);
        goLive(live);
        for (const batch of before) for (const graph of [held, live]) apply(graph, batch);
        apply(held, [
          { op: 'state', table: 0, state: 'stale' },
          { op: 'state', table: 1, state: 'syncing' },
        ]);
        for (const batch of during) {
          const known = held.tables.map((each) => [...each.keys()]);
          for (const graph of [held, live]) apply(graph, batch);
          held.tables.forEach((each, at) => {
            expect([...each.keys()]).toEqual(expect.arrayContaining(known[at] ?? []));
          });
        }
        goLive(held);
        expect(contents(held)).toEqual(contents(live));
        expect(held.tables.map((each) => each.heldDeletions)).toEqual([0, 0]);
      }),
      { numRuns: 200 },
    );
  });

  it('nothing is left inside the engine when all keys are gone', () => {
    fc.assert(
      fc.property(history(contentChange), (batches) => {
        const graph = build();
        goLive(graph);
        for (const batch of batches) apply(graph, batch);
        apply(graph, [
          { op: 'replaceAll', table: 0, items: [] },
          { op: 'replaceAll', table: 1, items: [] },
        ]);
        for (const node of graph.engine.describe()) {
          expect(node).toMatchObject({ count: 0, readers: 0, tracked: 0 });
        }
      }),
      { numRuns: 200 },
    );
  });
});

it('no derivation and no sink ever sees half a batch, and each key is derived once a batch', () => {
  const operation = fc.array(fc.record({ id, n: fc.nat(5) }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 10 }), (batches) => {
      const engine = new Engine({ validate: true });
      const key = (value: { readonly id: string; readonly n: number }) => value.id;
      const debit = engine.table('debit', { key });
      const credit = engine.table('credit', { key });
      const runs: string[] = [];
      const doubled = engine.map('doubled', credit, (value) => ({ id: value.id, n: 2 * value.n }));
      const balance = engine.map('balance', debit, (value, context) => {
        runs.push(value.id);
        return (context.get(credit, value.id)?.n ?? 0) + (context.get(doubled, value.id)?.n ?? 0) - 3 * value.n;
      });
      const check = () => {
        for (const value of balance.values()) expect(value).toBe(0);
      };
      engine.sink(balance, check);
      engine.sink(doubled, check);
      for (const batch of batches) {
        runs.length = 0;
        engine.batch(() => {
          for (const value of batch) credit.set(value);
          for (const value of batch) debit.set(value);
        });
        check();
        expect(runs).toHaveLength(new Set(runs).size);
      }
    }),
  );
});
