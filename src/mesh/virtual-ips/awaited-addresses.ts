/** Whether the virtual IP of a host is still to be told: until then, nobody can say where it is called. */
import type { Collection, Context } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { Service, ServiceKey } from '../../model/service.ts';
import type { VirtualIpLease } from '../../model/virtual-ip.ts';
import { meshKey } from '../settings.ts';
import { wantsVirtualIp } from './virtual-ip-claims.ts';
import { ipv4Pool, ipv6Pool } from './virtual-ip-pool.ts';
import type { VirtualIpRanges } from './virtual-ips.ts';

interface Tables {
  readonly leases: Collection<VirtualIpLease>;
  /** Hosts for whom there is no address, as who gives addresses knows. */
  readonly addressless: Collection<ServiceKey>;
  readonly virtualIpRanges: Collection<VirtualIpRanges>;
}

export function awaitedAddresses(
  engine: Engine,
  { leases, addressless, virtualIpRanges }: Tables,
): (service: Service, context: Context) => boolean {
  const inUse = engine.map('ranges with addresses', virtualIpRanges, (ranges) =>
    ipv4Pool(ranges.ipv4).size + ipv6Pool(ranges.ipv6).size > 0 ? true : undefined,
  );
  return (service, context) =>
    wantsVirtualIp(service) &&
    context.get(leases, service.key)?.state !== 'bound' &&
    context.get(addressless, service.key) === undefined &&
    context.get(inUse, meshKey) !== undefined;
}
