/**
 * Checks that are not passing, of a whole realm: where services take turns, they tell at once whose health changed, and
 * which nodes are up or down. New checks are critical until they pass, so most new instances show themselves here too.
 */
import type { AgentConnection } from './agent-connection.ts';
import { followQuery } from './blocking-query.ts';
import { list, membersOf, parse, text } from './health-entries.ts';
import type { Realm } from './realm.ts';

export interface CheckWatchOptions {
  readonly connection: AgentConnection;
  readonly realm: Realm;
  readonly signal: AbortSignal;
  /** Something about the service changed. */
  readonly onService: (name: string) => void;
  /** Something about all services on these nodes changed. */
  readonly onNodes: (nodes: Iterable<string>) => void;
  /** Any service may have changed. */
  readonly onUnclear: () => void;
}

const statuses = ['critical', 'warning'];

/** Only ever rejects. */
export async function watchChecks(options: CheckWatchOptions): Promise<unknown> {
  return Promise.all(statuses.map((status) => watchStatus(options, status)));
}

async function watchStatus(options: CheckWatchOptions, status: string): Promise<never> {
  const { connection, realm, signal, onUnclear } = options;
  let before: Checks | undefined;
  const onReply = (body: Buffer): void => {
    const after = readChecks(body);
    // Of what changed before, nothing is known.
    if (before === undefined) onUnclear();
    else tellChanges([...missingIn(after, before), ...missingIn(before, after)], options);
    before = after;
  };
  return followQuery({
    connection,
    path: `/v1/health/state/${status}`,
    realm,
    signal,
    onReply: ({ body, isOther }) => {
      if (isOther) onReply(body);
    },
  });
}

interface Check {
  readonly node: string;
  /** Empty for a check of the node. */
  readonly service: string;
}

type Checks = ReadonlyMap<string, Check>;

function readChecks(body: Buffer): Checks {
  const checks = list(parse(body)).map((check) => {
    const { Node, CheckID, ServiceName } = membersOf(check);
    return [JSON.stringify([Node, CheckID]), { node: text(Node), service: text(ServiceName) }] as const;
  });
  return new Map(checks);
}

function missingIn(checks: Checks, others: Checks): readonly Check[] {
  return [...others].filter(([key]) => !checks.has(key)).map(([, check]) => check);
}

function tellChanges(changed: readonly Check[], { onService, onNodes }: CheckWatchOptions): void {
  const services = new Set(changed.map(({ service }) => service).filter((name) => name !== ''));
  for (const service of services) onService(service);
  onNodes(changed.filter(({ service }) => service === '').map(({ node }) => node));
}
