/**
 * Who may open a stream: a node that says what it is, that the caller may speak for, and that has not too many streams
 * already. A refusal names what was seen and what to set; it is a finding until that node is admitted, or for a while.
 */
import { type ProxyNode, proxyKey } from '../../../model/proxy.ts';
import { Shares } from '../transport/shares.ts';
import { type Peer, type Status, StatusCode } from '../transport/transport.ts';
import { type NodeEntrance, readNode } from './node.ts';

export type Admission =
  | { readonly kind: 'admitted'; readonly node: ProxyNode }
  | { readonly kind: 'refused'; readonly status: Status };

/** Undefined admits; a status refuses the stream. */
export type Authorize = (peer: Peer, node: ProxyNode) => Status | undefined | Promise<Status | undefined>;

/** The SPIFFE id that an authorized node has. */
export type IdentityOf = (peer: Peer, node: ProxyNode) => string | undefined;

export interface RefusedNode {
  readonly id: string;
  /** Of who stated that id. */
  readonly identity?: string;
  readonly reason: string;
  readonly at: number;
}

export interface AdmissionOptions {
  /** Of one identity: another's streams with the same node id count for themselves. */
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
  readonly #refused = new Map<string, RefusedNode>();
  readonly #streams: Shares;
  readonly #authorize: Authorize;
  readonly #identityOf: IdentityOf;
  readonly #now: () => number;
  readonly #refusedChanged: () => void;

  constructor(options: AdmissionOptions) {
    this.#streams = new Shares({ ofOne: options.streamsPerNode, ofAll: Number.POSITIVE_INFINITY });
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

  admit(peer: Peer, nodeBytes: Uint8Array, entrance: NodeEntrance = {}): Admission | Promise<Admission> {
    const reading = readNode(nodeBytes, entrance);
    if (reading.kind === 'refused') {
      const id = reading.id === '' ? peer.address : reading.id;
      return this.#refuse(peer, id, { code: StatusCode.invalidArgument, message: reading.reason });
    }
    const { node } = reading;
    const verdict = this.#authorize(peer, node);
    return verdict instanceof Promise
      ? verdict.then((status) => this.#decide(peer, node, status))
      : this.#decide(peer, node, verdict);
  }

  /** To be called once for each admitted node when its stream is over. */
  release(node: ProxyNode): void {
    this.#streams.give(proxyKey(node));
  }

  #decide(peer: Peer, stated: ProxyNode, status: Status | undefined): Admission {
    const node = { ...stated, ...ownerOf(this.#identityOf(peer, stated)) };
    if (status !== undefined) return this.#refuse(peer, node.id, status);
    const key = proxyKey(node);
    if (!this.#streams.take(key)) {
      const who = node.identity === undefined ? '' : ` of ${node.identity}`;
      const message = `Node "${node.id}"${who} has ${this.#streams.of(key)} streams already; give each proxy a node id of its own.`;
      return this.#refuse(peer, node.id, { code: StatusCode.resourceExhausted, message });
    }
    if (this.#refused.delete(callerKey(peer, node.id))) this.#refusedChanged();
    return { kind: 'admitted', node };
  }

  #refuse(peer: Peer, id: string, status: Status): Admission {
    const key = callerKey(peer, id);
    this.#refused.delete(key);
    this.#refused.set(key, { id, ...ownerOf(peer.identity), reason: status.message, at: this.#now() });
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > MAX_REMEMBERED && oldest !== undefined) this.#refused.delete(oldest);
    this.#refusedChanged();
    return { kind: 'refused', status };
  }
}

/** By who is verified: a refusal may come before it is known what the node states. */
function callerKey({ identity }: Peer, id: string): string {
  return proxyKey({ id, ...ownerOf(identity) });
}

function ownerOf(identity: string | undefined): { readonly identity?: string } {
  return identity === undefined ? {} : { identity };
}
