/** What a bridge says of its registry to who reads findings. */
import { type Finding, finding } from '../../model/finding.ts';
import type { HeldDeletion } from '../../model/registry.ts';
import type { ServiceRegistry } from '../../resources/kinds.ts';

export interface RegistryDoubts {
  /** Scopes that cannot be seen, and why; '' for all. */
  readonly unavailable: Iterable<readonly [string, string]>;
  /** Scopes and keys of services of which only a part is shown, and why. */
  readonly partial: Iterable<readonly [string, string]>;
  /** What was refused of a service, by its key; '' for the registry as a whole. */
  readonly refusals: Iterable<readonly [string, readonly string[]]>;
  readonly held: readonly HeldDeletion[];
  /** Services whose changes have to wait. */
  readonly waiting: number;
  /** Services that are served as an earlier run left them, since the registry was not seen yet. */
  readonly servedFromRecords: number;
}

export function registryFindings({ metadata, spec }: ServiceRegistry, doubts: RegistryDoubts): readonly Finding[] {
  const about = {
    object: { kind: 'ServiceRegistry', name: metadata.name },
    ...(metadata.place === undefined ? {} : { place: metadata.place }),
  };
  const say = (code: Parameters<typeof finding>[0], message: string): Finding => finding(code, { ...about, message });
  const { unavailable, partial, refusals, held, waiting, servedFromRecords } = doubts;
  const tooMany = `${waiting} services wait: more than ${spec.trust.maxChanges} changed in a minute.`;
  return [
    ...[...unavailable].map(([scope, why]) => say('ISTH1003', inScope(scope, why))),
    ...summarized(partial).map((text) => say('ISTH1004', text)),
    ...held.map((one) => say('ISTH1005', describeHeld(one))),
    ...[...refusals].map(([key, reasons]) => say('ISTH1006', inScope(key, reasons.join('; ')))),
    ...(waiting > 0 ? [say('ISTH1015', tooMany)] : []),
    ...(servedFromRecords > 0
      ? [say('ISTH1010', `${servedFromRecords} services are served as they were before.`)]
      : []),
  ];
}

/** A reason that holds for many is said once. */
function summarized(reasons: Iterable<readonly [string, string]>): readonly string[] {
  const byReason = Map.groupBy(reasons, ([, why]) => why);
  return [...byReason].flatMap(([why, all]) => {
    if (all.length <= maxAlike) return all.map(([scope]) => inScope(scope, why));
    const some = all.slice(0, 3).map(([scope]) => nameOf(scope));
    return [`${all.length} services, such as ${some.join(', ')}: ${why}.`];
  });
}

const maxAlike = 10;

function inScope(scope: string, why: string): string {
  return scope === '' ? `${why}.` : `${nameOf(scope)}: ${why}.`;
}

/** Of a service's key, without the registry; a scope stays as it is. */
function nameOf(key: string): string {
  const [, ...parts] = key.split('/');
  return parts.length === 0
    ? key
    : parts
        .filter((part) => part !== '')
        .map(decodeURIComponent)
        .join('/');
}

function describeHeld({ service, instances }: HeldDeletion): string {
  if (instances === undefined) return `${nameOf(service)} is gone from the registry, with all that it had.`;
  return `${nameOf(service)} lost ${instances} instances at once.`;
}
