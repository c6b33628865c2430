/**
 * What the replicas of a control plane tell one another: each in a ConfigMap of its own in the system namespace, which every
 * replica writes for itself, whoever of them writes all else.
 *
 *   say(topic, word) --changed--> our ConfigMap: at most once a second, and a sign of life every 20 s
 *   ConfigMaps of the others --watch--> heard(topic)
 *
 * Who ends takes its ConfigMap away. Who was killed is silent: a minute later its words count no more, and the writer takes the
 * ConfigMap away. Times are those of our own clock, from when something was seen here.
 */

import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { collectionPath, objectPath } from '../../../kubernetes-api/api-paths.ts';
import { type ApiServer, serverSideApply } from '../../../kubernetes-api/api-server.ts';
import { configMaps } from '../../../kubernetes-api/built-in-collections.ts';
import { fieldOf, textOf } from '../../../kubernetes-api/plain-fields.ts';
import { Reflector } from '../../../kubernetes-api/reflector.ts';
import { pauseAfter } from '../../../model/back-off.ts';
import type { Clock } from '../../../model/clock.ts';
import { messageOf } from '../../../model/errors.ts';
import { type Finding, finding } from '../../../model/finding.ts';
import { managedByLabel, ownManager, ownName } from '../../../model/ownership.ts';

interface ReplicaWordsOptions {
  /** Every replica writes what is its own: not that of the writer alone. */
  readonly server: ApiServer;
  readonly namespace: string;
  readonly revision: string;
  /** Of this replica, `HOST_UUID`; no other one has it. */
  readonly identity: string;
  readonly isWriter: () => boolean;
  readonly clock: Clock;
}

/** A word is JSON; who hears it may be of another version, and reads it with care. */
export interface Replicas {
  /** Undefined takes it back. */
  say(topic: string, word: unknown): void;
  /** Of each other replica that serves, by identity; undefined of one that said nothing of it. */
  heard(topic: string): ReadonlyMap<string, unknown>;
}

/** Of the ConfigMap of each replica; its value says of which revision. */
export const replicaLabel = 'isthmus.dev/replica-of';
const identityAnnotation = 'isthmus.dev/replica';
const aliveAnnotation = 'isthmus.dev/alive';
const pauseMs = 1_000;
const beatMs = 20_000;
const silentMs = 60_000;
const retryPauses = { firstMs: 2_000, longestMs: 30_000 };
/** An API server takes objects of 1 MiB. What is more is not told. */
const longestWord = 400 * 1024;

interface Neighbour {
  readonly name: string;
  readonly version: string;
  readonly words: Readonly<Record<string, unknown>>;
  readonly forget: () => void;
}

export class ReplicaWords implements Replicas {
  readonly #options: ReplicaWordsOptions;
  readonly #name: string;
  readonly #reflector: Reflector;
  readonly #words = new Map<string, string>();
  readonly #neighbours = new Map<string, Neighbour>();
  #beats = 0;
  #failure: string | undefined;
  #failures = 0;
  #writing: Promise<void> | undefined;
  #isDirty = false;
  #cancel: (() => void) | undefined;
  /** Since when the timer that is set would write. */
  #restsUntil = 0;
  #isClosed = false;

  constructor(options: ReplicaWordsOptions) {
    this.#options = options;
    const { server, namespace, revision, identity, clock } = options;
    this.#name = `${ownName(revision)}-replica-${identity.slice(identity.lastIndexOf('_') + 1)}`;
    this.#reflector = new Reflector({
      server,
      clock,
      locate: async () => collectionPath(configMaps, namespace),
      labels: `${replicaLabel}=${revision}`,
      onReplace: (objects) => {
        const there = new Set(objects.map(identityOf));
        for (const other of [...this.#neighbours.keys()]) if (!there.has(other)) this.#forget(other);
        for (const object of objects) this.#hear(object);
      },
      onEvents: (events) => {
        for (const { type, object } of events)
          if (type === 'DELETED') this.#forget(identityOf(object));
          else this.#hear(object);
      },
      onState: () => {},
    });
  }

  say(topic: string, word: unknown): void {
    const whole = word === undefined ? undefined : JSON.stringify(word);
    const text = whole === undefined || whole.length > longestWord ? undefined : whole;
    if (this.#words.get(topic) === text || this.#isClosed) return;
    if (text === undefined) this.#words.delete(topic);
    else this.#words.set(topic, text);
    this.#isDirty = true;
    this.#writeIn(Math.max(0, this.#restsUntil - this.#options.clock.now()));
  }

  heard(topic: string): ReadonlyMap<string, unknown> {
    return new Map([...this.#neighbours].map(([identity, { words }]) => [identity, words[topic]]));
  }

  findings(): readonly Finding[] {
    if (this.#failure === undefined) return [];
    const object = { kind: 'ConfigMap', namespace: this.#options.namespace, name: this.#name };
    return [finding('ISTH1520', { object, message: `${this.#failure}.` })];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    await this.#writing;
    await this.#reflector.close();
    for (const { forget } of this.#neighbours.values()) forget();
    this.#neighbours.clear();
    if (this.#beats > 0) await this.#delete(this.#name);
  }

  #writeIn(ms: number): void {
    if (this.#writing !== undefined || this.#isClosed) return;
    this.#cancel?.();
    this.#cancel = this.#options.clock.after(ms, () => {
      this.#writing = this.#write().then((pause) => {
        this.#writing = undefined;
        this.#restsUntil = this.#options.clock.now() + pause;
        this.#writeIn(this.#isDirty ? pause : beatMs);
      });
    });
  }

  /** Gives for how long there is to be no other one. */
  async #write(): Promise<number> {
    const { server, namespace, revision, identity } = this.#options;
    this.#isDirty = false;
    this.#beats++;
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: this.#name,
        namespace,
        labels: { [managedByLabel]: ownManager, [replicaLabel]: revision },
        annotations: { [identityAnnotation]: identity, [aliveAnnotation]: String(this.#beats) },
      },
      data: Object.fromEntries(this.#words),
    };
    const query = new URLSearchParams({ fieldManager: `${ownName(revision)}-replica`, force: 'true' });
    const path = `${objectPath(configMaps, { namespace, name: this.#name })}?${query}`;
    try {
      await server.send({ method: 'PATCH', path, body, contentType: serverSideApply });
      this.#failure = undefined;
      this.#failures = 0;
      return pauseMs;
    } catch (error) {
      this.#failure = messageOf(error);
      this.#isDirty = true;
      const asked = error instanceof ApiFailure ? (error.retryAfterMs ?? 0) : 0;
      return Math.max(pauseAfter(this.#failures++, retryPauses), asked);
    }
  }

  #hear(object: unknown): void {
    const identity = identityOf(object);
    const metadata = fieldOf(object, 'metadata');
    const [name, version] = [textOf(metadata, 'name'), textOf(metadata, 'resourceVersion')];
    if (name === undefined || version === undefined || identity === this.#options.identity) return;
    const known = this.#neighbours.get(identity);
    // Read again and not written since is no sign of life.
    if (known?.version === version) return;
    known?.forget();
    const forget = this.#options.clock.after(silentMs, () => {
      this.#neighbours.delete(identity);
      if (this.#options.isWriter()) void this.#delete(name);
    });
    this.#neighbours.set(identity, { name, version, words: wordsIn(object), forget });
  }

  #forget(identity: string): void {
    this.#neighbours.get(identity)?.forget();
    this.#neighbours.delete(identity);
  }

  /** One that stays is silent, and somebody's turn another time. */
  async #delete(name: string): Promise<void> {
    const { server, namespace } = this.#options;
    await server.send({ method: 'DELETE', path: objectPath(configMaps, { namespace, name }) }).catch(() => {});
  }
}

function identityOf(object: unknown): string {
  return textOf(fieldOf(fieldOf(object, 'metadata'), 'annotations'), identityAnnotation) ?? '';
}

function wordsIn(object: unknown): Readonly<Record<string, unknown>> {
  const data = fieldOf(object, 'data');
  const entries = typeof data === 'object' && data !== null ? Object.entries(data) : [];
  return Object.fromEntries(entries.map(([topic, text]) => [topic, parsed(text)]));
}

function parsed(text: unknown): unknown {
  try {
    const value: unknown = JSON.parse(String(text));
    return value;
  } catch {
    return undefined;
  }
}
