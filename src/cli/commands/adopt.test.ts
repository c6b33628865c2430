import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AdoptionStep } from '../../model/adoption.ts';
import type { AdoptionWish, Settle } from '../actions.ts';
import { adoptCommand } from './adopt.ts';

afterEach(() => vi.restoreAllMocks());

const object = { kind: 'EnvoyFilter', namespace: 'istio-system', name: 'outbound-a' };
const adopting: AdoptionStep = { object, does: 'adopt', why: 'it is replaced' };
const waiting: AdoptionStep = { object, does: 'wait', why: 'not yet' };
const refusing: AdoptionStep = { object, does: 'refuse', why: 'no' };

async function adopt(steps: readonly AdoptionStep[], ...argv: readonly string[]) {
  let [stdout, stderr, code] = ['', '', 0];
  const wishes: AdoptionWish[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    stdout += String(chunk);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    stderr += String(chunk);
    return true;
  });
  const settle: Settle = (settled) => {
    code = settled;
  };
  const actions = {
    adopt: async (wish: AdoptionWish) => {
      wishes.push(wish);
      return steps;
    },
  };
  await adoptCommand(actions, settle)
    .exitOverride()
    .parseAsync([...argv], { from: 'user' });
  return { code, stdout, stderr, wishes };
}

describe('isthmus adopt', () => {
  it('says so where nothing was found, and prints no table of nothing', async () => {
    const { code, stdout, stderr } = await adopt([]);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toBe('Nothing that Aeraki or a bridge of registries left was found.\n');
    expect((await adopt([], '-o', 'json')).stdout).toBe('[]\n');
  });

  it('ends as isthmus uninstall does where it was not told to do it: with 64, but for a dry run', async () => {
    const { code, stderr, wishes } = await adopt([adopting, waiting]);
    expect([code, stderr]).toEqual([64, 'Nothing was changed. 1 of 2 would be: give --yes to do it.\n']);
    expect(wishes).toMatchObject([{ isDryRun: true }]);
    expect((await adopt([adopting], '--dry-run')).code).toBe(0);
    expect((await adopt([adopting], '--yes')).code).toBe(0);
    expect((await adopt([waiting])).code).toBe(0);
  });

  it('ends with 79 where something cannot be taken over', async () => {
    expect((await adopt([adopting, refusing], '--yes')).code).toBe(79);
    expect((await adopt([adopting, refusing], '--dry-run')).code).toBe(79);
  });

  it('takes objects by name, and none that is written otherwise', async () => {
    const { wishes } = await adopt([], 'envoyfilter/istio-system/outbound-a', 'ServiceEntry/shop/b', '--yes');
    expect(wishes).toMatchObject([{ isDryRun: false, objects: [object, { kind: 'ServiceEntry', name: 'b' }] }]);
    await expect(adopt([], 'Pod/shop/b')).rejects.toThrow('KIND/NAMESPACE/NAME');
    await expect(adopt([], 'outbound-a')).rejects.toThrow('KIND/NAMESPACE/NAME');
  });
});
