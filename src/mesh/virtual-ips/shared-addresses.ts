/**
 * One address that is written for several hosts. They share it where their ports differ, and at a port of TLS by the name
 * that a caller asks for; otherwise the first has it.
 */
import type { Collection, Context } from '../../collections/collection.ts';
import { finding } from '../../model/finding.ts';
import type { MeshService } from '../../model/mesh-service.ts';
import type { Service, ServiceKey, ServicePort } from '../../model/service.ts';
import { singleAddress } from '../endpoints/ip-address.ts';
import { about } from '../resource-order.ts';
import type { ServiceDeclaration } from '../services/declarations.ts';

interface SharedPort {
  readonly number: number;
  /** In order of precedence, at least two. */
  readonly services: readonly ServiceKey[];
}

export interface Sharing {
  /** Services that are not served at the address: another comes first at one of their ports. */
  readonly displaced: readonly ServiceKey[];
  /** Ports that several services have together. */
  readonly shared: readonly SharedPort[];
}

/** Who has a port of the address. `names`: those that tell its services apart; absent where nothing would. */
interface Holder {
  readonly keys: readonly ServiceKey[];
  readonly names?: readonly string[];
}

/** `members`: in order of precedence. */
export function sharing(address: string, members: readonly ServiceDeclaration[], context: Context): Sharing {
  const holders = new Map<number, Holder>();
  const displaced = new Set<ServiceKey>();
  for (const { service, resource } of members) {
    const taken = service.ports.find((port) => !mayHave(holders.get(port.number), service, port));
    if (taken !== undefined) {
      const message = `${address} port ${taken.number} is written for ${holders.get(taken.number)?.keys[0]}, which has it, and for ${service.key}.`;
      context.report(finding('ISTH0313', { ...about(resource), path: 'spec.addresses', message }));
      displaced.add(service.key);
    } else
      for (const port of service.ports) holders.set(port.number, withHolder(holders.get(port.number), service, port));
  }
  const shared = [...holders].flatMap(([number, { keys }]) => (keys.length < 2 ? [] : [{ number, services: keys }]));
  return { displaced: [...displaced].sort(), shared: shared.sort((a, b) => a.number - b.number) };
}

function mayHave(holder: Holder | undefined, service: Service, port: ServicePort): boolean {
  if (holder === undefined || holder.keys.includes(service.key)) return true;
  return holder.names !== undefined && !holder.names.includes(service.host) && isToldByName(service, port);
}

function withHolder(holder: Holder | undefined, service: Service, port: ServicePort): Holder {
  if (holder?.keys.includes(service.key) === true) return holder;
  const { keys, names = [] } = holder ?? { keys: [] };
  const held = { keys: [...keys, service.key] };
  return isToldByName(service, port) ? { ...held, names: [...names, service.host] } : held;
}

/** Only TLS says whom it is for before anything else is said, and `*` is for anybody. */
function isToldByName({ host }: Service, { protocol }: ServicePort): boolean {
  return protocol.kind === 'plain' && protocol.protocol === 'tls' && host !== '*';
}

/** Where other hosts have the same address and port as the service, of those it is served at. */
export function sharedAt(
  { key, addresses: written }: Service,
  served: readonly string[],
  context: Context,
  reserved: Collection<Sharing>,
): Pick<MeshService, 'sharedAt'> {
  const found = written.flatMap((one) => {
    const address = singleAddress(one);
    if (address === undefined || !served.includes(address)) return [];
    const shared = context.get(reserved, one)?.shared ?? [];
    return shared.flatMap(({ number, services }) => (services.includes(key) ? [{ address, port: number }] : []));
  });
  return found.length === 0 ? {} : { sharedAt: found };
}
