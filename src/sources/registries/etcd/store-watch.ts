/** All changes of some prefixes after a revision, as one stream. */
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import type { StoredNode } from '../registrations/registrations.ts';
import { type Gateway, refusalOf } from './gateway.ts';
import { fieldOf, listOf, numberOf } from './json-fields.ts';
import { isOtherStore, keyRange, type Position, positionOf, ReadAgain } from './store-position.ts';
import { storedNodeOf } from './store-read.ts';

export interface StoreWatchOptions {
  readonly gateway: Gateway;
  readonly prefixes: readonly string[];
  /** Of what was read: what happened after it comes. */
  readonly after: Position;
  readonly onPut: (prefix: string, node: StoredNode) => void;
  /** `key`: in base64. */
  readonly onDelete: (key: string) => void;
  /** Everything that came together was given. */
  readonly onSettled: () => void;
  readonly signal: AbortSignal;
}

/** Only ever rejects: with ReadAgain, or UNAVAILABLE. */
export async function watchStore(options: StoreWatchOptions): Promise<never> {
  const { gateway, prefixes, after } = options;
  const bodies = prefixes.map((prefix) => ({
    create_request: {
      ...keyRange(prefix),
      start_revision: after.revision + 1,
      progress_notify: true,
      fragment: true,
    },
  }));
  const watched = new Map<number, string>();
  let isWhole = true;
  const onLines = (lines: readonly string[]): void => {
    for (const line of lines) isWhole = takeLine(line, options, watched);
    // A transaction that came in pieces counts as one change.
    if (isWhole) options.onSettled();
  };
  return gateway.stream('watch', bodies, onLines, options.signal);
}

/** `watched`: prefixes by the watch's id. Gives whether nothing of it is still to come. */
function takeLine(line: string, options: StoreWatchOptions, watched: Map<number, string>): boolean {
  const { gateway, prefixes, after, onPut, onDelete } = options;
  const message = parse(line, gateway.host);
  const result = fieldOf(message, 'result');
  if (result === undefined) {
    const refusal = refusalOf(fieldOf(message, 'error'));
    throw new IsthmusError('UNAVAILABLE', `${gateway.host}: ${refusal.message}`);
  }
  if (fieldOf(result, 'canceled') === true) throw cancellation(result, gateway.host);
  if (isOtherStore(after, positionOf(result)))
    throw new ReadAgain('UNAVAILABLE', `${gateway.host}: another store answers, or an older one`);
  const id = numberOf(result, 'watch_id');
  // Proxies of etcd choose ids themselves; watches are created in the order in which they were asked for.
  if (fieldOf(result, 'created') === true) watched.set(id, prefixes[watched.size] ?? '');
  const prefix = watched.get(id);
  if (prefix === undefined) throw new IsthmusError('UNAVAILABLE', `${gateway.host}: a watch that nobody asked for`);
  for (const event of listOf(result, 'events')) {
    const kv = storedNodeOf(fieldOf(event, 'kv'));
    if (fieldOf(event, 'type') === 'DELETE') onDelete(kv.key);
    else onPut(prefix, kv);
  }
  return fieldOf(result, 'fragment') !== true;
}

function cancellation(result: unknown, host: string): IsthmusError {
  if (numberOf(result, 'compact_revision') > 0)
    return new ReadAgain('UNAVAILABLE', `${host}: the changes since were compacted`);
  const { message } = refusalOf({ message: fieldOf(result, 'cancel_reason') });
  return new IsthmusError('UNAVAILABLE', `${host}: the watch was cancelled: ${message}`);
}

function parse(line: string, host: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new IsthmusError('UNAVAILABLE', `${host}: the watch is no JSON: ${messageOf(error)}`);
  }
}
