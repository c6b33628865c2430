/** Access logs: lines gather in memory and are appended to their file a few times a second, or sooner when they grow. */
import { appendFile } from 'node:fs';
import { ToldOnce } from '../connections/told-once.ts';
import type { LogFormat, LogRecord } from './log-format.ts';

const FLUSH_MS = 200;
const FLUSH_BYTES = 64 * 1024;
/** Beyond it lines are dropped, and counted: a full disk must not take the memory too. */
const MAX_BYTES = 8 * 1024 * 1024;

export interface AccessLog {
  readonly format: LogFormat;
  write(record: LogRecord): void;
}

export interface UnwritableLog {
  readonly path: string;
  readonly reason: string;
}

/** All logs of one proxy; one sink a path. */
export class AccessLogFiles {
  dropped = 0;
  readonly #sinks = new Map<string, Sink>();
  readonly #tell: (log: UnwritableLog) => void;
  readonly #told = new ToldOnce();

  /** `tell` is told once for each path and reason. */
  constructor(tell: (log: UnwritableLog) => void) {
    this.#tell = tell;
  }

  open(path: string, format: LogFormat): AccessLog {
    let sink = this.#sinks.get(path);
    if (sink === undefined) {
      sink = new Sink(path, (lines, reason) => this.#lose(path, lines, reason));
      this.#sinks.set(path, sink);
    }
    const target = sink;
    return { format, write: (record) => target.add(format.render(record)) };
  }

  #lose(path: string, lines: number, reason: string): void {
    this.dropped += lines;
    if (this.#told.isNew(`${path} ${reason}`)) this.#tell({ path, reason });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sinks.values()].map((sink) => sink.close()));
  }
}

class Sink {
  readonly #path: string;
  readonly #onLost: (lines: number, reason: string) => void;
  #lines: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(path: string, onLost: (lines: number, reason: string) => void) {
    this.#path = path;
    this.#onLost = onLost;
  }

  add(line: string): void {
    if (this.#length + line.length > MAX_BYTES) {
      this.#onLost(1, 'lines come faster than they can be written');
      return;
    }
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length >= FLUSH_BYTES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  async close(): Promise<void> {
    this.#flush();
    while (this.#writing !== undefined) {
      await this.#writing;
      this.#flush();
    }
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing !== undefined || this.#lines.length === 0) return;
    const text = this.#lines.join('');
    const count = this.#lines.length;
    this.#lines = [];
    this.#length = 0;
    this.#writing = write(this.#path, text).then((failure) => {
      this.#writing = undefined;
      if (failure !== undefined) this.#onLost(count, failure);
      if (this.#length > 0) this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
    });
  }
}

const streams: Readonly<Record<string, () => NodeJS.WritableStream>> = {
  '/dev/stdout': () => process.stdout,
  '/dev/stderr': () => process.stderr,
};

/** Why the lines could not be written; undefined when they were. Never rejects. */
async function write(path: string, text: string): Promise<string | undefined> {
  const stream = streams[path]?.();
  return new Promise((resolve) => {
    const done = (error: Error | null | undefined): void => resolve(error?.message);
    if (stream === undefined) appendFile(path, text, done);
    else stream.write(text, done);
  });
}
