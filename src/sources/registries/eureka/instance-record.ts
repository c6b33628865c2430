/**
 * One instance as Eureka has it, read with care: numbers and truth values may be text, a port is `{"$": 80, "@enabled":
 * "true"}` or a number, `@class` in metadata is the Java class of a map, old servers write `overriddenstatus`.
 */
import { IsthmusError } from '../../../model/errors.ts';
import { numberFrom } from '../json-number.ts';

export interface InstanceRecord {
  readonly application: string;
  /** Unique within its application. */
  readonly id: string;
  /** As hashes count it: UP, DOWN, STARTING, OUT_OF_SERVICE, UNKNOWN. */
  readonly status: string;
  /** What an operator set; empty where nobody did. */
  readonly override: string;
  readonly isDeleted: boolean;
  /** Milliseconds since the epoch by the server's clock; 0 where it does not say. */
  readonly updatedAt: number;
  /** When it was registered at this very server; 0 where it does not say. */
  readonly registeredAt: number;
  readonly address: string;
  /** Undefined where it is not enabled. */
  readonly port: number | undefined;
  readonly securePort: number | undefined;
  readonly vips: readonly string[];
  readonly secureVips: readonly string[];
  readonly dataCenter: string;
  readonly dataCenterMetadata: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** `application`: where the instance does not say. Throws for what is no JSON. */
export function readInstance(text: string, application: string | undefined): InstanceRecord {
  const instance = parse(text);
  const dataCenter = fieldOf(instance, 'dataCenterInfo');
  const dataCenterMetadata = recordOf(fieldOf(dataCenter, 'metadata'));
  const hostName = textOf(instance, 'hostName');
  const override = textOf(instance, 'overriddenStatus') || textOf(instance, 'overriddenstatus');
  return {
    application: textOf(instance, 'app') || (application ?? ''),
    id: textOf(instance, 'instanceId') || dataCenterMetadata['instance-id'] || hostName,
    status: textOf(instance, 'status') || 'UNKNOWN',
    override: override === 'UNKNOWN' ? '' : override,
    isDeleted: textOf(instance, 'actionType') === 'DELETED',
    updatedAt: numberOf(instance, 'lastUpdatedTimestamp'),
    registeredAt: numberOf(fieldOf(instance, 'leaseInfo'), 'registrationTimestamp'),
    address: textOf(instance, 'ipAddr') || hostName,
    port: portOf(fieldOf(instance, 'port'), true),
    securePort: portOf(fieldOf(instance, 'securePort'), false),
    vips: listOf(textOf(instance, 'vipAddress')),
    secureVips: listOf(textOf(instance, 'secureVipAddress')),
    dataCenter: textOf(dataCenter, 'name'),
    dataCenterMetadata,
    metadata: recordOf(fieldOf(instance, 'metadata')),
  };
}

function portOf(value: unknown, isEnabledByDefault: boolean): number | undefined {
  const isObject = typeof value === 'object' && value !== null;
  const enabled = isObject ? (fieldOf(value, '@enabled') ?? isEnabledByDefault) : isEnabledByDefault;
  const number = isObject ? numberOf(value, '$') : numberFrom(value) || 0;
  return (enabled === true || enabled === 'true') && number !== 0 ? number : undefined;
}

/** What is no text, number or truth value is left out. */
function recordOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]: [string, unknown]) =>
      key === '@class' || typeof one === 'object' ? [] : [[key, String(one)] as const],
    ),
  );
}

/** Virtual addresses of one instance: each makes a service, and a megabyte of commas would make a million. */
const maxNames = 64;

/** Without duplicates. */
function listOf(text: string): readonly string[] {
  const names = text.split(',', maxNames).map((one) => one.trim());
  return [...new Set(names)].filter((one) => one !== '');
}

function textOf(value: unknown, key: string): string {
  const found = fieldOf(value, key);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
}

function numberOf(value: unknown, key: string): number {
  return Number(textOf(value, key)) || 0;
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new IsthmusError('UNAVAILABLE', 'an instance is no JSON', { cause: error });
  }
}
