/** PROVISIONAL: addresses by hash, in memory only, until the lease book is there. */
import { createHash } from 'node:crypto';
import type { Finding } from '../model/finding.ts';
import type { VirtualIpLease } from '../model/virtual-ip.ts';
import type { Logger } from '../operations/log.ts';
import { sortedValues } from './admin-views.ts';
import type { Pipeline } from './pipeline.ts';

export interface LeaseKeeping {
  all(): readonly VirtualIpLease[];
  findings(): readonly Finding[];
  settled(): Promise<void>;
  close(): Promise<void>;
}

export function allocateForOffline(pipeline: Pipeline): void {
  pipeline.engine.sink(pipeline.mesh.virtualIpClaims, (diff) =>
    pipeline.engine.batch(() => {
      for (const { key, after } of diff) {
        if (after === undefined) pipeline.leases.delete(key);
        else {
          const hash = createHash('sha256').update(key).digest();
          pipeline.leases.set({
            key: after.key,
            ipv4: `127.241.${hash[0]}.${((hash[1] ?? 0) % 254) + 1}`,
            state: 'bound',
            since: 0,
          });
        }
      }
    }),
  );
}

export async function startLeaseKeeping(pipeline: Pipeline, _folder: string, _log: Logger): Promise<LeaseKeeping> {
  allocateForOffline(pipeline);
  return {
    all: () => sortedValues(pipeline.leases),
    findings: () => [],
    settled: async () => {},
    close: async () => {},
  };
}
