/**
 * Who may open a stream: a node that says what it is, that the caller may speak for, and that has not too many streams
 * already. A refusal names what was seen and what to set; it is a finding until that node is admitted, or for a while.
 */
import type { ProxyNode } from '../../model/proxy.ts';
import { readNode } from './node.ts';
import { type Peer, type Status, StatusCode } from './transport.ts';

export type Admission =
  | { readonly kind: 'admitted'; readonly node: ProxyNode }
  | { readonly kind: 'refused'; readonly status: Status };

/** Undefined admits; a status refuses the stream. */
export type Authorize = (peer: Peer, node: ProxyNode) => Status | undefined | Promise<Status | undefined>;

/** The SPIFFE id that an authorized node has. */
export type IdentityOf = (peer: Peer, node: ProxyNode) => string | undefined;

export interface RefusedNode {
  readonly id: string;
  readonly reason: string;
  readonly at: number;
}

export interface AdmissionOptions {
  readonly streamsPerNode: number;
  readonly authorize: Authorize;
  readonly identityOf: IdentityOf;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly refusedChanged: () => void;
}

const REMEMBERED_MS = 5 * 60_000;
const MAX_REMEMBERED = 100;

export class Admissions {
  readonly #streams = new Map<string, number>();
  readonly #refused = new Map<string, RefusedNode>();
  readonly #streamsPerNode: number;
  readonly #authorize: Authorize;
  readonly #identityOf: IdentityOf;
  readonly #now: () => number;
  readonly #refusedChanged: () => void;

  constructor(options: AdmissionOptions) {
    this.#streamsPerNode = options.streamsPerNode;
    this.#authorize = options.authorize;
    this.#identityOf = options.identityOf;
    this.#now = options.now;
    this.#refusedChanged = options.refusedChanged;
  }

  /** Nodes refused of late and not admitted since, oldest first. */
  get refused(): readonly RefusedNode[] {
    const horizon = this.#now() - REMEMBERED_MS;
    return [...this.#refused.values()].filter(({ at }) => at >= horizon);
  }

  admit(peer: Peer, nodeBytes: Uint8Array): Admission | Promise<Admission> {
    const reading = readNode(nodeBytes);
    if (reading.kind === 'refused') {
      const id = reading.id === '' ? peer.address : reading.id;
      return this.#refuse(id, { code: StatusCode.invalidArgument, message: reading.reason });
    }
    const { node } = reading;
    const verdict = this.#authorize(peer, node);
    return verdict instanceof Promise
      ? verdict.then((status) => this.#decide(peer, node, status))
      : this.#decide(peer, node, verdict);
  }

  /** To be called once for each admitted node when its stream is over. */
  release(node: ProxyNode): void {
    const left = (this.#streams.get(node.id) ?? 1) - 1;
    if (left === 0) this.#streams.delete(node.id);
    else this.#streams.set(node.id, left);
  }

  #decide(peer: Peer, node: ProxyNode, status: Status | undefined): Admission {
    if (status !== undefined) return this.#refuse(node.id, status);
    const open = this.#streams.get(node.id) ?? 0;
    if (open >= this.#streamsPerNode) {
      const message = `Node "${node.id}" has ${open} streams already; give each proxy a node id of its own.`;
      return this.#refuse(node.id, { code: StatusCode.resourceExhausted, message });
    }
    this.#streams.set(node.id, open + 1);
    if (this.#refused.delete(node.id)) this.#refusedChanged();
    const identity = this.#identityOf(peer, node);
    return { kind: 'admitted', node: identity === undefined ? node : { ...node, identity } };
  }

  #refuse(id: string, status: Status): Admission {
    this.#refused.delete(id);
    this.#refused.set(id, { id, reason: status.message, at: this.#now() });
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > MAX_REMEMBERED && oldest !== undefined) this.#refused.delete(oldest);
    this.#refusedChanged();
    return { kind: 'refused', status };
  }
}
