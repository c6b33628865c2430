/**
 * The registry of the example: a stand-in, which is a file in the form of `isthmus registry export`; or Consul, where a
 * program of that name is installed. Either can be stopped, lose everything, and come back.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Cleanup } from '../quickstart/cleanup.ts';
import { ConsulAgent, findConsul } from './consul-agent.ts';

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

/** What to show, and where. */
export interface RegistrySetting {
  readonly folder: string;
  /** A ServiceRegistry that reads `registry.json` beside its own folder. */
  readonly manifest: string;
  /** The content of that file. */
  readonly snapshot: string;
}

export async function startLegacyRegistry(
  { folder, manifest, snapshot }: RegistrySetting,
  cleanup: Cleanup,
): Promise<LegacyRegistry> {
  const program = findConsul();
  if (program === undefined) return snapshotRegistry(folder, manifest, snapshot);
  const agent = await ConsulAgent.create(program, cleanup);
  await agent.start();
  await agent.register(snapshot);
  return {
    description: `Consul, by ${program}`,
    manifest: manifest
      .replace('type: Snapshot', 'type: Consul')
      .replace('../registry.json', agent.address)
      .replace(/^ *interval:.*\n/m, ''),
    stop: async () => agent.kill(),
    startEmpty: async () => agent.start(),
    restore: async () => agent.register(snapshot),
  };
}

function snapshotRegistry(folder: string, manifest: string, snapshot: string): LegacyRegistry {
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
