/**
 * Who may have a connection. Those whose certificate was verified have theirs, each identity up to a bound. All others are
 * strangers: in the midst of their handshake, without a certificate, or one more of an identity that has too many. There is
 * room for few of them, and when places run out, strangers that ask for nothing make way, the oldest first: whoever has a
 * certificate gets in, however many others hold connections open.
 */
import type { Socket } from 'node:net';
import { Shares } from './shares.ts';

export interface PlaceLimits {
  readonly maxConnections: number;
  /** Of those whose handshake is over. */
  readonly maxStrangers: number;
  readonly maxConnectionsOfOne: number;
}

export type Standing = 'shaking hands' | 'stranger' | 'known';

export interface Place {
  readonly standing: Standing;
  /** Calls that are open. */
  readonly streams: number;
}

type Held = { -readonly [key in keyof Place]: Place[key] } & { readonly socket: Socket };

type Endpoint = Pick<Socket, 'remoteAddress' | 'remotePort'>;

export class ConnectionPlaces {
  readonly #limits: PlaceLimits;
  readonly #all = new Map<string, Held>();
  /** Oldest first. */
  readonly #strangers = new Map<string, Held>();
  readonly #ofOne: Shares;
  #pastHandshake = 0;

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
    this.#ofOne = new Shares({ ofOne: limits.maxConnectionsOfOne, ofAll: limits.maxConnections });
  }

  /** A connection as the kernel hands it over, before a word was said. */
  opened(socket: Socket): void {
    const key = keyOf(socket);
    if (this.#all.size >= this.#limits.maxConnections && !this.#makeWay(() => true)) {
      socket.destroy();
      return;
    }
    const held: Held = { socket, standing: 'shaking hands', streams: 0 };
    this.#all.set(key, held);
    this.#strangers.set(key, held);
    socket.once('close', () => this.#forget(key, held));
  }

  /** The handshake is over. `owner`: who it is, or undefined for a stranger. */
  introduced(endpoint: Endpoint, owner: string | undefined): void {
    const key = keyOf(endpoint);
    const held = this.#all.get(key);
    if (held === undefined) return;
    if (owner !== undefined && this.#ofOne.take(owner)) {
      held.standing = 'known';
      this.#strangers.delete(key);
      held.socket.once('close', () => this.#ofOne.give(owner));
      return;
    }
    if (this.#pastHandshake >= this.#limits.maxStrangers && !this.#makeWay((other) => other.standing === 'stranger')) {
      held.socket.destroy();
      return;
    }
    held.standing = 'stranger';
    this.#pastHandshake++;
  }

  /** Counts a call until `over` is called; undefined for a connection that is gone. */
  enter(endpoint: Endpoint): { readonly place: Place; readonly over: () => void } | undefined {
    const held = this.#all.get(keyOf(endpoint));
    if (held === undefined) return undefined;
    held.streams++;
    return { place: held, over: () => void held.streams-- };
  }

  cutAll(): void {
    for (const { socket } of this.#all.values()) socket.destroy();
  }

  /** False where nobody can be sent away. */
  #makeWay(mayGo: (held: Held) => boolean): boolean {
    for (const [key, held] of this.#strangers) {
      if (held.streams > 0 || !mayGo(held)) continue;
      this.#forget(key, held);
      held.socket.destroy();
      return true;
    }
    return false;
  }

  /** Once for each: of who was sent away, before its socket closes. */
  #forget(key: string, held: Held): void {
    if (this.#all.get(key) !== held) return;
    this.#all.delete(key);
    this.#strangers.delete(key);
    if (held.standing === 'stranger') this.#pastHandshake--;
  }
}

/** TLS wraps the socket in another, which has the same other end. */
function keyOf({ remoteAddress = '', remotePort = 0 }: Endpoint): string {
  return `${remoteAddress} ${remotePort}`;
}
