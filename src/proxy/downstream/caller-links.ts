/**
 * Multiplexed mode with a protocol that does not allow callers to share: one upstream connection for this caller to
 * each host, on which its requests are pipelined. Where the id of a frame has a fixed place it is remapped, which holds
 * for any order of replies and for constant ids; other frames get a connection on which replies are matched in order.
 */
import type { Codec } from '../../../codecs/codec.ts';
import type { Runtime } from '../connections/runtime.ts';
import { CallQueue } from '../upstream/call-queue.ts';
import { SlotTable } from '../upstream/slot-table.ts';
import { type ConnectionHost, type ConnectionKeeper, UpstreamConnection } from '../upstream/upstream-connection.ts';

/** Freed slots that rest before one is used again: an id comes again after two million requests, of the same caller. */
const RESTING_SLOTS = 64;

interface Link {
  readonly connection: UpstreamConnection;
  readonly remaps: boolean;
}

export class CallerLinks implements ConnectionKeeper {
  readonly gathering = 'chunk';
  readonly #runtime: Runtime;
  readonly #codec: Codec;
  /** Few: one or two for each host that this caller's requests went to. The last used stands first. */
  #links: Link[] = [];

  constructor(runtime: Runtime, codec: Codec) {
    this.#runtime = runtime;
    this.#codec = codec;
  }

  /** Undefined when too many requests are in flight on the connection. */
  to(host: ConnectionHost, remaps: boolean): UpstreamConnection | undefined {
    for (const link of this.#links) {
      const { connection } = link;
      if (connection.host === host && link.remaps === remaps && !connection.retired)
        return connection.calls.room > 0 ? connection : undefined;
    }
    return this.#open(host, remaps);
  }

  /** The caller has gone: requests without a reply that are still queued go out, nothing else is waited for. */
  end(): void {
    const links = this.#links;
    this.#links = [];
    for (const { connection } of links) connection.end();
  }

  onIdle(): void {}

  onClosed(connection: UpstreamConnection): void {
    this.#links = this.#links.filter((link) => link.connection !== connection);
  }

  #open(host: ConnectionHost, remaps: boolean): UpstreamConnection {
    const calls = remaps
      ? new SlotTable(this.#codec, RESTING_SLOTS)
      : new CallQueue(this.#codec.capabilities.correlation === 'id');
    const connection = new UpstreamConnection(this.#runtime, host, this.#codec, calls, this, false);
    this.#links.push({ connection, remaps });
    return connection;
  }
}
