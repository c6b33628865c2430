/** All keys of some prefixes at one revision, page by page. */
import { IsthmusError } from '../../../model/errors.ts';
import { AnswerTooLarge } from '../http-exchange.ts';
import type { StoredNode } from '../registrations/registrations.ts';
import { Code, type Gateway, type Reply } from './gateway.ts';
import { fieldOf, listOf, numberOf, textOf } from './json-fields.ts';
import { keyRange, type Position, positionOf, ReadAgain } from './store-position.ts';

const firstPageKeys = 1_000;
const maxPageBytes = 32 << 20;
const deadlineMs = 10_000;

export interface StoreRead {
  /** Undefined when no prefix may be read. */
  readonly position: Position | undefined;
  /** Prefixes that may not be read. */
  readonly denied: readonly string[];
}

export interface StoreReadOptions {
  readonly gateway: Gateway;
  readonly prefixes: readonly string[];
  /** What this server has, though it may be behind: for when the cluster has no leader. */
  readonly isSerializable: boolean;
  readonly onKeys: (prefix: string, keys: readonly StoredNode[]) => void;
}

/** Rejects with UNAVAILABLE, or with ReadAgain when it took longer than the store keeps what was. */
export async function readStore(options: StoreReadOptions): Promise<StoreRead> {
  let position: Position | undefined;
  const denied: string[] = [];
  for (const prefix of options.prefixes) {
    const found = await readPages(prefix, options, position?.revision);
    if (found === undefined) denied.push(prefix);
    position ??= found;
  }
  return { position, denied };
}

/** Gives where the store was; undefined where the prefix may not be read. */
async function readPages(
  prefix: string,
  { gateway, isSerializable, onKeys }: StoreReadOptions,
  at: number | undefined,
): Promise<Position | undefined> {
  const range = keyRange(prefix);
  let position: Position | undefined;
  let next: string | undefined = range.key;
  let limit = firstPageKeys;
  while (next !== undefined) {
    const revision = at ?? position?.revision;
    const page = { ...range, key: next, limit, ...(revision === undefined ? {} : { revision }) };
    const reply = await ask(gateway, { ...page, serializable: isSerializable });
    if (reply === undefined) {
      limit = Math.ceil(limit / 4);
      continue;
    }
    if (reply.kind === 'refusal') {
      if (reply.code === Code.permissionDenied) return undefined;
      const why = `${gateway.host}: ${reply.message}`;
      // The revision of the first page was compacted before the last one.
      if (reply.code === Code.outOfRange) throw new ReadAgain('UNAVAILABLE', why);
      throw new IsthmusError('UNAVAILABLE', why);
    }
    position ??= positionOf(reply.body);
    const keys = listOf(reply.body, 'kvs').map(storedNodeOf);
    onKeys(prefix, keys);
    next = fieldOf(reply.body, 'more') === true ? following(next, keys.at(-1), gateway.host) : undefined;
  }
  return position;
}

interface Page {
  readonly limit: number;
  readonly serializable: boolean;
}

/** Undefined when the answer is too large, and may be asked for in smaller pieces. */
async function ask(gateway: Gateway, page: Page): Promise<Reply | undefined> {
  const limits = { deadlineMs, maxBytes: maxPageBytes, requiresLeader: !page.serializable };
  try {
    return await gateway.call('kv/range', page, limits);
  } catch (error) {
    if (error instanceof AnswerTooLarge && page.limit > 1) return undefined;
    throw error;
  }
}

/** Its key stays in base64: not every key is a text. */
export function storedNodeOf(kv: unknown): StoredNode {
  const key = textOf(kv, 'key') ?? '';
  return {
    key,
    name: Buffer.from(key, 'base64').toString(),
    value: Buffer.from(textOf(kv, 'value') ?? '', 'base64').toString(),
    version: numberOf(kv, 'mod_revision'),
  };
}

/** The smallest key after the last one. A server that does not get on would be asked for ever. */
function following(asked: string, last: StoredNode | undefined, host: string): string {
  const next = Buffer.concat([Buffer.from(last?.key ?? '', 'base64'), Buffer.of(0)]);
  if (Buffer.compare(next, Buffer.from(asked, 'base64')) <= 0)
    throw new IsthmusError('UNAVAILABLE', `${host}: the server says that there are more keys, and gives none`);
  return next.toString('base64');
}
