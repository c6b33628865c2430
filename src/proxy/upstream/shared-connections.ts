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

export class SharedConnections implements ConnectionKeeper {
  readonly gathering = 'turn';
  readonly #runtime: Runtime;
  readonly #host: ConnectionHost;
  readonly #codec: Codec;
  #connections: UpstreamConnection[] = [];

  constructor(runtime: Runtime, host: ConnectionHost, codec: Codec) {
    this.#runtime = runtime;
    this.#host = host;
    this.#codec = codec;
  }

  /** The connection with the fewest requests in flight; undefined when all are full. */
  choose(): UpstreamConnection | undefined {
    let best = this.#connections[0];
    if (best?.retired === true) {
      this.#connections = this.#connections.filter((connection) => !connection.retired);
      best = this.#connections[0];
    }
    if (best === undefined) return this.#open();
    for (const other of this.#connections) if (!other.retired && other.calls.size < best.calls.size) best = other;
    if (best.calls.size < BUSY_CALLS) return best;
    if (this.#connections.length < MAX_CONNECTIONS) return this.#open();
    return best.calls.full ? undefined : best;
  }

  onIdle(): void {}

  onClosed(connection: UpstreamConnection): void {
    this.#connections = this.#connections.filter((other) => other !== connection);
  }

  #open(): UpstreamConnection {
    const calls = new SlotTable(this.#codec);
    const connection = new UpstreamConnection(this.#runtime, this.#host, this.#codec, calls, this, false);
    this.#connections.push(connection);
    return connection;
  }
}
