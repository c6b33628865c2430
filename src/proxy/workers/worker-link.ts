/**
 * One worker thread, asked questions that it answers. A worker that dies is told of and started anew, sooner at first
 * and later each time; what it was asked stays without an answer, and the new one is told the configuration in force.
 */
import type { Worker } from 'node:worker_threads';
import { messageOf } from '../../model/errors.ts';
import type { ResourceChange } from '../config/resources.ts';
import type { PlaneNews } from '../connections/runtime.ts';
import type { WorkerAnswer, WorkerMessage, WorkerQuestion } from './worker-messages.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** A worker that has lived this long dies for a reason of its own. */
const LONG_LIFE_MS = 60_000;

export interface WorkerNews extends PlaneNews {
  workerDied(reason: string, restartMs: number): void;
}

export class WorkerLink {
  readonly #start: () => Worker;
  readonly #inForce: () => readonly ResourceChange[];
  readonly #news: WorkerNews;
  readonly #waiting = new Map<number, (answer: WorkerAnswer | undefined) => void>();
  #worker: Worker | undefined;
  #next = 0;
  #startedAt = 0;
  #deaths = 0;
  #lastError = '';
  #restart: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(start: () => Worker, inForce: () => readonly ResourceChange[], news: WorkerNews) {
    this.#start = start;
    this.#inForce = inForce;
    this.#news = news;
    this.#begin();
  }

  get alive(): boolean {
    return this.#worker !== undefined;
  }

  /** Undefined when the worker is dead, or dies over it. */
  async ask(question: WorkerQuestion): Promise<WorkerAnswer | undefined> {
    const worker = this.#worker;
    if (worker === undefined) return undefined;
    const number = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve);
      worker.postMessage({ ...question, number });
    });
  }

  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#restart);
    await this.#worker?.terminate();
  }

  #begin(): void {
    const worker = this.#start();
    this.#worker = worker;
    this.#startedAt = performance.now();
    worker.on('message', (message: WorkerMessage) => this.#hear(message));
    worker.on('error', (error) => {
      this.#lastError = messageOf(error);
    });
    worker.once('exit', (code) => this.#died(this.#lastError === '' ? `exit code ${code}` : this.#lastError));
    const changes = this.#inForce();
    if (changes.length > 0) void this.ask({ kind: 'apply', number: 0, changes });
  }

  #hear(message: WorkerMessage): void {
    if (message.kind === 'fault') this.#news.fault(message.message);
    else if (message.kind === 'mutationMissed') this.#news.mutationMissed(message.missed);
    else if (message.kind === 'logUnwritable') this.#news.logUnwritable(message.log);
    else {
      this.#waiting.get(message.number)?.(message);
      this.#waiting.delete(message.number);
    }
  }

  #died(reason: string): void {
    this.#worker = undefined;
    this.#lastError = '';
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
    if (this.#ended) return;
    if (performance.now() - this.#startedAt > LONG_LIFE_MS) this.#deaths = 0;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#deaths++, 10));
    this.#news.workerDied(reason, pauseMs);
    this.#restart = setTimeout(() => this.#begin(), pauseMs);
  }
}
