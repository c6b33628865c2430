/**
 * Local rate limits that nobody enforces: each proxy beside a workload counts for its own, so where none stands requests
 * pass unlimited, which nobody would see otherwise.
 */
import type { Collection, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { EndpointGroup } from '../../model/endpoint.ts';
import { finding } from '../../model/finding.ts';
import type { MeshService } from '../../model/mesh-service.ts';

interface Tables {
  readonly meshServices: Collection<MeshService>;
  readonly groupsByService: Index<EndpointGroup>;
  /** Keyed by address. */
  readonly proxyAddresses: Collection<string>;
}

/** Reports on the MetaRouter, once for each service that it limits. */
export function reportUnguardedLimits(engine: Engine, tables: Tables): void {
  engine.map('unguarded limits', tables.meshServices, ({ service, ports }, context) => {
    const limited = ports.filter(({ routes }) => routes?.localRateLimit !== undefined);
    const [origin] = limited.flatMap(({ routes }) => routes?.origin ?? []);
    if (origin === undefined) return undefined;
    const numbers = new Set(limited.map(({ port }) => port.number));
    const groups = context.lookup(tables.groupsByService, service.key).filter(({ port }) => numbers.has(port));
    const addresses = new Set(groups.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)));
    const bare = [...addresses].filter((address) => context.get(tables.proxyAddresses, address) === undefined);
    if (bare.length === 0) return undefined;
    const some = bare.toSorted().slice(0, shown).join(', ');
    const message = `No proxy stands at ${bare.length} of ${addresses.size} endpoints of ${service.host} (${some}${bare.length > shown ? ', ...' : ''}): spec.localRateLimit is not enforced there.`;
    context.report(finding('ISTH0710', { ...origin, path: 'spec.localRateLimit', message }));
    return undefined;
  });
}

const shown = 3;
