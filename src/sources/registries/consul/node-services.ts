/** Which services stand on nodes that changed, or went: one write may concern all of them. */
import type { AgentConnection } from './agent-connection.ts';
import { type HealthEntry, list, membersOf, parse, text } from './health-entries.ts';
import { answerMs } from './query-index.ts';
import { type Realm, target } from './realm.ts';

export interface NodeServicesOptions {
  readonly connection: AgentConnection;
  readonly realm: Realm;
  readonly signal: AbortSignal;
  /** Something about the service may have changed. */
  readonly onService: (name: string) => void;
  /** Any service may have changed. */
  readonly onUnclear: () => void;
}

/** More than that at once, and all services are looked at. */
const mostNodes = 100;
const mostRemembered = 10_000;

export class NodeServices {
  readonly #options: NodeServicesOptions;
  readonly #nodes = new Set<string>();
  readonly #asked = new Map<string, number>();
  #isAsking = false;

  constructor(options: NodeServicesOptions) {
    this.#options = options;
  }

  /** Nodes by the index of their change: each of their services tells of it. */
  suspectAt(nodes: ReadonlyMap<string, number>): void {
    const fresh = [...nodes].filter(([node, index]) => index > (this.#asked.get(node) ?? 0));
    if (this.#asked.size > mostRemembered) this.#asked.clear();
    for (const [node, index] of fresh) this.#asked.set(node, index);
    this.suspect(fresh.map(([node]) => node));
  }

  /** One after the other: nobody knows how many there are. */
  suspect(nodes: Iterable<string>): void {
    for (const node of nodes) this.#nodes.add(node);
    if (this.#nodes.size > mostNodes) {
      this.#nodes.clear();
      this.#options.onUnclear();
    }
    if (!this.#isAsking) void this.#askAll();
  }

  async #askAll(): Promise<void> {
    const { signal, onUnclear } = this.#options;
    this.#isAsking = true;
    try {
      for (const node of this.#nodes) {
        this.#nodes.delete(node);
        await this.#ask(node);
      }
    } catch {
      // Whatever it was, others hear of it too, and act on it.
      if (!signal.aborted) onUnclear();
    }
    this.#isAsking = false;
  }

  async #ask(node: string): Promise<void> {
    const { connection, realm, signal, onService, onUnclear } = this.#options;
    const path = `/v1/catalog/node-services/${encodeURIComponent(node.toWellFormed())}`;
    const reply = await connection.get(target(path, realm, 0, 0), answerMs, signal);
    if (reply.status !== 200) throw connection.refusal(reply);
    const { Node, Services } = membersOf(parse(reply.body));
    // A node that is gone took services with it, and says no more which.
    if (typeof Node !== 'object' || Node === null) onUnclear();
    for (const service of list(Services)) onService(text(membersOf(service).Service));
  }
}

/** Nodes that a service left, and those that changed themselves since that index: with the index of it. */
export function suspectNodes(
  before: ReadonlySet<string>,
  seen: number,
  entries: readonly HealthEntry[],
  index: number,
): ReadonlyMap<string, number> {
  const after = new Set(entries.map(({ node }) => node));
  const left = [...before].filter((node) => !after.has(node)).map((node) => [node, index] as const);
  const changed = entries.filter(({ node, nodeIndex }) => before.has(node) && nodeIndex > seen);
  return new Map([...left, ...changed.map(({ node, nodeIndex }) => [node, nodeIndex] as const)]);
}
