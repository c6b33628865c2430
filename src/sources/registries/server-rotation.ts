/** The servers of a registry, one after the other: the next one when one fails, and a rest in between that grows. */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { messageOf } from '../../model/errors.ts';

const firstRestMs = 200;
const longestRestMs = 5_000;

export class ServerRotation<Server> {
  readonly #servers: readonly Server[];
  readonly #signal: AbortSignal;
  /** Why each one failed, since one was sound. */
  readonly #failures = new Map<Server, string>();
  #restMs = firstRestMs;

  constructor(servers: readonly Server[], signal: AbortSignal) {
    this.#servers = servers;
    this.#signal = signal;
  }

  /** Resolves when the signal ends it. `follow` rejects when a server cannot be followed any more. */
  async run(follow: (server: Server) => Promise<never>, onFailure: (reason: string) => void): Promise<void> {
    // A client answers no sooner than it is known.
    await turn();
    for (let at = 0; !this.#signal.aborted; at++) {
      const server = this.#servers[at % this.#servers.length];
      if (server === undefined) return;
      try {
        await follow(server);
      } catch (error) {
        this.#failures.set(server, messageOf(error));
        onFailure(this.#servers.flatMap((one) => this.#failures.get(one) ?? []).join('; '));
      }
      await this.rest();
    }
  }

  /** A server told what there is. */
  forgive(): void {
    this.#failures.clear();
  }

  /** A server was sound for some time: rests are short again. */
  refresh(): void {
    this.#restMs = firstRestMs;
  }

  /** Each one is twice as long as the one before, up to a bound, and no two processes rest alike. */
  async rest(): Promise<void> {
    const jittered = this.#restMs * (0.75 + Math.random() / 2);
    this.#restMs = Math.min(2 * this.#restMs, longestRestMs);
    await sleep(jittered, undefined, { signal: this.#signal }).catch(() => {});
  }
}
