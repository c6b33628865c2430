/**
 * metaproxy: an xDS client, or a bootstrap file, in front of a data plane.
 *
 *   bootstrap file ----resources----+
 *                                   +--> data plane (one a worker) <--bytes--> callers and upstreams
 *   control plane --ADS--> client --+        |
 *                                            +--> admin address: what it runs with, what it counts
 *
 * A control plane that dies or talks nonsense changes nothing: the last good configuration stays in force.
 */

import { IsthmusError } from '../model/errors.ts';
import { type Bootstrap, readBootstrap } from './config/bootstrap.ts';
import { defaultProxyLimits, type ProxyLimits } from './connections/runtime.ts';
import { DataPlane } from './data-plane.ts';
import { BucketStore } from './filters/token-buckets.ts';

export interface MetaproxyOptions {
  /** A parsed Envoy bootstrap file. */
  readonly bootstrap?: unknown;
  readonly limits?: Partial<ProxyLimits>;
}

export interface Metaproxy {
  /** Lets requests in flight finish, at most for the drain time of the limits, then closes everything. */
  stop(): Promise<void>;
}

/** Resolves when the configuration that is at hand is in force. Rejects with IsthmusError. */
export async function startMetaproxy(options: MetaproxyOptions): Promise<Metaproxy> {
  const bootstrap: Bootstrap | undefined =
    options.bootstrap === undefined ? undefined : readBootstrap(options.bootstrap);
  const plane = new DataPlane({
    limits: { ...defaultProxyLimits, ...options.limits },
    bucketMemory: BucketStore.memory(),
    sharedAddresses: false,
  });
  const { rejections } = await plane.apply(bootstrap?.resources ?? []);
  const [first] = rejections;
  if (first !== undefined) {
    plane.destroy();
    throw new IsthmusError('CONFIG_REJECTED', `${first.kind} ${first.name}: ${first.reason}`);
  }
  return { stop: () => plane.stop() };
}
