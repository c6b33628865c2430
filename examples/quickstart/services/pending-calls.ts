/** Calls that wait for their reply, each under its id. A call ends by its reply, by its connection's end, or by time. */

interface PendingCall<Reply> {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (reason: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export const CALL_TIMEOUT_MS = 5000;

export class PendingCalls<Reply> {
  readonly #calls = new Map<number, PendingCall<Reply>>();
  readonly #timeoutMs: number;
  #gone: Error | undefined;

  constructor(timeoutMs = CALL_TIMEOUT_MS) {
    this.#timeoutMs = timeoutMs;
  }

  /** Sends a request and waits for its reply. Once the connection has gone, rejects and sends nothing. */
  async open(id: number, send: () => void): Promise<Reply> {
    if (this.#gone !== undefined) throw this.#gone;
    const reply = new Promise<Reply>((resolve, reject) => {
      const late = new Error(`no reply to request ${id} within ${this.#timeoutMs} ms`);
      const timer = setTimeout(() => this.fail(id, late), this.#timeoutMs);
      this.#calls.set(id, { resolve, reject, timer });
    });
    send();
    return reply;
  }

  /** Does nothing when nobody waits for this id any more: the reply came too late. */
  settle(id: number, reply: Reply): void {
    this.#take(id)?.resolve(reply);
  }

  fail(id: number, reason: Error): void {
    this.#take(id)?.reject(reason);
  }

  /** The connection has gone: fails what waits, and all that is asked for afterwards. */
  failAll(reason: Error): void {
    this.#gone ??= reason;
    for (const id of [...this.#calls.keys()]) this.fail(id, reason);
  }

  #take(id: number): PendingCall<Reply> | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    clearTimeout(call?.timer);
    return call;
  }
}
