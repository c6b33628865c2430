/** What is to be written, from what is to be registered and what is there. Nobody else's instances are in it, ever. */
import { type Publication, type PublishedInstance, publisherKey } from '../../../model/publication.ts';
import type { InstanceAddress, InstanceMessage } from './registration-messages.ts';

/** An instance as the registry has it. */
export interface FoundInstance {
  readonly host: string;
  readonly port: number;
  readonly protocol: string;
  readonly weight: number;
  readonly location: InstanceMessage['location'];
  readonly metadata: Readonly<Record<string, string>>;
}

export interface RegistrationPlan {
  /** New, or other than they are there. */
  readonly register: readonly InstanceMessage[];
  readonly deregister: readonly InstanceAddress[];
  /** All that need signs of life. */
  readonly keep: readonly InstanceAddress[];
}

/** Whose instances are ours, and how they are registered. */
export interface Publisher {
  readonly publisher: string;
  /** Seconds. */
  readonly ttl: number;
}

/** `wanted`: absent where the service is not to be registered (any more). */
export function planRegistrations(
  target: { readonly namespace: string; readonly name: string },
  wanted: Publication | undefined,
  found: readonly FoundInstance[],
  publisher: Publisher,
): RegistrationPlan {
  const { namespace, name: service } = target;
  const there = new Map(found.map((instance) => [addressKey(instance), instance]));
  const isOurs = ({ metadata }: FoundInstance): boolean => metadata[publisherKey] === publisher.publisher;
  const messages = (wanted?.instances ?? [])
    .map((instance) => messageOf(target, instance, publisher))
    .filter((message) => {
      const known = there.get(addressKey(message));
      return known === undefined || isOurs(known);
    });
  const kept = new Set(messages.map(addressKey));
  return {
    register: messages.filter((message) => !isSame(message, there.get(addressKey(message)))),
    deregister: found
      .filter((instance) => isOurs(instance) && !kept.has(addressKey(instance)))
      .map(({ host, port }) => ({ namespace, service, host, port })),
    keep: messages.map(({ host, port }) => ({ namespace, service, host, port })),
  };
}

function messageOf(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  { address, port, protocol, weight, labels, locality }: PublishedInstance,
  { publisher, ttl }: Publisher,
): InstanceMessage {
  return {
    namespace,
    service: name,
    host: address,
    port,
    protocol,
    version: labels.version ?? '',
    // One share is what an instance of Polaris weighs when it says nothing.
    weight: Math.min(weight * 100, maxWeight),
    location: { region: locality.region, zone: locality.zone, campus: locality.subzone },
    metadata: { ...labelsFor(labels), [publisherKey]: publisher },
    ttl,
  };
}

const maxWeight = 10_000;
/** Polaris takes 64, of which it fills in some itself. */
const maxLabels = 50;
const maxKey = 128;
/** Written by the server itself, from fields of the instance. */
const serversKeys = ['protocol', 'version', 'region', 'zone', 'campus'];

function labelsFor(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const pairs = Object.entries(labels)
    .filter(([key]) => key.length <= maxKey && !serversKeys.includes(key))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(pairs.slice(0, maxLabels));
}

function isSame(message: InstanceMessage, found: FoundInstance | undefined): boolean {
  if (found === undefined) return false;
  const { region, zone, campus } = found.location;
  const metadata = Object.entries(found.metadata).filter(([key]) => !serversKeys.includes(key));
  return (
    message.protocol === found.protocol &&
    message.weight === found.weight &&
    message.location.region === region &&
    message.location.zone === zone &&
    message.location.campus === campus &&
    message.version === (found.metadata.version ?? '') &&
    metadata.length === Object.keys(message.metadata).length &&
    metadata.every(([key, value]) => message.metadata[key] === value)
  );
}

export function addressKey({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host}|${port}`;
}
