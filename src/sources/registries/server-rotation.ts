/**
 * The servers of a registry, one after the other, for as long as nobody ends it:
 *
 *   follow(server) rejects   --> it failed, which is told with all failures since a server was sound; a pause, the next one
 *   follow(server) resolves  --> it did not fail, and is left all the same; a pause, and the one that it named, or the next
 *
 * Pauses grow. Who follows says when a server was sound: `forgive` when it told what there is, `refresh` when it lasted.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { messageOf } from '../../model/errors.ts';
import { RetryPause } from './pauses.ts';

/** What went wrong since a server was sound. */
export interface ServerFailures {
  /** Of each server that failed, in their own order. */
  readonly reason: string;
  /** Whether there is none left that may do. */
  readonly areAll: boolean;
}

export class ServerRotation<Server> {
  readonly #servers: readonly Server[];
  readonly #signal: AbortSignal;
  readonly #failures = new Map<Server, string>();
  readonly #pause = new RetryPause();

  /** A server that is named twice is one. */
  constructor(servers: readonly Server[], signal: AbortSignal) {
    this.#servers = [...new Set(servers)];
    this.#signal = signal;
  }

  /** Resolves when the signal ends it; nothing is told from then on. */
  async run(
    follow: (server: Server) => Promise<Server | undefined>,
    onFailure: (failures: ServerFailures) => void,
  ): Promise<void> {
    // A client answers no sooner than it is known.
    await turn();
    for (let at = 0; !this.#signal.aborted; ) {
      const server = this.#servers[at % this.#servers.length];
      if (server === undefined) return;
      at++;
      try {
        const better = await follow(server);
        if (better !== undefined) at = this.#servers.indexOf(better);
      } catch (error) {
        if (this.#signal.aborted) return;
        this.#failures.set(server, messageOf(error));
        onFailure(this.#told());
      }
      await this.rest();
    }
  }

  /** A server told what there is. */
  forgive(): void {
    this.#failures.clear();
  }

  /** A server was sound for some time: pauses are short again. */
  refresh(): void {
    this.#pause.refresh();
  }

  /** A pause as after a failure, for who goes on with the same server. */
  async rest(): Promise<void> {
    await this.#pause.rest(this.#signal);
  }

  #told(): ServerFailures {
    const reasons = this.#servers.flatMap((server) => this.#failures.get(server) ?? []);
    return { reason: reasons.join('; '), areAll: reasons.length === this.#servers.length };
  }
}
