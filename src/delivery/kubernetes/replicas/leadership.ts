/**
 * Which replica writes: the one that holds a Lease of Kubernetes (coordination.k8s.io/v1).
 *
 *   watch of the Lease --> held by another: a timer for when it may have given up --> take it
 *                     `--> ours or nobody's: take it, renew it
 *
 * All times are measured by clocks of this machine alone, from the moment at which something was seen here: what other machines
 * wrote for a time is never compared. A holder takes itself for the writer for `renewDeadlineMs` from before its last renewal
 * was asked for, and not a moment longer, whatever stood still meanwhile; another one takes over `leaseMs` after it saw that
 * renewal. What never happens: two that take themselves for the writer.
 *
 * What the server says when it is asked is never older than what was seen before, unless its store was put back to an earlier
 * state: it is taken then all the same, and all that is followed is read anew.
 */

import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { collectionPath, objectPath } from '../../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import { leases } from '../../../kubernetes-api/built-in-collections.ts';
import { Reflector } from '../../../kubernetes-api/reflector.ts';
import { isNewerVersion, isOlderVersion } from '../../../kubernetes-api/resource-version.ts';
import type { Clock } from '../../../model/clock.ts';
import { messageOf } from '../../../model/errors.ts';
import { type Finding, finding } from '../../../model/finding.ts';
import type { ReflectorSight } from '../../../model/reflector-sight.ts';
import { type HeldLease, leaseObject, readLease } from './lease-object.ts';
import type { Writership } from './writership.ts';

/** As controller-runtime has them. */
const leaseTimes = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 } as const;

export interface LeaseTimes {
  /** How long the others wait for a holder that says nothing. */
  readonly leaseMs: number;
  /** How long a holder takes itself for the holder without being told so by the server. */
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
}

export interface LeadershipOptions {
  readonly server: ApiServer;
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Of the control plane that the replicas are of. */
  readonly revision: string;
  /** Of this replica; no other one has it. */
  readonly identity: string;
  /** `after` for pauses, `now` for what is written. */
  readonly clock: Clock;
  /** Milliseconds since anything; goes on while the process, or the machine, stands still, and is never set. */
  readonly steady: () => number;
  readonly times?: LeaseTimes;
  /** Told when the store of the API server was put back to an earlier state. */
  readonly onRestored?: () => void;
}

/** Of our own lease time, what another holder may ask for. */
const mostLeases = 4;

/** What is known of the Lease. */
interface Sight {
  readonly lease: HeldLease;
  /** By `steady`: when this state of it was seen first. */
  readonly at: number;
}

export class Leadership implements Writership {
  readonly #options: LeadershipOptions;
  readonly #times: LeaseTimes;
  readonly #listeners = new Set<(isWriter: boolean) => void>();
  readonly #reflector: Reflector;
  #sight: Sight | undefined;
  /** Of the Lease, the latest that was seen. */
  #newest: string | undefined;
  /** By `steady`: until when we are the writer. */
  #until = Number.NEGATIVE_INFINITY;
  #wasWriter = false;
  #isClosed = false;
  #failure: string | undefined;
  #asking: Promise<void> | undefined;
  #cancelTurn: () => void = () => {};
  #cancelEnd: () => void = () => {};

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#times = options.times ?? leaseTimes;
    const { server, namespace, name, clock } = options;
    this.#reflector = new Reflector({
      server,
      // One object: RBAC can name it.
      locate: async () => collectionPath(leases, namespace),
      fields: `metadata.name=${name}`,
      clock,
      onReplace: ([object]) => (object === undefined ? this.#miss() : this.#see(object)),
      onEvents: (events) => {
        for (const { type, object } of events) type === 'DELETED' ? this.#miss() : this.#see(object);
      },
      onState: () => {},
    });
    this.#turnIn(0);
  }

  get isWriter(): boolean {
    return this.#options.steady() < this.#until;
  }

  /** Who is the writer, as far as this replica knows; empty where nobody is. */
  get holder(): string {
    return this.#sight?.lease.holder ?? '';
  }

  get sight(): ReflectorSight {
    return { purpose: 'state', kind: 'Lease', ...this.#reflector.sight };
  }

  onChange(listener: (isWriter: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  findings(): readonly Finding[] {
    if (this.#failure === undefined) return [];
    const { namespace, name } = this.#options;
    const object = { kind: 'Lease', namespace, name };
    // A Lease is made where its namespace is: the API server names no other thing that were missing.
    const isHomeless = this.#failure.startsWith(`namespaces "${namespace}" not found`);
    if (!isHomeless) return [finding('ISTH1501', { object, message: this.#failure })];
    const message = `Namespace ${namespace}, which is ours, is not there: no replica writes.`;
    return [finding('ISTH1501', { object, message, remedy: `Create it: kubectl create namespace ${namespace}.` })];
  }

  /** Gives the lease up where it is ours, so that another one takes over at once. Whoever writes has to have stopped before. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTurn();
    await this.#asking;
    await this.#reflector.close();
    const held = this.#sight?.lease;
    const isOurs = this.isWriter && held !== undefined;
    this.#end();
    if (isOurs) await this.#write({ ...held, holder: '', leaseMs: 1_000 }).catch(() => {});
  }

  #end(): void {
    this.#cancelEnd();
    this.#until = Number.NEGATIVE_INFINITY;
    this.#tell();
  }

  #tell(): void {
    const { isWriter } = this;
    if (isWriter === this.#wasWriter) return;
    this.#wasWriter = isWriter;
    for (const listener of [...this.#listeners]) listener(isWriter);
  }

  /** What the server has, from a watch or an answer; in both cases not older than what was known, or of no harm. */
  #see(object: unknown): void {
    const lease = readLease(object);
    if (!isNewerVersion(lease.version, this.#sight?.lease.version)) return;
    if (isNewerVersion(lease.version, this.#newest)) this.#newest = lease.version;
    this.#sight = { lease, at: this.#options.steady() };
    if (lease.holder !== this.#options.identity) {
      // Somebody took it from us, though nobody may: what is certain is that it is not ours.
      if (this.isWriter) this.#end();
      this.#turnIn(lease.holder === '' ? 0 : this.#longestSilence(lease));
    }
  }

  /** What was asked for when `newest` was the latest that had been seen. */
  #hear(answer: unknown, newest: string | undefined): void {
    const { version } = readLease(answer);
    if (version !== undefined && newest !== undefined && isOlderVersion(version, newest)) this.#forget();
    this.#see(answer);
  }

  /** The store was put back. Whoever held the Lease in that state may take itself for the writer. */
  #forget(): void {
    this.#end();
    this.#newest = undefined;
    this.#sight = undefined;
    this.#options.onRestored?.();
  }

  /** Somebody deleted it: whoever held it may not know of that yet. */
  #miss(): void {
    if (this.#sight === undefined) return;
    const isOurs = this.#sight.lease.holder === this.#options.identity;
    this.#sight = { ...this.#sight, lease: { ...this.#sight.lease, version: undefined } };
    this.#turnIn(isOurs ? 0 : this.#longestSilence(this.#sight.lease));
  }

  /**
   * Of a holder, in milliseconds. A replica of ours writes how long it may be silent, of whatever version it is; what is a
   * multiple of our own is a mistake, or an attack, and would leave the cluster without a writer.
   */
  #longestSilence({ leaseMs }: HeldLease): number {
    return Math.min(leaseMs, this.#times.leaseMs * mostLeases);
  }

  #turnIn(ms: number): void {
    this.#cancelTurn();
    if (this.#isClosed) return;
    this.#cancelTurn = this.#options.clock.after(ms, () => {
      this.#asking ??= this.#turn().finally(() => {
        this.#asking = undefined;
      });
    });
  }

  async #turn(): Promise<void> {
    let wait = this.#times.retryMs;
    // One that ended meanwhile is told of, also where it begins again at once: somebody may have written in between.
    this.#tell();
    try {
      wait = (await this.#takeOrRenew()) ?? wait;
      this.#failure = undefined;
    } catch (error) {
      this.#failure = messageOf(error);
    }
    this.#tell();
    this.#turnIn(wait);
  }

  /** Gives how long to wait for another one; undefined where it is ours, or was anybody's. */
  async #takeOrRenew(): Promise<number | undefined> {
    const { identity } = this.#options;
    // What is ours needs no look: the version says whether it still is.
    if (!this.isWriter || this.#sight?.lease.version === undefined) await this.#look();
    const { lease, at = 0 } = this.#sight ?? {};
    if (lease !== undefined && lease.holder !== '' && lease.holder !== identity) {
      const left = at + this.#longestSilence(lease) - this.#options.steady();
      if (left > 0) return left;
    }
    const isOurs = lease?.holder === identity;
    const stamp = new Date(this.#options.clock.now()).toISOString();
    await this.#hold({
      version: lease?.version,
      holder: identity,
      leaseMs: this.#times.leaseMs,
      acquired: isOurs ? lease.acquired : stamp,
      renewed: stamp,
      transitions: (lease?.transitions ?? 0) + (isOurs || lease === undefined ? 0 : 1),
    });
    return undefined;
  }

  /** From before it was asked for: when the server took it is not known. */
  async #hold(lease: HeldLease): Promise<void> {
    const asked = this.#options.steady();
    try {
      await this.#write(lease);
    } catch (error) {
      // Somebody was first, with this or with something else of the object: the next turn goes by what there is now. Where it
      // cannot be made, its namespace is not there.
      const isOvertaken = error instanceof ApiFailure && (error.status === 409 || error.isAbsent);
      if (!isOvertaken || (error.isAbsent && lease.version === undefined)) throw error;
      await this.#look();
      return;
    }
    this.#until = asked + this.#times.renewDeadlineMs;
    this.#cancelEnd();
    this.#cancelEnd = this.#options.clock.after(Math.max(0, this.#until - this.#options.steady()), () => this.#tell());
  }

  async #look(): Promise<void> {
    const { server, namespace, name } = this.#options;
    const newest = this.#newest;
    try {
      this.#hear(await server.get(objectPath(leases, { namespace, name }), this.#signal()), newest);
    } catch (error) {
      if (!(error instanceof ApiFailure && error.isAbsent)) throw error;
      this.#miss();
    }
  }

  async #write(lease: HeldLease): Promise<void> {
    const { server, namespace, name, revision } = this.#options;
    const body = leaseObject({ namespace, name }, lease, revision);
    const isNew = lease.version === undefined;
    const newest = this.#newest;
    const answer = await server.send(
      {
        method: isNew ? 'POST' : 'PUT',
        path: isNew ? collectionPath(leases, namespace) : objectPath(leases, { namespace, name }),
        body,
      },
      this.#signal(),
    );
    this.#hear(answer, newest);
  }

  /** What takes longer is asked anew. */
  #signal(): AbortSignal {
    const { renewDeadlineMs, retryMs } = this.#times;
    return AbortSignal.timeout(Math.min(renewDeadlineMs, retryMs * 2));
  }
}
