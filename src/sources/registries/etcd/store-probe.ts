/**
 * Whether the server that is watched still says the truth: a server that is frozen, cut off from its cluster, or started
 * anew behind the same address says nothing of it on a watch.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { IsthmusError } from '../../../model/errors.ts';
import { Code, type Gateway, type Reply } from './gateway.ts';
import { isOtherStore, keyRange, type Position, positionOf, ReadAgain } from './store-position.ts';

const intervalMs = 2_000;
const deadlineMs = 3_000;
const maxBytes = 4 << 20;
/** Every so many probes, whether a prefix may be read by now. */
const deniedEvery = 15;

export interface StoreProbeOptions {
  readonly gateway: Gateway;
  readonly prefixes: readonly string[];
  readonly denied: readonly string[];
  readonly after: Position;
  /** The server is sound. */
  readonly onSound: () => void;
  readonly signal: AbortSignal;
}

/** Only ever rejects: with ReadAgain, or UNAVAILABLE. */
export async function probeStore({
  gateway,
  prefixes,
  denied,
  after,
  onSound,
  signal,
}: StoreProbeOptions): Promise<never> {
  for (let round = 1; ; round++) {
    await sleep(intervalMs, undefined, { signal });
    for (const prefix of prefixes) {
      const reply = await probe(gateway, prefix);
      if (reply.kind === 'refusal' && reply.code === Code.permissionDenied)
        throw new ReadAgain('UNAVAILABLE', `${gateway.host}: ${prefix} may not be read any more`);
      if (reply.kind === 'refusal') throw new IsthmusError('UNAVAILABLE', `${gateway.host}: ${reply.message}`);
      if (isOtherStore(after, positionOf(reply.body)))
        throw new ReadAgain('UNAVAILABLE', `${gateway.host}: the store was started anew`);
    }
    onSound();
    if (round % deniedEvery !== 0) continue;
    for (const prefix of denied)
      if ((await probe(gateway, prefix)).kind === 'answer')
        throw new ReadAgain('UNAVAILABLE', `${gateway.host}: ${prefix} may be read now`);
  }
}

/** Asks the leader for no more than the right to read. */
async function probe(gateway: Gateway, prefix: string): Promise<Reply> {
  // One key: the server counts all keys of a range, however few it gives.
  const body = { key: keyRange(prefix).key, keys_only: true };
  return gateway.call('kv/range', body, { deadlineMs, maxBytes, requiresLeader: true });
}
