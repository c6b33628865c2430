import { afterEach, describe, expect, it, vi } from 'vitest';
import type { NamespaceOutcome, NamespaceWish, Settle } from '../actions.ts';
import { namespaceCommand } from './namespace.ts';

afterEach(() => vi.restoreAllMocks());

const losing = { name: 'shop', meaning: 'ignored', loss: 'dropped at once: Service (2)' };

async function namespace(outcome: (wish: NamespaceWish) => NamespaceOutcome, ...argv: readonly string[]) {
  let [said, code] = ['', -1];
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    said += String(chunk);
    return true;
  });
  const settle: Settle = (settled) => {
    code = settled;
  };
  const actions = {
    changeNamespaces: async (_: unknown, wish: NamespaceWish) => outcome(wish),
    listNamespaces: async () => [],
  };
  await namespaceCommand(actions, settle)
    .exitOverride()
    .parseAsync([...argv], { from: 'user' });
  return { code, said };
}

const asConfirmed = ({ isConfirmed }: NamespaceWish): NamespaceOutcome => ({ isDone: isConfirmed, steps: [losing] });

describe('isthmus namespace', () => {
  it('ends with 64 where it would take something from a control plane and nobody said --yes', async () => {
    const { code, said } = await namespace(asConfirmed, 'ignore', 'shop');
    expect(code).toBe(64);
    expect(said).toBe(
      'shop: would be ignored\nshop: dropped at once: Service (2)\nNothing was changed. Give --yes to do it.\n',
    );
  });

  it('does so with --yes, and says what went', async () => {
    const { code, said } = await namespace(asConfirmed, 'ignore', 'shop', '--yes');
    expect([code, said]).toEqual([0, 'shop: ignored\nshop: dropped at once: Service (2)\n']);
  });

  it('ends with 0 for a dry run, which asks for nothing', async () => {
    const { code, said } = await namespace(asConfirmed, 'ignore', 'shop', '--dry-run');
    expect([code, said]).toEqual([0, 'shop: would be ignored (dry run)\nshop: dropped at once: Service (2)\n']);
  });
});
