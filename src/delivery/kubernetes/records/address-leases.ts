/**
 * Leases of virtual IPs in the API server: an AddressLease for each, which every replica follows, and the writer writes.
 *
 *   watch --> view --> leases table --> mesh                    on every replica
 *   changes of the book --> create, patch, delete --> view      on the writer, before anybody uses the address
 *
 * An object is named after its address, so that the API server refuses to give one twice, whoever writes. One that somebody
 * deleted while its host is there stays in force, and is written again. What never happens: a lease in use that moves, or goes
 * because it could not be seen; a change of an object that this control plane did not write.
 */

import type { Table } from '../../../collections/collection.ts';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { collectionPath, objectPath } from '../../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import { fieldOf, textOf } from '../../../kubernetes-api/plain-fields.ts';
import { Reflector, type ReflectorState } from '../../../kubernetes-api/reflector.ts';
import { pauseAfter } from '../../../model/back-off.ts';
import { type Clock, systemClock } from '../../../model/clock.ts';
import { type Finding, finding } from '../../../model/finding.ts';
import type { ReflectorSight } from '../../../model/reflector-sight.ts';
import type { ServiceKey } from '../../../model/service.ts';
import type { LeaseChange, VirtualIpLease } from '../../../model/virtual-ip.ts';
import { type LeaseEvents, type LeaseStore, LeasesMoved } from '../../lease-store.ts';
import { inParallel } from '../queue/parallel-work.ts';
import {
  type AddressLease,
  addressLeaseObject,
  addressLeases,
  leaseName,
  readAddressLease,
  specOf,
} from './address-lease.ts';
import { AddressLeaseView } from './address-lease-view.ts';

export interface AddressLeasesOptions {
  /** What is sent is refused unless this replica is the writer. */
  readonly server: ApiServer;
  readonly revision: string;
  readonly table: Table<VirtualIpLease>;
  readonly batch: (change: () => void) => void;
  /** Whether there is such a host, which wants an address. */
  readonly isClaimed: (key: ServiceKey) => boolean;
  readonly clock?: Clock;
}

const untold: LeaseEvents = { onMoved: () => {}, onLost: () => {} };

const writesAtOnce = 32;
/** Of one batch: where more are refused, the rest waits with them. */
const mostRefusals = 20;

/** Where a server that has much to do does not say when to come again. */
const busyPauses = { firstMs: 500, longestMs: 5_000 };

export class AddressLeases implements LeaseStore {
  readonly #options: AddressLeasesOptions;
  readonly #view = new AddressLeaseView();
  /** In force without an object. */
  readonly #lost = new Map<ServiceKey, VirtualIpLease>();
  /** On their way to the API server, by name: what a watch tells of them is nothing new. */
  readonly #sent = new Map<string, VirtualIpLease>();
  readonly #reflector: Reflector;
  /** Of the API server, that the versions are of. */
  #history: number | undefined;
  readonly #read = Promise.withResolvers<void>();
  #events = untold;
  #state: ReflectorState = { state: 'syncing', reason: '' };

  constructor(options: AddressLeasesOptions) {
    this.#options = options;
    this.#reflector = new Reflector({
      server: options.server,
      locate: async () => collectionPath(addressLeases),
      clock: options.clock ?? systemClock,
      onReplace: (objects) => this.#replace(objects),
      onEvents: (events) =>
        this.#follow(() =>
          events.flatMap(({ type, object }) => (type === 'DELETED' ? this.#drop(object) : this.#take(object))),
        ),
      onState: (state) => {
        this.#state = state;
      },
    });
  }

  /** Resolves when all there are were read once. */
  get read(): Promise<void> {
    return this.#read.promise;
  }

  /** Nobody is told of anything before; what was lost until then is in `lost`. */
  tell(events: LeaseEvents): void {
    this.#events = events;
  }

  leases(): ReadonlyMap<string, VirtualIpLease> {
    const leases = new Map(this.#lost);
    for (const key of this.#view.hosts()) {
      const lease = this.#view.of(key)?.lease;
      if (lease !== undefined) leases.set(key, lease);
    }
    return leases;
  }

  isOurs(key: ServiceKey): boolean {
    const object = this.#view.of(key);
    return object === undefined || this.#isOurs(object);
  }

  /** Addresses that nobody may be given, beside those of leases. */
  reserved(): ReadonlyMap<string, readonly ServiceKey[]> {
    return this.#view.reserved();
  }

  /** To be written again, by who has become the writer. */
  lost(): readonly LeaseChange[] {
    return [...this.#lost].map(([key, lease]) => ({ key, lease }));
  }

  async append(changes: readonly LeaseChange[]): Promise<void> {
    const wanted = new Map(changes.map(({ key, lease }) => [key, lease]));
    const kept = [...wanted.values()].filter((lease) => lease !== undefined);
    // Whose address another one is given has to give it up first; a host that is there is never without one.
    const renamed = kept.filter((lease) => this.#formerOf(lease) !== undefined);
    const gone = [...wanted].filter(([, lease]) => lease === undefined).flatMap(([key]) => this.#view.of(key) ?? []);
    const first = renamed.filter(({ state }) => state === 'tombstone').flatMap((lease) => this.#formerOf(lease) ?? []);
    const last = renamed.filter(({ state }) => state === 'bound').flatMap((lease) => this.#formerOf(lease) ?? []);
    await inParallel([...gone, ...first], writesAtOnce, (object) => this.#delete(object));
    let hasMoved = false;
    const write = async (lease: VirtualIpLease): Promise<void> => {
      if (!(await this.#write(lease))) hasMoved = true;
    };
    await inParallel(kept, writesAtOnce, write, areOfTheirObjects);
    if (hasMoved) throw new LeasesMoved('other AddressLeases were written meanwhile');
    await inParallel(last, writesAtOnce, (object) => this.#delete(object));
  }

  findings(failure: string | undefined): readonly Finding[] {
    const object = { kind: 'AddressLease', name: '' };
    const { state, reason } = this.#state;
    const blind =
      state === 'live' || state === 'syncing' ? [] : [finding('ISTH1502', { object, message: `${reason}.` })];
    const unwritten = failure === undefined ? [] : [finding('ISTH1502', { object, message: `${failure}.` })];
    return [...(blind.length > 0 ? blind : unwritten), ...this.#view.findings()];
  }

  get sight(): ReflectorSight {
    return { purpose: 'state', kind: 'AddressLease', ...this.#reflector.sight };
  }

  async close(): Promise<void> {
    await this.#reflector.close();
  }

  /** The object of a host whose lease is to have another name. */
  #formerOf(lease: VirtualIpLease): AddressLease | undefined {
    const known = this.#view.of(lease.key);
    return known?.name === leaseName(lease) ? undefined : known;
  }

  /** False where it is not to be had: what is kept is known then. */
  async #write(lease: VirtualIpLease): Promise<boolean> {
    const name = leaseName(lease);
    const known = this.#view.get(name);
    this.#sent.set(name, lease);
    try {
      if (known === undefined) await this.#create(lease);
      else if (known.lease?.key !== lease.key || this.#view.of(lease.key) !== known) return false;
      else if (isSame(known.lease, lease) || !this.#isOurs(known)) return true;
      else await this.#patch(known, lease);
      return true;
    } catch (error) {
      if (!(error instanceof ApiFailure && (error.status === 409 || error.isAbsent))) throw error;
      if (!(await this.#look(name)) && error.isAbsent) throw error;
      const found = this.#view.get(name)?.lease;
      return found !== undefined && isSame(found, lease);
    } finally {
      this.#sent.delete(name);
    }
  }

  async #create(lease: VirtualIpLease): Promise<void> {
    const { server, revision } = this.#options;
    const path = collectionPath(addressLeases);
    const answer = await this.#patiently(() =>
      server.send({ method: 'POST', path, body: addressLeaseObject(lease, revision) }),
    );
    this.#follow(() => this.#take(answer));
  }

  async #patch({ name, version }: AddressLease, lease: VirtualIpLease): Promise<void> {
    const answer = await this.#patiently(() =>
      this.#options.server.send({
        method: 'PATCH',
        path: objectPath(addressLeases, { name }),
        contentType: 'application/merge-patch+json',
        body: { metadata: { resourceVersion: version }, spec: specOf(lease) },
      }),
    );
    this.#follow(() => this.#take(answer));
  }

  async #delete(object: AddressLease): Promise<void> {
    if (!this.#isOurs(object)) return;
    const { name, uid, version } = object;
    try {
      await this.#patiently(() =>
        this.#options.server.send({
          method: 'DELETE',
          path: objectPath(addressLeases, { name }),
          body: { preconditions: { uid, resourceVersion: version } },
        }),
      );
    } catch (error) {
      if (!(error instanceof ApiFailure && (error.status === 409 || error.isAbsent))) throw error;
      if (error.status === 409) {
        await this.#look(name);
        throw new LeasesMoved(`AddressLease ${name} was changed meanwhile`);
      }
    }
    this.#follow(() => this.#view.drop(name, uid));
  }

  /** What there is of that name now; false where there is nothing. */
  async #look(name: string): Promise<boolean> {
    try {
      const answer = await this.#options.server.get(objectPath(addressLeases, { name }));
      this.#follow(() => this.#take(answer));
      return true;
    } catch (error) {
      if (!(error instanceof ApiFailure && error.isAbsent)) throw error;
      this.#follow(() => this.#view.drop(name, undefined));
      return false;
    }
  }

  /** A server that has much to do says when to come again. */
  async #patiently(ask: () => Promise<unknown>): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        const isBusy = error instanceof ApiFailure && error.status === 429 && attempt < 5;
        if (!isBusy) throw error;
        const { promise, resolve } = Promise.withResolvers<void>();
        const ms = error.retryAfterMs ?? pauseAfter(attempt - 1, busyPauses);
        (this.#options.clock ?? systemClock).after(ms, resolve);
        await promise;
      }
    }
  }

  #isOurs({ revision }: AddressLease): boolean {
    return revision === this.#options.revision;
  }

  #take(object: unknown, isOtherHistory = false): readonly ServiceKey[] {
    const taken = readAddressLease(object);
    return taken === undefined ? [] : this.#view.take(taken, isOtherHistory);
  }

  #drop(object: unknown): readonly ServiceKey[] {
    const metadata = fieldOf(object, 'metadata');
    return this.#view.drop(textOf(metadata, 'name') ?? '', textOf(metadata, 'uid'));
  }

  #replace(objects: readonly unknown[]): void {
    const { history } = this.#options.server;
    const isOtherHistory = history !== this.#history;
    this.#history = history;
    this.#follow(() => {
      const names = new Set(objects.map((object) => textOf(fieldOf(object, 'metadata'), 'name')));
      const missing = [...this.#view.objects()].filter(({ name }) => !names.has(name));
      return [
        ...missing.flatMap(({ name, uid }) => this.#view.drop(name, uid)),
        ...objects.flatMap((object) => this.#take(object, isOtherHistory)),
      ];
    });
    this.#read.resolve();
  }

  /** Brings the table to what the view has after a change. */
  #follow(change: () => readonly ServiceKey[]): void {
    const { table, batch, isClaimed } = this.#options;
    const lost: LeaseChange[] = [];
    let hasMoved = false;
    const concerned = change();
    if (concerned.length === 0) return;
    batch(() => {
      for (const key of concerned) {
        const lease = this.#view.of(key)?.lease;
        const before = this.#lost.get(key) ?? table.get(key);
        if (lease === undefined && before?.state === 'bound' && isClaimed(key)) {
          this.#lost.set(key, before);
          lost.push({ key, lease: before });
          continue;
        }
        this.#lost.delete(key);
        if (lease === undefined) table.delete(key);
        else table.set(lease);
        if (before === undefined || lease === undefined || !isSame(before, lease)) hasMoved ||= !this.#isSent(lease);
      }
    });
    if (lost.length > 0) this.#events.onLost(lost);
    if (hasMoved) this.#events.onMoved();
  }

  #isSent(lease: VirtualIpLease | undefined): boolean {
    if (lease === undefined) return true;
    const sent = this.#sent.get(leaseName(lease));
    return sent !== undefined && isSame(sent, lease);
  }
}

/** Refusals that say nothing of other objects, as by a policy: those are written all the same, as long as it is a few. */
function areOfTheirObjects(failures: readonly unknown[]): boolean {
  const isOfObject = (failure: unknown): boolean =>
    failure instanceof ApiFailure && (failure.isForbidden || failure.isRefused);
  return failures.length <= mostRefusals && failures.every(isOfObject);
}

function isSame(a: VirtualIpLease, b: VirtualIpLease): boolean {
  return a.key === b.key && a.ipv4 === b.ipv4 && a.ipv6 === b.ipv6 && a.state === b.state && a.since === b.since;
}
