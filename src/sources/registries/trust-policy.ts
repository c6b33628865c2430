/** What a registry may say of a service's instances: anything else is refused, one instance at a time, and reported. */
import type { RegistryInstance, RegistryService } from '../../model/registry.ts';
import { formatAddress } from '../../model/tcp-address.ts';
import { type AddressRange, contains, ipFamily, isWithin, parseRange } from '../../resources/addresses.ts';
import type { RegistryTrustSpec } from '../../resources/kinds.ts';
import { isHostName } from '../../resources/kubernetes-names.ts';

/** Addresses at which no service of a mesh stands: who registers them means to reach the caller's own machine. */
const specialRanges = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '255.255.255.255/32',
  // IPv4 in IPv6, in its old and its new form.
  '::/96',
  '::ffff:0:0/96',
  // The same by way of a translator (NAT64), where it is loopback, link-local or multicast.
  '64:ff9b::/104',
  '64:ff9b::7f00:0/104',
  '64:ff9b::a9fe:0/112',
  '64:ff9b::e000:0/100',
  'fe80::/10',
  'ff00::/8',
];

/** Where no service of a mesh stands, since something of ours does. */
export interface OwnAddresses {
  /** CIDRs of virtual IPs. */
  readonly ranges: readonly string[];
  /** `address:port` at which the control plane listens, loopback left out. */
  readonly places: readonly string[];
}

export interface Admission {
  /** Without the instances that were refused. */
  readonly service: RegistryService;
  /** Why, in order of the instances; at most ten, and then how many more. */
  readonly refusals: readonly string[];
  /** How many instances were refused. */
  readonly refused: number;
}

const maxRefusals = 10;
const maxWeight = 2 ** 32 - 1;

export class TrustPolicy {
  readonly #trust: RegistryTrustSpec;
  readonly #allowed: readonly AddressRange[];
  readonly #refused: readonly AddressRange[];
  readonly #ownPlaces: ReadonlySet<string>;

  constructor(trust: RegistryTrustSpec, { ranges, places }: OwnAddresses) {
    this.#trust = trust;
    this.#ownPlaces = new Set(places);
    this.#allowed = trust.addresses.flatMap((text) => parseRange(text) ?? []);
    this.#refused = [...specialRanges, ...ranges].flatMap((text) => parseRange(text) ?? []);
  }

  admit(service: RegistryService): Admission {
    const { maxInstances } = this.#trust;
    const metadata = isText(service.metadata) ? service.metadata : onlyText(service.metadata);
    const refusals: string[] = [];
    const instances: RegistryInstance[] = [];
    for (const instance of service.instances) {
      const reason = this.#refusal(instance);
      if (reason !== undefined) refusals.push(`instance ${instance.id.toWellFormed()} ${reason}`);
      else if (instances.length === maxInstances)
        refusals.push(`instance ${instance.id} is more than the ${maxInstances} that a service may have`);
      else instances.push(instance);
    }
    const more = refusals.length - maxRefusals;
    return {
      service: refusals.length === 0 && metadata === service.metadata ? service : { ...service, metadata, instances },
      refused: refusals.length,
      refusals: more > 0 ? [...refusals.slice(0, maxRefusals), `${more} more`] : refusals,
    };
  }

  #refusal(instance: RegistryInstance): string | undefined {
    const { address, ports, weight = 1, metadata } = instance;
    if (!isTextInstance(instance)) return 'holds what is no Unicode text';
    const { minPort, maxPort, maxMetadataBytes } = this.#trust;
    const port = ports.find(({ number }) => !Number.isInteger(number) || number < minPort || number > maxPort);
    if (!(weight >= 0 && weight <= maxWeight)) return `has the weight ${weight}, which is none`;
    if (ports.length === 0) return 'has no port';
    if (port !== undefined) return `has port ${port.number}, which is not in ${minPort} to ${maxPort}`;
    if (bytesOf(metadata) > maxMetadataBytes) return `has more than ${maxMetadataBytes} bytes of metadata`;
    const own = ports.find(({ number }) => this.#ownPlaces.has(formatAddress(address, number)));
    if (own !== undefined) return `is at ${formatAddress(address, own.number)}, where this control plane listens`;
    return this.#addressRefusal(address);
  }

  #addressRefusal(address: string): string | undefined {
    if (ipFamily(address) === 0) {
      if (!isHostName(address)) return `has the address ${JSON.stringify(address)}, which is none`;
      return `has the address ${address}, which is a name: only IP addresses are bridged`;
    }
    const special = this.#refused.find((range) => contains(range, address));
    if (special !== undefined) {
      const isMeant = this.#allowed.some((range) => isWithin(range, special) && contains(range, address));
      return isMeant ? undefined : `has the address ${address}, at which no service of a mesh stands`;
    }
    if (this.#allowed.length === 0 || this.#allowed.some((range) => contains(range, address))) return undefined;
    return `has the address ${address}, which is in none of spec.trust.addresses`;
  }
}

/** No message can be made of half a surrogate pair: who gets one from us may refuse all that came with it. */
function isTextInstance({ id, address, ports, locality, metadata }: RegistryInstance): boolean {
  const { region, zone, subzone } = locality;
  const own = [id, address, region, zone, subzone].every((text) => text.isWellFormed());
  return own && isText(metadata) && ports.every(({ name, protocol }) => name.isWellFormed() && protocol.isWellFormed());
}

function isText(record: Readonly<Record<string, string>>): boolean {
  for (const key in record) if (!key.isWellFormed() || record[key]?.isWellFormed() === false) return false;
  return true;
}

function onlyText(record: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).filter((pair) => pair.every((text) => text.isWellFormed())));
}

function bytesOf(metadata: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const key in metadata) bytes += key.length + (metadata[key]?.length ?? 0);
  return bytes;
}
