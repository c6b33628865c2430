import { describe, expect, it } from 'vitest';
import { word, wordFormat } from './journal-fixture.ts';
import { RecordJournal } from './record-journal.ts';
import type { StateFolder } from './state-folder.ts';

/** A disk of one file in memory; the next write stores as many bytes as told, and then fails. */
class Disk implements StateFolder {
  readonly path = 'memory';
  bytes: Buffer | undefined;
  storesThenFails: number | undefined;

  async read(): Promise<Buffer | undefined> {
    return this.bytes;
  }

  async write(_: string, bytes: Buffer, offset: number): Promise<void> {
    const stored = bytes.subarray(0, this.storesThenFails ?? bytes.length);
    this.bytes = Buffer.concat([(this.bytes ?? Buffer.alloc(0)).subarray(0, offset), stored]);
    this.#failIfTold();
  }

  async replace(_: string, bytes: Buffer): Promise<void> {
    this.#failIfTold();
    this.bytes = bytes;
  }

  async keepCopy(): Promise<string> {
    return 'copy';
  }

  #failIfTold(): void {
    if (this.storesThenFails === undefined) return;
    this.storesThenFails = undefined;
    throw new Error('ENOSPC: no space left on device');
  }
}

describe('a journal', () => {
  it.each([0, 1, 20, 60])(
    'whose write stored %i bytes and failed holds all it was given after the next one',
    async (stored) => {
      const disk = new Disk();
      const journal = await RecordJournal.open(disk, 'words', wordFormat);
      await journal.append([word('first')]);
      disk.storesThenFails = stored;
      await expect(journal.append([word('second'), word('third')])).rejects.toThrow('ENOSPC');
      await journal.append([word('fourth')]);
      const reopened = await RecordJournal.open(disk, 'words', wordFormat);
      expect([...reopened.records.keys()]).toEqual(['first', 'second', 'third', 'fourth']);
      expect([reopened.damage, reopened.torn]).toEqual([undefined, undefined]);
    },
  );
});
