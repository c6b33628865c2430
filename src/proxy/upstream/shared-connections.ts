/**
 * Multiplexed mode with a protocol whose ids make sharing safe: a few connections to a host carry the requests of all
 * callers. One is enough until many requests are in flight; more let a server work on them in parallel.
 */
import type { Codec } from '../../../codecs/codec.ts';
import type { Runtime } from '../connections/runtime.ts';
import { SlotTable } from './slot-table.ts';
import { type ConnectionHost, type ConnectionKeeper, UpstreamConnection } from './upstream-connection.ts';

const MAX_CONNECTIONS = 4;
const BUSY_CALLS = 1024;
/** Freed slots of one connection that rest before one is used again: an id comes again after 4096 * 32,767 requests. */
const RESTING_SLOTS = 4096;
/** Of the room that is left on the connections, this part is the most that one caller may have in flight. */
const SHARE = 1 / 8;
/** So many calls of callers that have gone are worth looking for. */
const ABANDONED_CALLS = 1024;

export class SharedConnections implements ConnectionKeeper {
  readonly gathering = 'turn';
  readonly #runtime: Runtime;
  readonly #host: ConnectionHost;
  readonly #codec: Codec;
  #connections: UpstreamConnection[] = [];
  /** What `abandoned` of the runtime was when calls of callers that have gone were last given up here. */
  #abandonedBefore: number;

  constructor(runtime: Runtime, host: ConnectionHost, codec: Codec) {
    this.#runtime = runtime;
    this.#host = host;
    this.#codec = codec;
    this.#abandonedBefore = runtime.calls.abandoned;
  }

  /**
   * The connection with the fewest requests in flight. Undefined when the caller, with `inFlight` requests already, has
   * its share of what room there is: the fuller the connections, the smaller the share, so that there is always room
   * for callers with few requests.
   */
  choose(inFlight: number): UpstreamConnection | undefined {
    let best = this.#connections[0];
    if (best?.retired === true) {
      this.#connections = this.#connections.filter((connection) => !connection.retired);
      best = this.#connections[0];
    }
    if (best === undefined) return this.#open();
    for (const other of this.#connections) if (!other.retired && other.calls.size < best.calls.size) best = other;
    if (best.calls.size < BUSY_CALLS) return best;
    if (this.#connections.length < MAX_CONNECTIONS) return this.#open();
    if (inFlight <= shareOf(best)) return best;
    this.#forsake();
    return inFlight <= shareOf(best) ? best : undefined;
  }

  onIdle(): void {}

  onClosed(connection: UpstreamConnection): void {
    this.#connections = this.#connections.filter((other) => other !== connection);
  }

  #forsake(): void {
    const { abandoned } = this.#runtime.calls;
    if (abandoned - this.#abandonedBefore < ABANDONED_CALLS) return;
    this.#abandonedBefore = abandoned;
    for (const connection of this.#connections) connection.forsake();
  }

  #open(): UpstreamConnection {
    const calls = new SlotTable(this.#codec, RESTING_SLOTS);
    const connection = new UpstreamConnection(this.#runtime, this.#host, this.#codec, calls, this, false);
    this.#connections.push(connection);
    return connection;
  }
}

function shareOf(best: UpstreamConnection): number {
  return best.calls.room * MAX_CONNECTIONS * SHARE;
}
