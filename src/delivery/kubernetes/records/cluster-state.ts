/**
 * What outlives the replicas of a control plane, in the API server: keys in Secrets, settings in ConfigMaps, records in more of
 * these, all in the system namespace.
 *
 *   watch --> values, on every replica --> whoever follows them
 *   the writer --> create or update, if nobody changed it since it was read --> values
 *
 * A replica that does not write keeps what it would have written until the writer has spoken of it, and writes it when it is
 * the writer itself. What is to be made only once (a root, keys of tokens) it waits for: `turn`. What somebody deleted is
 * written again. What never happens: keys that are made twice, or replaced by who has not seen them; a key outside of a Secret.
 */
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { collectionPath, objectPath } from '../../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import { configMaps, secrets } from '../../../kubernetes-api/built-in-collections.ts';
import { fieldOf, textOf } from '../../../kubernetes-api/plain-fields.ts';
import { Reflector, type ReflectorState } from '../../../kubernetes-api/reflector.ts';
import { isNewerVersion } from '../../../kubernetes-api/resource-version.ts';
import { type Clock, systemClock } from '../../../model/clock.ts';
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import { type Finding, finding } from '../../../model/finding.ts';
import type { ReflectorSight } from '../../../model/reflector-sight.ts';
import type { Writership } from '../replicas/writership.ts';
import { ClusterRecords, type RecordsFormat } from './cluster-records.ts';
import {
  isSecret,
  objectNameOf,
  readStateObject,
  type StateObject,
  stateObject,
  valueSelector,
} from './state-object.ts';

export interface ClusterStateOptions {
  /** What is sent is refused unless this replica is the writer. */
  readonly server: ApiServer;
  readonly namespace: string;
  readonly revision: string;
  readonly writership: Writership;
  /** Ends what a start waits for. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

const retryMs = 5_000;

type Plural = 'secrets' | 'configmaps';

export class ClusterState {
  readonly path: string;
  readonly #options: ClusterStateOptions;
  readonly #objects = new Map<string, StateObject>();
  readonly #reflectors: readonly Reflector[];
  readonly #states = new Map<Plural, ReflectorState>();
  readonly #read: Promise<unknown>;
  /** What would have been written, by file, over which version. */
  readonly #unwritten = new Map<string, { readonly bytes: Buffer; readonly over: string | undefined }>();
  readonly #listeners = new Set<(name: string) => void>();
  readonly #stop: () => void;
  /** Of the API server, that the versions are of. */
  readonly #histories = new Map<Plural, number | undefined>();
  #failure: string | undefined;
  #catchingUp: Promise<void> = Promise.resolve();
  #cancelRetry: () => void = () => {};

  constructor(options: ClusterStateOptions) {
    this.#options = options;
    this.path = options.namespace;
    const read = [secrets, configMaps].map((collection) => {
      const whole = Promise.withResolvers<void>();
      const plural = collection === secrets ? 'secrets' : 'configmaps';
      const reflector = new Reflector({
        server: options.server,
        locate: async () => collectionPath(collection, options.namespace),
        labels: valueSelector,
        clock: options.clock ?? systemClock,
        onReplace: (objects) => {
          this.#replace(plural, objects);
          whole.resolve();
        },
        onEvents: (events) => {
          for (const { type, object } of events)
            if (type === 'DELETED') this.#drop(plural, textOf(fieldOf(object, 'metadata'), 'name') ?? '');
            else this.#take(plural, object);
        },
        onState: (state) => this.#states.set(plural, state),
      });
      return { reflector, whole: whole.promise };
    });
    this.#reflectors = read.map(({ reflector }) => reflector);
    this.#read = Promise.all(read.map(({ whole }) => whole));
    this.#stop = options.writership.onChange((isWriter) => {
      if (isWriter) this.#catchUp();
      this.#tell('');
    });
  }

  /** Resolves when all is read that is kept. Throws UNAVAILABLE when the start ends before. */
  async take(): Promise<void> {
    await Promise.race([this.#read, this.#untilStopped()]);
    this.#requireRunning();
  }

  reflectors(): readonly ReflectorSight[] {
    const keys = [...this.#objects.keys()];
    return this.#reflectors.map((reflector, at) => {
      const [kind, prefix] = at === 0 ? (['Secret', 'secrets/'] as const) : (['ConfigMap', 'configmaps/'] as const);
      const objects = keys.filter((key) => key.startsWith(prefix)).length;
      return { purpose: 'state', kind, ...reflector.sight, objects };
    });
  }

  /** Nothing is read or written any more. */
  async release(): Promise<void> {
    this.#stop();
    this.#cancelRetry();
    for (const reflector of this.#reflectors) await reflector.close();
  }

  placeOf(file: string): string {
    return `${isSecret(file) ? 'Secret' : 'ConfigMap'} ${this.path}/${this.#nameOf(file)}`;
  }

  async read(file: string): Promise<Buffer | undefined> {
    await this.take();
    return this.#unwritten.get(file)?.bytes ?? this.#known(file)?.files.get(file);
  }

  /** Resolves when it is kept, or, on a replica that does not write, will be when the writer does not say otherwise. */
  async replace(file: string, bytes: Buffer): Promise<void> {
    await this.take();
    const over = this.#known(file)?.version;
    if (!this.#options.writership.isWriter) this.#unwritten.set(file, { bytes, over });
    else await this.#write(file, bytes, over);
  }

  /** Resolves once there is such a file, or it is for us to make it. */
  async turn(file: string): Promise<void> {
    await this.take();
    const isOver = (): boolean => this.#known(file) !== undefined || this.#options.writership.isWriter;
    if (isOver()) return;
    const over = Promise.withResolvers<void>();
    const stop = this.#listen(() => isOver() && over.resolve());
    await Promise.race([over.promise, this.#untilStopped()]);
    stop();
    this.#requireRunning();
  }

  /** Told when another replica has written it. */
  follow(file: string, listener: () => void): () => void {
    return this.#listen((name) => name === this.#keyOf(file) && listener());
  }

  async openRecords<T>(file: string, format: RecordsFormat<T>): Promise<ClusterRecords<T>> {
    const { server, namespace, revision, writership, signal, clock } = this.#options;
    const around = { server, namespace, writership, signal, ...(clock === undefined ? {} : { clock }) };
    return ClusterRecords.open({ ...around, name: objectNameOf(file, revision), format });
  }

  /** Values are whole: nothing is appended to them. */
  async write(): Promise<void> {
    throw new IsthmusError('INTERNAL', 'a value in the API server is replaced as a whole');
  }

  async keepCopy(): Promise<string> {
    throw new IsthmusError('INTERNAL', 'a value in the API server has its copies in backups of that');
  }

  findings(): readonly Finding[] {
    const unread = [...this.#states].flatMap(([plural, { state, reason }]) =>
      state === 'live' || state === 'syncing' ? [] : [`${plural} of ${this.path}: ${reason}.`],
    );
    const failures = [...unread, ...(this.#failure === undefined ? [] : [`${this.#failure}.`])];
    return failures.map((message) => finding('ISTH1518', { object: { kind: 'Namespace', name: this.path }, message }));
  }

  async #write(file: string, bytes: Buffer, over: string | undefined): Promise<void> {
    const { server, namespace } = this.#options;
    const name = this.#nameOf(file);
    const collection = isSecret(file) ? secrets : configMaps;
    const body = stateObject(file, bytes, { namespace, name, version: over });
    try {
      const answer = await server.send(
        over === undefined
          ? { method: 'POST', path: collectionPath(collection, namespace), body }
          : { method: 'PUT', path: objectPath(collection, { namespace, name }), body },
      );
      this.#unwritten.delete(file);
      const kept = readStateObject(answer);
      // Whoever follows it is told of what others write.
      if (kept !== undefined) this.#objects.set(this.#keyOf(file), kept);
    } catch (error) {
      if (!(error instanceof ApiFailure && error.status === 409)) throw error;
      throw new IsthmusError('STATE', `${this.placeOf(file)} was written by somebody else meanwhile`, { cause: error });
    }
  }

  /** Who becomes the writer writes what the one before did not. One after the other; what fails is tried again. */
  #catchUp(): void {
    this.#catchingUp = this.#catchingUp.then(async () => {
      await Promise.race([this.#read, this.#untilStopped()]);
      this.#failure = undefined;
      for (const [file, { bytes, over }] of this.#unwritten) {
        if (!this.#options.writership.isWriter || this.#options.signal.aborted) return;
        const known = this.#known(file);
        if (known?.version !== over || known?.files.get(file)?.equals(bytes) === true) this.#unwritten.delete(file);
        else await this.#write(file, bytes, over).catch((error: unknown) => this.#fail(file, error));
      }
    });
  }

  #fail(file: string, error: unknown): void {
    this.#failure = `${this.placeOf(file)} cannot be written: ${messageOf(error)}`;
    this.#cancelRetry();
    this.#cancelRetry = (this.#options.clock ?? systemClock).after(retryMs, () => this.#catchUp());
  }

  #take(plural: Plural, object: unknown, isOtherHistory = false): void {
    const taken = readStateObject(object);
    if (taken === undefined) return;
    const key = `${plural}/${taken.name}`;
    if (!isOtherHistory && !isNewerVersion(taken.version, this.#objects.get(key)?.version)) return;
    this.#objects.set(key, taken);
    // The writer has spoken.
    if (!this.#options.writership.isWriter) for (const file of taken.files.keys()) this.#unwritten.delete(file);
    this.#tell(key);
  }

  /** What somebody deleted stays in force, and is written again by who writes. */
  #drop(plural: Plural, name: string): void {
    const key = `${plural}/${name}`;
    const gone = this.#objects.get(key);
    if (gone === undefined) return;
    this.#objects.delete(key);
    for (const [file, bytes] of gone.files)
      if (this.#keyOf(file) === key && !this.#unwritten.has(file))
        this.#unwritten.set(file, { bytes, over: undefined });
    if (this.#options.writership.isWriter) this.#catchUp();
  }

  #replace(plural: Plural, objects: readonly unknown[]): void {
    const names = new Set(objects.map((object) => textOf(fieldOf(object, 'metadata'), 'name')));
    for (const key of [...this.#objects.keys()]) {
      const [kind, name = ''] = key.split('/');
      if (kind === plural && !names.has(name)) this.#drop(plural, name);
    }
    const { history } = this.#options.server;
    for (const object of objects) this.#take(plural, object, history !== this.#histories.get(plural));
    this.#histories.set(plural, history);
  }

  #known(file: string): StateObject | undefined {
    return this.#objects.get(this.#keyOf(file));
  }

  #keyOf(file: string): string {
    return `${isSecret(file) ? 'secrets' : 'configmaps'}/${this.#nameOf(file)}`;
  }

  #nameOf(file: string): string {
    return objectNameOf(file, this.#options.revision);
  }

  #listen(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(key: string): void {
    for (const listener of [...this.#listeners]) listener(key);
  }

  #untilStopped(): Promise<void> {
    const { signal } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    return promise;
  }

  #requireRunning(): void {
    if (this.#options.signal.aborted) throw new IsthmusError('UNAVAILABLE', 'it is being stopped');
  }
}
