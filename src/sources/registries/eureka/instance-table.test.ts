import { describe, expect, it } from 'vitest';
import { membershipsOf } from './eureka-mapping.ts';
import { type InstanceRecord, readInstance } from './instance-record.ts';
import { InstanceTable } from './instance-table.ts';

const instance = (n: number, rest: object = {}): InstanceRecord =>
  readInstance(
    JSON.stringify({ app: 'A', instanceId: `i${n}`, ipAddr: `10.0.0.${n}`, status: 'UP', port: 80, ...rest }),
    undefined,
  );
const newTable = (): InstanceTable =>
  new InstanceTable({ membershipsOf: (record) => membershipsOf(record, 'application'), isSelected: () => true });
const deleted = (n: number, at: number) => instance(n, { actionType: 'DELETED', lastUpdatedTimestamp: at });

describe('a table of instances', () => {
  it('counts by status as the server does, in the order of their names', () => {
    const table = newTable();
    expect(table.hash).toBe('');
    for (const [at, status] of ['UP', 'STARTING', 'UP', 'OUT_OF_SERVICE', 'DOWN'].entries())
      table.put(instance(at, { status }));
    expect(table.hash).toBe('DOWN_1_OUT_OF_SERVICE_1_STARTING_1_UP_2_');
    table.put(instance(1, { status: 'UP' }));
    table.apply(deleted(0, 1));
    expect(table.hash).toBe('DOWN_1_OUT_OF_SERVICE_1_UP_2_');
  });

  it('knows what it holds, so that an answer that is costly to keep can be refused', () => {
    const table = newTable();
    const metadata = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`k${n}`, 'v']));
    table.put(instance(1, { metadata }));
    const { bytes } = table;
    expect(bytes).toBeGreaterThan(64_000);
    table.put(instance(2));
    table.put(instance(1));
    expect(table.bytes).toBeLessThan(bytes);
    table.apply(deleted(1, 1));
    table.apply(deleted(2, 1));
    expect(table.bytes).toBe(0);
  });

  it.each([
    ['DOWN_1_UP_2_', 0, true],
    ['DOWN_1_UP_3_', 1, true],
    ['DOWN_1_OUT_OF_SERVICE_1_UP_2_', 1, true],
    ['DOWN_1_UP_2_', 1, false],
    ['DOWN_1_UP_4_', 1, false],
    ['DOWN_2_UP_1_', 0, false],
    ['DOWN_3_UP_1_', 1, false],
    ['nothing', 1, false],
  ])('is what a server counts as %s, with %i that cannot be read: %s', (hash, unread, expected) => {
    const table = newTable();
    for (const [at, status] of ['UP', 'UP', 'DOWN'].entries()) table.put(instance(at, { status }));
    expect(table.isCountedAs(hash, unread)).toBe(expected);
  });

  it('takes no change that is older than what it knows, and none twice', () => {
    const table = newTable();
    expect(table.apply(instance(1, { lastUpdatedTimestamp: 20 }))).toEqual(['A']);
    expect(table.apply(instance(1, { lastUpdatedTimestamp: 20 }))).toEqual([]);
    expect(table.apply(deleted(1, 10))).toEqual([]);
    expect(table.size).toBe(1);
    expect(table.apply(deleted(1, 20))).toEqual(['A']);
    expect(table.apply(deleted(1, 20))).toEqual([]);
    expect(table.service('A')).toBe(undefined);
  });

  it('knows a change that it has taken, by its time and status, and no other', () => {
    const table = newTable();
    const change = { lastUpdatedTimestamp: 20 };
    table.apply(instance(1, change));
    expect(table.knows(instance(1, change))).toBe(true);
    for (const other of [
      { lastUpdatedTimestamp: 21 },
      { ...change, status: 'DOWN' },
      { ...change, actionType: 'DELETED' },
    ])
      expect(table.knows(instance(1, other))).toBe(false);
    expect(table.knows(instance(2, change))).toBe(false);
    table.apply(instance(3));
    expect(table.knows(instance(3))).toBe(false);
  });

  it('tells which services differ from before, whatever the order', () => {
    const before = newTable();
    for (const n of [1, 2]) before.put(instance(n));
    before.put(instance(3, { app: 'GONE' }));
    before.put(instance(4, { app: 'SAME', lastUpdatedTimestamp: 1 }));
    const after = newTable();
    for (const n of [2, 5]) after.put(instance(n), before);
    after.put(instance(4, { app: 'SAME', lastUpdatedTimestamp: 2 }), before);
    after.put(instance(6, { app: 'NEW' }), before);
    expect([...after.changesSince(before)].sort()).toEqual(['A', 'GONE', 'NEW']);
    expect(after.changesSince(after)).toEqual([]);
  });
});
