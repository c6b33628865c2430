/** Leases of virtual IPs in a cluster: AddressLeases, which the writer among the replicas decides about. */

import { AddressLeases } from '../../delivery/kubernetes/records/address-leases.ts';
import { awaitedLeaseFindings } from '../../delivery/kubernetes/records/awaited-leases.ts';
import type { Writership } from '../../delivery/kubernetes/replicas/writership.ts';
import type { LeaseEvents } from '../../delivery/lease-store.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { IsthmusError } from '../../model/errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { ReflectorSight } from '../../model/reflector-sight.ts';
import type { ServiceKey } from '../../model/service.ts';
import type { KeptLeases, LeasePlace } from '../keeping/lease-place.ts';
import type { Pipeline } from '../pipeline.ts';

export interface ClusterLeasesOptions {
  /** What is sent is refused unless this replica is the writer. */
  readonly server: ApiServer;
  readonly revision: string;
  readonly writership: Writership & { readonly holder: string };
  /** Of the start, for addresses that another replica is to give. */
  readonly waitMs: number;
  /** Whether no object that may name the address of a host that is gone is held in the cluster. */
  readonly mayReuse?: () => boolean;
  /** Ends a start that waits for the API server. */
  readonly signal: AbortSignal;
}

/**
 * They may be read before there is anything that claims an address: what is known together is derived once, and not first
 * without addresses.
 */
export class ClusterLeases implements LeasePlace {
  readonly isShared = true;
  readonly #options: ClusterLeasesOptions;
  #kept: AddressLeases | undefined;

  constructor(options: ClusterLeasesOptions) {
    this.#options = options;
  }

  get writership(): Writership {
    return this.#options.writership;
  }

  reflectors(): readonly ReflectorSight[] {
    return this.#kept === undefined ? [] : [this.#kept.sight];
  }

  readonly mayReuse = (): boolean => this.#options.mayReuse?.() ?? true;

  get waitMs(): number {
    return this.#options.waitMs;
  }

  /** Begins to read. */
  begin({ engine, mesh, leases }: Pipeline): AddressLeases {
    const { server, revision } = this.#options;
    this.#kept ??= new AddressLeases({
      server,
      revision,
      table: leases,
      batch: (change) => engine.batch(change),
      isClaimed: (key) => mesh.virtualIpClaims.has(key),
    });
    return this.#kept;
  }

  async open(pipeline: Pipeline, events: LeaseEvents): Promise<KeptLeases> {
    const { signal } = this.#options;
    const kept = this.begin(pipeline);
    await Promise.race([kept.read, aborted(signal)]);
    if (signal.aborted) {
      await kept.close();
      throw new IsthmusError('UNAVAILABLE', 'It was stopped before the AddressLeases were read.');
    }
    kept.tell(events);
    return kept;
  }

  waiting(hosts: readonly ServiceKey[]): readonly Finding[] {
    return awaitedLeaseFindings(hosts, this.#options.writership);
  }

  async close(): Promise<void> {
    await this.#kept?.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
