/**
 * The text of a snapshot, whose numbers and names are looked at by the bridge, one instance at a time: JSON,
 * `{"services": [...]}` with what model/registry.ts calls RegistryService. What of it has another form is left out, and
 * said: services and instances one by one.
 */
import type { RegistryInstance, RegistryService } from '../../../model/registry.ts';
import { isMap, type PlainMap } from '../../../resources/plain-values.ts';
import { formatPath, Problems } from '../../../resources/problem.ts';
import { compileSchema } from '../../../resources/schema-check.ts';
import type { Infer } from '../../../resources/schema-language.ts';

const text = { type: 'string', maxLength: 4096 } as const;
const metadata = {
  type: 'object',
  maxProperties: 4096,
  additionalProperties: { type: 'string', maxLength: 65_536 },
} as const;
const instance = {
  type: 'object',
  required: ['id', 'address', 'ports'],
  properties: {
    id: text,
    address: text,
    ports: {
      type: 'array',
      maxItems: 64,
      items: {
        type: 'object',
        required: ['number'],
        properties: { name: text, number: { type: 'number' }, protocol: text },
      },
    },
    weight: { type: 'number' },
    health: { type: 'string', enum: ['up', 'down', 'unknown', 'draining'] },
    isolated: { type: 'boolean' },
    locality: { type: 'object', properties: { region: text, zone: text, subzone: text } },
    metadata,
  },
} as const;
const serviceHead = {
  type: 'object',
  required: ['name'],
  properties: {
    namespace: text,
    group: text,
    name: { type: 'string', minLength: 1, maxLength: 65_536 },
    metadata,
    isProtected: { type: 'boolean' },
  },
} as const;

const maxItems = 100_000;
const checkService = compileSchema<Infer<typeof serviceHead>>(serviceHead);
const checkInstance = compileSchema<Infer<typeof instance>>(instance);

export interface Snapshot {
  readonly services: readonly SnapshotService[];
  /** What is wrong with services that are left out. */
  readonly faults: readonly string[];
}

export interface SnapshotService {
  readonly service: RegistryService;
  /** What is wrong with instances that are left out. */
  readonly faults: readonly string[];
}

/** Throws an Error that says what is wrong where it is no snapshot at all. */
export function parseSnapshot(json: string): Snapshot {
  const value: unknown = JSON.parse(json);
  const list = isMap(value) ? value.services : undefined;
  if (!Array.isArray(list)) throw new Error('it is no object with a list of services');
  const { found: services, faults } = readEach(list, 'services', readService);
  return { services, faults };
}

function readService(value: PlainMap, problems: Problems): SnapshotService | undefined {
  const { instances: list, ...rest } = value;
  const head = checkService(rest, problems);
  if (head === undefined || !Array.isArray(list)) return undefined;
  const { namespace = '', group = '', name, metadata: own = {}, isProtected = false } = head;
  const { found: instances, faults } = readEach(list, `instances of ${name}`, (one, faultsOfOne) => {
    const written = checkInstance(one, faultsOfOne);
    return written === undefined ? undefined : instanceFrom(written);
  });
  return { service: { namespace, group, name, metadata: own, instances, isProtected }, faults };
}

/** `what`: for messages. */
function readEach<T>(
  list: readonly unknown[],
  what: string,
  read: (value: PlainMap, problems: Problems) => T | undefined,
): { readonly found: readonly T[]; readonly faults: readonly string[] } {
  if (list.length > maxItems) throw new Error(`more than ${maxItems} ${what}`);
  const found: T[] = [];
  const faults: string[] = [];
  for (const [at, value] of list.entries()) {
    const problems = new Problems();
    const one = isMap(value) ? read(value, problems) : undefined;
    if (one !== undefined) found.push(one);
    else if (faults.length < maxFaults) faults.push(`${what}, number ${at + 1}: ${firstOf(problems)}`);
  }
  return { found, faults };
}

function firstOf({ list }: Problems): string {
  const [first] = list;
  if (first === undefined) return 'it has another form';
  return `${formatPath(first.path)}: ${first.message.replace(/\.$/, '')}`;
}

/** Of one list, those that are said. */
const maxFaults = 10;

function instanceFrom(written: Infer<typeof instance>): RegistryInstance {
  const { id, address, ports, weight, health = 'unknown', isolated = false, locality, metadata: own = {} } = written;
  return {
    id,
    address,
    ports: ports.map(({ name = '', number, protocol = '' }) => ({ name, number, protocol })),
    ...(weight === undefined ? {} : { weight }),
    health,
    isolated,
    locality: { region: '', zone: '', subzone: '', ...locality },
    metadata: own,
  };
}
