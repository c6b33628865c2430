/**
 * A registry that is a file: what `isthmus registry export` wrote of a real one, read again whenever it changes. It stands
 * in for a registry in examples and tests, and carries one over to where the registry cannot be reached. A relative path
 * is meant from the manifest that names it.
 */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { readRegularFile } from '../../../local-files/regular-file.ts';
import { messageOf } from '../../../model/errors.ts';
import type { Doubt } from '../doubt.ts';
import type { CreateRegistryClient, RegistryAnswer, Trust } from '../registry-client.ts';
import { parseSnapshot } from './snapshot-file.ts';

const intervalMs = 500;
const maxBytes = 256 * 1024 * 1024;

export const createSnapshotClient: CreateRegistryClient = ({ registry, answer }) => {
  const { addresses, interval = intervalMs } = registry.spec;
  const [written = ''] = addresses;
  const file = path.resolve(path.dirname(registry.metadata.place?.file ?? ''), written);
  let seen = '';
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<readonly RegistryAnswer[]> => {
    const { mtimeMs, size, ino } = await stat(file);
    const fingerprint = `${ino}|${mtimeMs}|${size}`;
    if (fingerprint === seen) return [];
    if (size > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
    const { services, faults } = parseSnapshot(await readRegularFile(file));
    seen = fingerprint;
    return [
      { kind: 'services', scope: '', services: services.map(({ service }) => service), ...trustOf(faults) },
      ...services.map((one) => ({ kind: 'service', service: one.service, ...trustOf(one.faults) }) as const),
    ];
  };

  const follow = async (): Promise<void> => {
    const answers = await look().catch((error: unknown): readonly RegistryAnswer[] => {
      seen = '';
      return [{ kind: 'unavailable', reason: `${written}: ${messageOf(error)}` }];
    });
    if (isClosed) return;
    if (answers.length > 0) answer(answers);
    timer = setTimeout(() => void follow(), interval);
  };
  const following = follow();

  return {
    scopes: [''],
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await following;
    },
  };
};

/** What is left out for its form is not gone: the file is to be corrected. */
function trustOf(faults: readonly string[]): { readonly trust: Trust; readonly doubts?: readonly Doubt[] } {
  if (faults.length === 0) return { trust: 'complete' };
  return { trust: 'partial', doubts: faults.map((text) => ({ cause: 'unreadable', text })) };
}
