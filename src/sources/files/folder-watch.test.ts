import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { nodeFileSystem } from './file-system.ts';
import { FolderWatch } from './folder-watch.ts';

it('watches nothing any more once it is closed, so that the process can end', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-watch-'));
  const opened: string[] = [];
  const fileSystem = {
    ...nodeFileSystem,
    watch: (watched: string): (() => void) => {
      opened.push(watched);
      return () => {};
    },
  };
  const watch = new FolderWatch(fileSystem, () => {});
  expect(watch.follow(new Map([[folder, 'a']]))).toBe(true);
  watch.close();
  expect(watch.follow(new Map([[folder, 'b']]))).toBe(false);
  expect(opened).toEqual([folder]);
  rmSync(folder, { recursive: true });
});
