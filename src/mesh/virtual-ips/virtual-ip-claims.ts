/** Which services want a virtual IP, and which addresses are taken because somebody wrote them. */
import type { Collection } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { Service, ServiceKey } from '../../model/service.ts';
import { byPrecedence, type ServiceDeclaration } from '../services/declarations.ts';
import { type Sharing, sharing } from './shared-addresses.ts';

export interface VirtualIpClaim {
  readonly key: ServiceKey;
}

/** One address or CIDR, as written, and the services it was written for; sorted. */
export interface ReservedAddress extends Sharing {
  readonly address: string;
  readonly services: readonly ServiceKey[];
}

/** Keyed by service key. */
export function virtualIpClaims(engine: Engine, services: Collection<Service>): Collection<VirtualIpClaim> {
  return engine.map('virtual ip claims', services, (service) =>
    wantsVirtualIp(service) ? { key: service.key } : undefined,
  );
}

/**
 * A host that callers dial by name, without an address of its own. A Kubernetes Service has none where no API server
 * gave it one, which is so in files; one that is an external name is a name only. A wildcard has no one address; and with
 * resolution `none` a call goes to the address that the caller chose.
 */
export function wantsVirtualIp(service: Service): boolean {
  return (
    service.addresses.length === 0 &&
    !isExternalName(service) &&
    !service.headless &&
    service.resolution !== 'none' &&
    !service.host.startsWith('*')
  );
}

function isExternalName({ provenance, resolution }: Service): boolean {
  return provenance.source === 'kubernetes' && resolution === 'dns';
}

/** Keyed by the address as written. What lost to another declaration is reserved too: it may win tomorrow. */
export function reservedAddresses(
  engine: Engine,
  declarations: Collection<ServiceDeclaration>,
): Collection<ReservedAddress> {
  return engine.groupBy(
    'reserved addresses',
    declarations,
    ({ service, allocated }) => (allocated === undefined ? service.addresses : [...service.addresses, ...allocated]),
    (address, members, context) => {
      const services = [...new Set(members.map((member) => member.service.key))].sort();
      const served = members.filter(({ service }) => service.addresses.includes(address));
      return { address, services, ...sharing(address, served.toSorted(byPrecedence), context) };
    },
  );
}
