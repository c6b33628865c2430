import { describe, expect, it, vi } from 'vitest';
import type { ApiChange } from '../../../kubernetes-api/api-server.ts';
import type { ObjectStatus } from '../../../model/object-status.ts';
import { shown, status, statusScene } from './status-writer-fixture.ts';

describe('while ten thousand objects wait for a word that changes for all of them', () => {
  const names = Array.from({ length: 10_000 }, (_, at) => `o${at}`);
  const proxyCame = (one: ObjectStatus): ObjectStatus => ({
    ...one,
    conditions: one.conditions.map((condition) => ({ ...condition, reason: 'Taken' })),
  });
  const written = (changes: readonly ApiChange[]) => changes.map(({ path }) => path.match(/(\w+)\/status/)?.[1]);

  async function crowd() {
    const all = names.map((name) => status(name));
    const found = statusScene(all.map(shown));
    found.take(...all);
    await vi.waitFor(() => expect(found.lists).toHaveLength(1));
    await vi.waitFor(() => expect(found.writer.depth).toBe(0));
    expect(found.sent).toEqual([]);
    // What the list cost is there again.
    found.clock.advance(1_000);
    found.take(...all.map(proxyCame));
    await vi.waitFor(() => expect(found.sent).toHaveLength(100));
    await found.quiet();
    expect(found.writer.depth).toBe(9_900);
    const turn = async (): Promise<string | undefined> => {
      const before = found.sent.length;
      found.clock.advance(100);
      await found.quiet();
      expect(found.sent).toHaveLength(before + 1);
      return written(found.sent).at(-1);
    };
    return { ...found, turn };
  }

  it.each([
    ['changed', proxyCame(status('o9000', 2))],
    ['made', status('fresh')],
    ['wrote what is refused', status('o9000', 1, 'False')],
  ])('what somebody %s is written in the next turn', async (_, changed) => {
    const { take, turn } = await crowd();
    expect(await turn()).toBe('o100');
    take(changed);
    expect(await turn()).toBe(changed.name);
    expect(await turn()).toBe('o101');
  });

  it('what somebody changed is written in the next turn once it is known, too, where that took longer', async () => {
    const { clock, take, turn, quiet } = await crowd();
    const told = (value: 'True' | 'Unknown') => status('o9000', 2, value);
    take(told('Unknown'));
    for (let at = 0; at < 19; at++) expect(await turn()).not.toBe('o9000');
    expect(await turn()).toBe('o9000');
    clock.advance(1_000);
    await quiet();
    take(told('True'));
    expect(await turn()).toBe('o9000');
  });

  it('many that are made at once wait with them, and take no turn of one that is changed', async () => {
    const { take, turn } = await crowd();
    take(...Array.from({ length: 1_000 }, (_, at) => status(`made${at}`)));
    expect(await turn()).toBe('o100');
    take(status('o9000', 2));
    expect(await turn()).toBe('o9000');
  });

  it('a thousand that are changed keep nobody of another namespace waiting', async () => {
    const { take, turn } = await crowd();
    take(...names.slice(5_000, 6_000).map((name) => status(name, 2)));
    expect(await turn()).toBe('o5000');
    take({ ...status('other', 2), key: 'MetaRouter/pay/other', namespace: 'pay' });
    expect([await turn(), await turn()]).toContain('other');
  });

  it('they go on while a thousand are changed', async () => {
    const { take, turn } = await crowd();
    take(...names.slice(5_000, 6_000).map((name) => status(name, 2)));
    const turns = [
      await turn(),
      await turn(),
      await turn(),
      await turn(),
      await turn(),
      await turn(),
      await turn(),
      await turn(),
    ];
    expect(turns).toEqual(['o5000', 'o5001', 'o5002', 'o100', 'o5003', 'o5004', 'o5005', 'o101']);
  });
});
