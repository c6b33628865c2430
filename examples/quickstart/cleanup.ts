/**
 * What was started is stopped, last first, however the program ends: at its end, by a failure, or by a signal. A second
 * signal does not wait for that; children are killed then (isthmus-process.ts).
 */
const NPM_IS_SOUGHT_EVERY_MS = 500;
const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Rejections of what was interrupted. */
export class Interrupted extends Error {
  /** What a shell expects of a program that a signal ended. */
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('interrupted');
    this.exitCode = exitCode;
  }
}

export class Cleanup {
  readonly #steps: (() => Promise<void> | void)[] = [];
  readonly #interruption = Promise.withResolvers<never>();
  #isOver = false;

  constructor() {
    this.#interruption.promise.catch(() => {});
    for (const [signal, exitCode] of Object.entries(signals)) {
      process.on(signal, () => {
        if (this.#isOver) process.exit(exitCode);
        this.#interrupt(exitCode);
      });
    }
    if (process.env.npm_lifecycle_event !== undefined) this.#watchNpm();
  }

  /** A signal to npm ends the shell between it and this program, and reaches no further. */
  #watchNpm(): void {
    const shell = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid === shell) return;
      clearInterval(watch);
      if (!this.#isOver) this.#interrupt(signals.SIGHUP);
    }, NPM_IS_SOUGHT_EVERY_MS);
    watch.unref();
  }

  #interrupt(exitCode: number): void {
    this.#isOver = true;
    this.#interruption.reject(new Interrupted(exitCode));
  }

  /** Whether all is being stopped, or has been. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Rejects with Interrupted at the first signal; else never settles. */
  get interruption(): Promise<never> {
    return this.#interruption.promise;
  }

  /** Starts something and notes how to stop it; refuses once all is being stopped. */
  own<Started>(start: () => Started, stop: (started: Started) => Promise<void> | void): Started {
    if (this.#isOver) throw new Error('nothing is started any more: all is being stopped');
    const started = start();
    this.#steps.push(() => stop(started));
    return started;
  }

  async run(): Promise<void> {
    this.#isOver = true;
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await step();
  }
}
