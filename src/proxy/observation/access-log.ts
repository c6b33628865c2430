/** Access logs: lines gather in memory and are appended to their file a few times a second, or sooner when they grow. */
import { appendFile } from 'node:fs';
import type { LogFormat, LogRecord } from './log-format.ts';

const FLUSH_MS = 200;
const FLUSH_BYTES = 64 * 1024;
/** Beyond it lines are dropped, and counted: a full disk must not take the memory too. */
const MAX_BYTES = 8 * 1024 * 1024;

export interface AccessLog {
  readonly format: LogFormat;
  write(record: LogRecord): void;
}

/** All logs of one proxy; one sink a path. */
export class AccessLogFiles {
  dropped = 0;
  readonly #sinks = new Map<string, Sink>();

  open(path: string, format: LogFormat): AccessLog {
    let sink = this.#sinks.get(path);
    if (sink === undefined) {
      sink = new Sink(path, () => this.dropped++);
      this.#sinks.set(path, sink);
    }
    const target = sink;
    return { format, write: (record) => target.add(format.render(record)) };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sinks.values()].map((sink) => sink.close()));
  }
}

class Sink {
  readonly #path: string;
  readonly #onDrop: () => void;
  #lines: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(path: string, onDrop: () => void) {
    this.#path = path;
    this.#onDrop = onDrop;
  }

  add(line: string): void {
    if (this.#length + line.length > MAX_BYTES) {
      this.#onDrop();
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
    this.#writing = write(this.#path, text).then((written) => {
      this.#writing = undefined;
      if (!written) for (let line = 0; line < count; line++) this.#onDrop();
      if (this.#length > 0) this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
    });
  }
}

const streams: Readonly<Record<string, () => NodeJS.WritableStream>> = {
  '/dev/stdout': () => process.stdout,
  '/dev/stderr': () => process.stderr,
};

/** False when the lines could not be written. Never rejects. */
async function write(path: string, text: string): Promise<boolean> {
  const stream = streams[path]?.();
  return new Promise((resolve) => {
    if (stream === undefined) appendFile(path, text, (error) => resolve(error === null));
    else stream.write(text, () => resolve(true));
  });
}
