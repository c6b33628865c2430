/**
 * What a registry knows of its services, in the words of no registry: what every client delivers, what the bridge keeps,
 * and what the mesh is made from.
 */
import type { Locality } from './endpoint.ts';

/** A service as its registry names it. What a registry does not have is empty. */
export interface RegistryServiceName {
  readonly namespace: string;
  readonly group: string;
  readonly name: string;
}

export interface RegistryPort {
  /** Empty where the registry has one port an instance. */
  readonly name: string;
  readonly number: number;
  /** As the registry has it; empty where it says nothing. */
  readonly protocol: string;
}

/** draining: it finishes what it has and takes nothing new. unknown: nobody checks it; it counts as up. */
export type InstanceHealth = 'up' | 'down' | 'unknown' | 'draining';

export interface RegistryInstance {
  /** Unique within its service. */
  readonly id: string;
  /** An IP address or a host name. */
  readonly address: string;
  /** At least one. */
  readonly ports: readonly RegistryPort[];
  /** On the registry's own scale, perhaps with a fraction; 0 takes no requests. Absent where the registry has none. */
  readonly weight?: number;
  readonly health: InstanceHealth;
  /** Taken out of service by an operator, whatever its health. */
  readonly isolated: boolean;
  readonly locality: Locality;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface RegistryService extends RegistryServiceName {
  readonly metadata: Readonly<Record<string, string>>;
  /** Sorted by id. */
  readonly instances: readonly RegistryInstance[];
  /** The registry shows all instances as healthy since too few are (Nacos' protection threshold). */
  readonly isProtected: boolean;
}

/** A registered service as it is in force: what its registry said, as far as it is trusted, and what is held against it. */
export interface RegisteredService extends RegistryService {
  /** See registeredServiceKey. */
  readonly key: string;
  /** Name of the ServiceRegistry. */
  readonly registry: string;
  /** Milliseconds since the epoch at which it was first seen; survives restarts. Of two with one host the older has it. */
  readonly since: number;
  /** Number and protocol that a port of the service got when it was first seen; survives restarts. By registryPortId. */
  readonly firstPorts: Readonly<Record<string, FirstPort>>;
  /** What its instances said of its name when one first said it; survives restarts. By key of their metadata. */
  readonly firstNames?: Readonly<Partial<Record<NamingKey, string>>>;
}

/** Keys of metadata by which instances name their service in a mesh, as eureka2istio and dubbo2istio have them. */
export const namingKeys = ['asm-serviceentry', 'aeraki_meta_app_namespace'] as const;
export type NamingKey = (typeof namingKeys)[number];

export type FirstPort = Pick<RegistryPort, 'number' | 'protocol'>;

/** What tells the ports of a service apart: their numbers differ from instance to instance. */
export function registryPortId({ name, protocol }: RegistryPort): string {
  return name === '' ? protocol : name;
}

export function registeredServiceKey(registry: string, { namespace, group, name }: RegistryServiceName): string {
  return [registry, namespace, group, name].map(encodeURIComponent).join('/');
}

/** syncing: not everything was seen since the start; stale: it cannot be seen now. */
export type RegistryState = 'syncing' | 'live' | 'stale';

/** How a bridge is doing: for `isthmus registry`, metrics and conditions. */
export interface RegistryStatus {
  /** Name of the ServiceRegistry. */
  readonly registry: string;
  readonly state: RegistryState;
  /** Why it is not live. */
  readonly reason: string;
  readonly services: number;
  readonly instances: number;
  /** Services listed and not yet read, while it syncs. */
  readonly awaited: number;
  /** Milliseconds since the epoch of the last complete answer; absent if there was none since the start. */
  readonly lastComplete?: number;
  readonly held: readonly HeldDeletion[];
}

export interface HeldDeletion {
  /** The service that is held, or whose instances are. */
  readonly service: string;
  /** How many instances would go; absent where the service itself would. */
  readonly instances?: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** A service of which somebody released what is held: it goes at every replica that sees the same loss. */
export interface ReleasedService {
  /** Of the service, with its registry. */
  readonly key: string;
  /** Digests of the ids of instances that may go; absent where the service itself may. */
  readonly instances?: readonly string[];
  /** When it was released, and until when it counts: milliseconds since the epoch. */
  readonly at: number;
  readonly until: number;
  /** Host of the replica that was told. */
  readonly by: string;
}
