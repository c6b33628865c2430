/**
 * Checks that are not passing, of a whole realm: where services take turns, they tell at once whose health changed, and
 * which nodes are up or down. New checks are critical until they pass, so most new instances show themselves here too.
 */
import type { AgentConnection, AgentReply } from './agent-connection.ts';
import { followQuery } from './blocking-query.ts';
import { list, membersOf, parse, text } from './health-entries.ts';
import { answerMs } from './query-index.ts';
import { type Realm, target } from './realm.ts';

export interface CheckWatchOptions {
  readonly connection: AgentConnection;
  readonly realm: Realm;
  readonly signal: AbortSignal;
  /** Something about the service changed. */
  readonly onService: (name: string) => void;
  /** Any service may have changed. */
  readonly onUnclear: () => void;
}

/** More than that at once, and all services are read. */
const mostNodes = 100;
const statuses = ['critical', 'warning'];

/** Only ever rejects. */
export async function watchChecks(options: CheckWatchOptions): Promise<unknown> {
  return Promise.all(statuses.map((status) => watchStatus(options, status)));
}

async function watchStatus(options: CheckWatchOptions, status: string): Promise<never> {
  const { onUnclear, connection, realm, signal } = options;
  let before: ReadonlyMap<string, Check> | undefined;
  return followQuery({
    connection,
    realm,
    signal,
    path: `/v1/health/state/${status}`,
    onReply: ({ body, isOther }) => {
      if (!isOther) return;
      const after = readChecks(body);
      // Of what changed before, nothing is known.
      if (before === undefined) onUnclear();
      else tellChanges(before, after, options);
      before = after;
    },
  });
}

interface Check {
  readonly node: string;
  /** Empty for a check of the node. */
  readonly service: string;
}

function readChecks(body: AgentReply['body']): ReadonlyMap<string, Check> {
  const checks = list(parse(body)).map((check) => {
    const { Node, CheckID, ServiceName } = membersOf(check);
    return [JSON.stringify([Node, CheckID]), { node: text(Node), service: text(ServiceName) }] as const;
  });
  return new Map(checks);
}

function tellChanges(
  before: ReadonlyMap<string, Check>,
  after: ReadonlyMap<string, Check>,
  options: CheckWatchOptions,
): void {
  const changed = [...missingIn(after, before), ...missingIn(before, after)];
  for (const service of new Set(changed.map(({ service: name }) => name)))
    if (service !== '') options.onService(service);
  const nodes = new Set(changed.filter(({ service }) => service === '').map(({ node }) => node));
  if (nodes.size > mostNodes) options.onUnclear();
  else void tellServicesOfAll(nodes, options);
}

function missingIn(checks: ReadonlyMap<string, Check>, others: ReadonlyMap<string, Check>): readonly Check[] {
  return [...others].filter(([key]) => !checks.has(key)).map(([, check]) => check);
}

/** One after the other: nobody knows how many there are. */
async function tellServicesOfAll(nodes: Iterable<string>, options: CheckWatchOptions): Promise<void> {
  try {
    for (const node of nodes) await tellServicesOf(node, options);
  } catch {
    // Whatever it was, others hear of it too, and act on it.
    if (!options.signal.aborted) options.onUnclear();
  }
}

async function tellServicesOf(
  node: string,
  { connection, realm, signal, onService }: CheckWatchOptions,
): Promise<void> {
  const path = `/v1/catalog/node-services/${encodeURIComponent(node.toWellFormed())}`;
  const reply = await connection.get(target(path, realm, 0, 0), answerMs);
  if (signal.aborted) return;
  if (reply.status !== 200) throw connection.refusal(reply);
  const { Services } = membersOf(parse(reply.body));
  for (const service of list(Services)) onService(text(membersOf(service).Service));
}
