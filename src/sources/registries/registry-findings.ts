/** What a bridge says of its registry to who reads findings. */
import { type Finding, finding } from '../../model/finding.ts';
import type { FindingCode } from '../../model/finding-catalogue.ts';
import type { HeldDeletion } from '../../model/registry.ts';
import type { ServiceRegistry } from '../../resources/kinds.ts';
import type { Doubt, DoubtCause } from './doubt.ts';

/** Why nothing can be seen. */
export interface Loss {
  readonly reason: string;
  /** Absent where it is the server, or the way to it, that is to be looked into. */
  readonly remedy?: string;
  /** By us, for what options of its ServiceRegistry say. */
  readonly isRefused: boolean;
}

/** What trust let nobody have. */
export interface Refusal {
  readonly reasons: readonly string[];
  /** How many instances of a service; absent for the registry as a whole. */
  readonly instances?: number;
}

export interface RegistryDoubts {
  /** Scopes that cannot be seen, and why; '' for all. */
  readonly unavailable: Iterable<readonly [string, Loss]>;
  /** Scopes and keys of services of which only a part is shown, and why. */
  readonly partial: Iterable<readonly [string, readonly Doubt[]]>;
  /** What was refused of a service, by its key; '' for the registry as a whole. */
  readonly refusals: Iterable<readonly [string, Refusal]>;
  /** Whether a service has instances in force. */
  readonly hasInstances: (key: string) => boolean;
  readonly held: readonly HeldDeletion[];
  /** Services whose changes have to wait. */
  readonly waiting: number;
  /** Services that are served as an earlier run left them, since the registry was not seen yet. */
  readonly servedFromRecords: number;
  /** When that run saw it whole, in milliseconds since the epoch. */
  readonly recordedAt: number | undefined;
}

/** Each has a remedy of its own. */
const codeOf: Readonly<Record<DoubtCause, FindingCode>> = {
  unsettled: 'ISTH1004',
  withheld: 'ISTH1016',
  unreadable: 'ISTH1017',
  unsupported: 'ISTH1018',
  bounded: 'ISTH1019',
  absent: 'ISTH1020',
};

type Say = (code: FindingCode, message: string, remedy?: string) => Finding;

export function registryFindings({ metadata, spec }: ServiceRegistry, doubts: RegistryDoubts): readonly Finding[] {
  const about = {
    object: { kind: 'ServiceRegistry', name: metadata.name },
    ...(metadata.place === undefined ? {} : { place: metadata.place }),
  };
  const say: Say = (code, message, remedy) =>
    finding(code, { ...about, message, ...(remedy === undefined ? {} : { remedy }) });
  const { unavailable, partial, refusals, hasInstances, held, waiting, servedFromRecords, recordedAt } = doubts;
  const tooMany = `${waiting} services wait: more than ${spec.trust.maxChanges} changed in a minute.`;
  return [
    ...[...unavailable].map(([scope, { reason, remedy, isRefused }]) =>
      isRefused
        ? say('ISTH1021', inScope(scope, reason))
        : say('ISTH1003', inScope(scope, reason), remedy ?? remedyOf(spec.type)),
    ),
    ...sayDoubts(partial, say),
    ...held.map((one) => say('ISTH1005', describeHeld(one))),
    ...[...refusals].map(([key, refusal]) => sayRefusal(key, refusal, hasInstances(key), say)),
    ...(waiting > 0 ? [say('ISTH1015', tooMany)] : []),
    ...(servedFromRecords > 0 ? [say('ISTH1010', describeRecords(servedFromRecords, recordedAt))] : []),
  ];
}

function describeRecords(services: number, at: number | undefined): string {
  const when = at === undefined ? 'before' : `at ${new Date(at).toISOString()}`;
  return `${services} service${services === 1 ? ' is' : 's are'} served as ${services === 1 ? 'it was' : 'they were'} ${when}.`;
}

/** Undefined where it is the server, or the way to it, that is to be looked into. */
function remedyOf(type: ServiceRegistry['spec']['type']): string | undefined {
  return type === 'Snapshot'
    ? 'Correct the file, or spec.addresses, which is meant from the folder of the manifest. What it said last stays in force.'
    : undefined;
}

/** A doubt that holds for many is said once. */
function sayDoubts(partial: RegistryDoubts['partial'], say: Say): readonly Finding[] {
  const all = [...partial].flatMap(([scope, doubts]) => doubts.map((doubt) => ({ scope, ...doubt })));
  const alike = Map.groupBy(all, ({ cause, text }) => `${cause} ${text}`);
  return [...alike.values()].flatMap((group) => {
    if (group.length <= maxAlike)
      return group.map(({ scope, cause, text }) => say(codeOf[cause], inScope(scope, text)));
    const some = group.slice(0, 3).map(({ scope }) => nameOf(scope));
    return group
      .slice(0, 1)
      .map(({ cause, text }) => say(codeOf[cause], `${group.length} services, such as ${some.join(', ')}: ${text}.`));
  });
}

const maxAlike = 10;

/** A service that nothing is left of keeps its host and its address: its callers would see no more than refusals. */
function sayRefusal(key: string, { reasons, instances = 0 }: Refusal, hasInstances: boolean, say: Say): Finding {
  const why = reasons.join('; ');
  if (key === '' || hasInstances) return say('ISTH1006', inScope(key, why));
  const what = instances === 1 ? 'its only instance is refused' : `all ${instances} of its instances are refused`;
  const text = `${what}, so that its host has an address at which nobody answers: ${why}`;
  return say('ISTH1006', inScope(key, text), remedyWhereNothingIsLeft);
}

const remedyWhereNothingIsLeft =
  'Name their addresses in spec.trust.addresses of the ServiceRegistry (loopback as 127.0.0.0/8), if they are to be allowed; where they are wrong, correct them in the registry; or leave the service out by spec.select.exceptServices.';

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
