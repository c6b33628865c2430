import { mkdir, mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AccessMode, accessModes } from '../../model/mesh-service.ts';
import { TestClock } from '../../model/test-clock.ts';
import { type KeptSetting, SettingKeeper } from './setting-keeper.ts';
import { NodeStateFolder } from './state-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'isthmus-access-'));
});
afterEach(() => rm(folder, { recursive: true }));

const file = () => join(folder, 'access-mode.json');

const setting: KeptSetting<AccessMode> = {
  file: {
    fileName: 'access-mode.json',
    header: { format: 'isthmus-access-mode', version: 1 },
    remedy: 'Write spec.access.mode.',
  },
  what: 'mode of access',
  read: (stored) => accessModes.find((mode) => JSON.stringify({ mode }) === JSON.stringify(stored)),
  write: (mode) => ({ mode }),
};

interface Opened {
  readonly keeper: SettingKeeper<AccessMode>;
  readonly shown: AccessMode[];
}

async function open(clock?: TestClock): Promise<Opened> {
  const shown: AccessMode[] = [];
  const show = (mode: AccessMode): void => void shown.push(mode);
  const state = new NodeStateFolder(folder);
  return {
    keeper: await SettingKeeper.open({ folder: state, setting, show, ...(clock === undefined ? {} : { clock }) }),
    shown,
  };
}

/** What a run that begins now is shown. */
async function afterRestart(): Promise<AccessMode | undefined> {
  return (await open()).shown[0];
}

describe('the mode of access', () => {
  it('is kept over restarts as it was written last, also when it was switched off', async () => {
    expect(await afterRestart()).toBe(undefined);
    for (const mode of ['Permissive', 'Enforced', 'Disabled'] as const) {
      const { keeper } = await open();
      keeper.note(mode);
      await keeper.close();
      expect(await afterRestart()).toBe(mode);
    }
  });

  it('is shown once it changed, and not from within the change', async () => {
    const { keeper, shown } = await open();
    keeper.note('Permissive');
    keeper.note('Enforced');
    expect(shown).toEqual([]);
    await keeper.close();
    expect(shown.at(-1)).toBe('Enforced');
  });

  it('is never taken for none when its file is damaged: that is an error that says what to do', async () => {
    const { keeper } = await open();
    keeper.note('Enforced');
    await keeper.close();
    await truncate(file(), 40);
    await expect(open()).rejects.toThrow(/access-mode\.json is .*Write spec\.access\.mode/);
  });

  it('that cannot be written is told, and written when it can be', async () => {
    await mkdir(join(file(), 'in the way'), { recursive: true });
    const clock = new TestClock();
    await expect(open(clock)).rejects.toThrow(/cannot be read/);
    await rm(file(), { recursive: true });
    const { keeper } = await open(clock);
    await mkdir(join(file(), 'in the way'), { recursive: true });
    keeper.note('Enforced');
    await vi.waitFor(() =>
      expect(keeper.findings()).toMatchObject([
        { code: 'ISTH0901', message: expect.stringMatching(/^[^:]*access-mode\.json cannot be written: /) },
      ]),
    );
    await rm(file(), { recursive: true });
    clock.advance(5_000);
    await vi.waitFor(() => expect(keeper.findings()).toEqual([]));
    await keeper.close();
    expect(await afterRestart()).toBe('Enforced');
  });
});
