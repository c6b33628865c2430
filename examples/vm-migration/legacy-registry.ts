/**
 * The registry of the example: a stand-in, which is a file in the form of `isthmus registry export`; or Consul, where a
 * program of that name is installed. Either can be stopped, lose everything, and come back.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface LegacyRegistry {
  /** What it is, for people: a stand-in says that it is one. */
  readonly description: string;
  /** Its ServiceRegistry. */
  readonly manifest: string;
  stop(): Promise<void>;
  /** Comes back without knowing anything. */
  startEmpty(): Promise<void>;
  /** Knows all its services again. */
  restore(): Promise<void>;
}

/** `manifest` names a file beside its folder; `snapshot` is what that holds. */
export function snapshotRegistry(folder: string, manifest: string, snapshot: string): LegacyRegistry {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'registry.json');
  const write = (text: string): void => {
    const fresh = path.join(folder, '.registry.json');
    writeFileSync(fresh, text);
    renameSync(fresh, file);
  };
  write(snapshot);
  return {
    description: 'a stand-in: a file that a real registry was exported to',
    manifest,
    stop: async () => rmSync(file),
    startEmpty: async () => write('{"services": []}'),
    restore: async () => write(snapshot),
  };
}
