/**
 * Records by key in ConfigMaps: a few buckets by the hash of the key, so that a change writes one of them, and equal records are
 * equal bytes on every replica.
 *
 *   note --gathered--> buckets that differ --> update, if nobody changed them since; else merged with what there is
 *
 * What is noted after a while of silence is written at once: a registry that was seen a moment ago is known to whoever starts
 * next, though this replica was killed and the registry is down by then.
 *
 * Each replica notes what it sees; the writer writes. Who becomes the writer reads again what there is, and puts what it
 * noted itself over it: what another one knew, and this one never saw, stays.
 */

import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { collectionPath, objectPath } from '../../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import { configMaps } from '../../../kubernetes-api/built-in-collections.ts';
import { readPages } from '../../../kubernetes-api/collection-reading.ts';
import { fieldOf, textOf } from '../../../kubernetes-api/plain-fields.ts';
import { type Clock, systemClock } from '../../../model/clock.ts';
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import { type Finding, finding } from '../../../model/finding.ts';
import { managedByLabel, ownManager } from '../../../model/ownership.ts';
import { inParallel } from '../queue/parallel-work.ts';
import type { Writership } from '../replicas/writership.ts';
import { recordsLabel } from './state-object.ts';

/** How records are read: see delivery/files/record-journal.ts. */
export interface RecordsFormat<T> {
  readonly newBook: () => { readonly records: Map<string, T>; add(json: unknown): boolean };
}

export interface ClusterRecordsOptions<T> {
  readonly server: ApiServer;
  readonly namespace: string;
  /** Objects are named after it, with the number of their bucket. */
  readonly name: string;
  readonly format: RecordsFormat<T>;
  readonly writership: Writership;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

interface Bucket {
  version: string | undefined;
  /** As it is kept, uncompressed. */
  text: string;
}

const buckets = 32;
/** A busy registry costs one write of a bucket in so long. */
const gatherMs = 2_000;
const retryMs = 5_000;
const writesAtOnce = 4;
/** An API server takes objects of 1 MiB, in base64. */
const maxBytes = 700 * 1024;

export class ClusterRecords<T> {
  readonly #options: ClusterRecordsOptions<T>;
  readonly #clock: Clock;
  #records = new Map<string, T>();
  /** Their keys, by bucket. */
  #keys: readonly Set<string>[] = emptyBuckets();
  readonly #kept = new Map<number, Bucket>();
  /** Keys that were noted here since the last time that all was written. */
  readonly #noted = new Set<string>();
  readonly #stop: () => void;
  #writing: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;
  /** Something was written a moment ago. */
  #isResting = false;
  #cancelRest: () => void = () => {};
  #failure: string | undefined;
  #isClosed = false;
  /** What is kept has to be read again before it is written. */
  #isStale = false;

  private constructor(options: ClusterRecordsOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#stop = options.writership.onChange((isWriter) => {
      this.#isStale = true;
      if (isWriter) this.#soon(0);
      // Another one writes from now on: whether it can is for that one to say.
      else this.#failure = undefined;
    });
  }

  /** Waits for the API server as long as the start does. Throws UNAVAILABLE when that ends. */
  static async open<T>(options: ClusterRecordsOptions<T>): Promise<ClusterRecords<T>> {
    const records = new ClusterRecords(options);
    await records.#readAtStart();
    return records;
  }

  /** What this replica goes by. */
  get records(): ReadonlyMap<string, T> {
    return this.#records;
  }

  note(changes: readonly { readonly key: string; readonly record: T | undefined }[]): void {
    for (const { key, record } of changes) {
      const keys = this.#keys[bucketOf(key)];
      if (record === undefined) this.#records.delete(key);
      else this.#records.set(key, record);
      if (record === undefined) keys?.delete(key);
      else keys?.add(key);
      this.#noted.add(key);
    }
    if (changes.length > 0) this.#soon(this.#isResting ? gatherMs : 0);
  }

  findings(): readonly Finding[] {
    if (this.#failure === undefined) return [];
    const { namespace, name } = this.#options;
    return [finding('ISTH1519', { object: { kind: 'ConfigMap', namespace, name }, message: `${this.#failure}.` })];
  }

  /** Writes what is pending, where it is for us to write. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stop();
    this.#cancelTimer?.();
    this.#cancelRest();
    await this.#writing;
    await this.#write();
  }

  #soon(ms: number): void {
    if (this.#isClosed || this.#cancelTimer !== undefined) return;
    this.#cancelTimer = this.#clock.after(ms, () => {
      this.#cancelTimer = undefined;
      this.#rest();
      this.#writing = this.#writing.then(() => this.#write());
    });
  }

  #rest(): void {
    this.#cancelRest();
    this.#isResting = true;
    this.#cancelRest = this.#clock.after(gatherMs, () => {
      this.#isResting = false;
    });
  }

  async #write(): Promise<void> {
    if (!this.#options.writership.isWriter || (this.#noted.size === 0 && !this.#isStale)) return;
    try {
      if (this.#isStale) await this.#readAgain();
      const noted = new Set([...this.#noted].map(bucketOf));
      await inParallel([...noted], writesAtOnce, (number) => this.#writeBucket(number));
      this.#failure = undefined;
    } catch (error) {
      this.#isStale = true;
      // It was on its way when another one was to write.
      if (this.#options.writership.isWriter) this.#failure = messageOf(error);
      this.#soon(retryMs);
    }
  }

  async #writeBucket(number: number): Promise<void> {
    const { server, namespace, name } = this.#options;
    const known = this.#kept.get(number);
    const keys = [...this.#noted].filter((key) => bucketOf(key) === number);
    const text = this.#textOf(number);
    for (const key of keys) this.#noted.delete(key);
    if (text === (known?.text ?? '')) return;
    try {
      const bytes = gzipSync(text);
      if (bytes.length > maxBytes)
        throw new IsthmusError('STATE', `${bytes.length} bytes of records are more than an object holds`);
      const at = { namespace, name: `${name}-${number}` };
      const body = recordsObject(at, name, bytes, known?.version);
      const answer = await server.send(
        known === undefined
          ? { method: 'POST', path: collectionPath(configMaps, namespace), body }
          : { method: 'PUT', path: objectPath(configMaps, at), body },
      );
      this.#kept.set(number, { version: textOf(fieldOf(answer, 'metadata'), 'resourceVersion'), text });
    } catch (error) {
      for (const key of keys) this.#noted.add(key);
      throw error;
    }
  }

  /** Always in one order. */
  #textOf(number: number): string {
    return [...(this.#keys[number] ?? [])]
      .sort()
      .map((key) => `${JSON.stringify(this.#records.get(key))}\n`)
      .join('');
  }

  async #readAtStart(): Promise<void> {
    for (;;) {
      if (this.#options.signal.aborted) throw new IsthmusError('UNAVAILABLE', 'it is being stopped');
      try {
        await this.#readAgain();
        return;
      } catch (error) {
        this.#failure = messageOf(error);
        const { promise, resolve } = Promise.withResolvers<void>();
        const cancel = this.#clock.after(retryMs, resolve);
        this.#options.signal.addEventListener('abort', () => resolve(), { once: true });
        await promise;
        cancel();
      }
    }
  }

  /** What is kept, and over it what was noted here. */
  async #readAgain(): Promise<void> {
    const { server, namespace, name, format, signal } = this.#options;
    const path = collectionPath(configMaps, namespace);
    const objects: unknown[] = [];
    const labels = `${recordsLabel}=${name}`;
    await readPages(server, { path, labels }, (object) => objects.push(object), signal);
    const book = format.newBook();
    this.#kept.clear();
    for (const object of objects) {
      const metadata = fieldOf(object, 'metadata');
      const number = Number(textOf(metadata, 'name')?.slice(name.length + 1));
      const text = textIn(object);
      for (const line of text.split('\n')) if (line !== '') book.add(JSON.parse(line));
      this.#kept.set(number, { version: textOf(metadata, 'resourceVersion'), text });
    }
    for (const key of this.#noted) {
      const record = this.#records.get(key);
      if (record === undefined) book.records.delete(key);
      else book.records.set(key, record);
    }
    this.#records = book.records;
    this.#keys = emptyBuckets();
    for (const key of book.records.keys()) this.#keys[bucketOf(key)]?.add(key);
    this.#isStale = false;
    this.#failure = undefined;
  }
}

function emptyBuckets(): readonly Set<string>[] {
  return Array.from({ length: buckets }, () => new Set());
}

function bucketOf(key: string): number {
  return (createHash('sha256').update(key).digest()[0] ?? 0) % buckets;
}

/** Throws ApiFailure for what we did not write. */
function textIn(object: unknown): string {
  const encoded = textOf(fieldOf(object, 'binaryData'), 'records');
  if (encoded === undefined) return '';
  try {
    return gunzipSync(Buffer.from(encoded, 'base64'), { maxOutputLength: 256 * 1024 * 1024 }).toString('utf8');
  } catch (cause) {
    const name = textOf(fieldOf(object, 'metadata'), 'name');
    throw new ApiFailure(`the ConfigMap ${name} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function recordsObject(
  at: { readonly namespace: string; readonly name: string },
  records: string,
  bytes: Buffer,
  version: string | undefined,
): object {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      ...at,
      labels: { [managedByLabel]: ownManager, [recordsLabel]: records },
      ...(version === undefined ? {} : { resourceVersion: version }),
    },
    binaryData: { records: bytes.toString('base64') },
  };
}
