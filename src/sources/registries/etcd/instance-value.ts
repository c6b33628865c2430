/**
 * What a value says of an instance: JSON of which the fields have names that can be chosen, or `[protocol://]host:port`
 * as text. Names that nobody chose are looked for in any case, so that what the usual libraries write is understood.
 */
import type { RegistryInstance, RegistryPort } from '../../../model/registry.ts';
import { numberFrom } from '../json-number.ts';

export type InstanceField =
  | 'address'
  | 'port'
  | 'protocol'
  | 'weight'
  | 'metadata'
  | 'healthy'
  | 'enabled'
  | 'region'
  | 'zone';

/** Names of fields, a dot for each level; those that are not chosen are absent. */
export type FieldNames = Partial<Record<InstanceField, string>>;

const usualNames: Readonly<Record<InstanceField, readonly string[]>> = {
  address: ['address', 'addr', 'host', 'ip'],
  port: ['port'],
  protocol: ['protocol', 'scheme'],
  weight: ['weight'],
  metadata: ['metadata', 'meta', 'tags'],
  healthy: ['healthy'],
  enabled: ['enabled', 'enable'],
  region: ['region'],
  zone: ['zone'],
};

/** Of an address that is a list: one port for each protocol. */
const maxPorts = 16;
/** Longer than any host, with its port and brackets: what is looked at closely is short, whatever a value holds. */
const maxTargetLength = 300;

interface Target {
  readonly host: string;
  readonly port?: number;
  readonly protocol: string;
}

/** `id`: by the key; without one the address is it. Undefined for what says no address and port. */
export function readInstance(names: FieldNames, id: string | undefined, value: string): RegistryInstance | undefined {
  const json = parse(value);
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  const fields = isObject ? new Fields(names, json) : undefined;
  const targets = targetsOf(fields === undefined ? (json ?? value.trim()) : fields.get('address'));
  const address = targets[0]?.host;
  const ports = portsOf(targets, fields);
  const [port] = ports;
  if (address === undefined || port === undefined) return undefined;
  return {
    id: id ?? `${address}:${port.number}`,
    address,
    ports,
    ...weightOf(fields?.get('weight')),
    health: isFalse(fields?.get('healthy')) ? 'down' : 'up',
    isolated: isFalse(fields?.get('enabled')),
    locality: { region: textOf(fields?.get('region')), zone: textOf(fields?.get('zone')), subzone: '' },
    metadata: fields?.metadata() ?? {},
  };
}

class Fields {
  readonly #names: FieldNames;
  readonly #object: object;
  /** The names that the object has, in any case. */
  readonly #own: ReadonlyMap<string, string>;
  /** Members of the object that say something else than metadata. */
  readonly #used = new Set<string>();

  constructor(names: FieldNames, object: object) {
    this.#names = names;
    this.#object = object;
    this.#own = new Map(Object.keys(object).map((name) => [name.toLowerCase(), name]));
  }

  get(field: InstanceField): unknown {
    const chosen = this.#names[field];
    if (chosen !== undefined) {
      this.#used.add(chosen);
      return valueAt(this.#object, chosen);
    }
    for (const usual of usualNames[field]) {
      const name = this.#own.get(usual);
      if (name === undefined) continue;
      this.#used.add(name);
      return Reflect.get(this.#object, name);
    }
    return undefined;
  }

  /** All that is a text, a number or a truth value: of the object itself, and of its metadata, which count more. */
  metadata(): Readonly<Record<string, string>> {
    const inner = this.get('metadata');
    const outer = scalars(this.#object).filter(([name]) => !this.#used.has(name));
    return Object.fromEntries([...outer, ...scalars(inner)]);
  }
}

function valueAt(object: object, path: string): unknown {
  if (Object.hasOwn(object, path)) return Reflect.get(object, path);
  let value: unknown = object;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

function scalars(value: unknown): readonly (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) =>
    typeof member === 'string' || typeof member === 'number' || typeof member === 'boolean'
      ? [[name, String(member)] as const]
      : [],
  );
}

/** Of a text or a list of them, those at the first one's host. */
function targetsOf(value: unknown): readonly Target[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value.slice(0, maxPorts) : [value];
  const targets = texts.flatMap((text) => (typeof text === 'string' ? (parseTarget(text) ?? []) : []));
  return targets.filter(({ host }) => host === targets[0]?.host);
}

/** `[protocol://]host[:port][/...]`; an IPv6 address with a port stands in brackets. */
function parseTarget(text: string): Target | undefined {
  const [, protocol = '', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^/?#\s]+)/i.exec(text) ?? [];
  if (rest.length > maxTargetLength) return undefined;
  // Two patterns in place of one: a colon between three classes that hold it takes the cube of the length to fail.
  const bare = /^[0-9a-f:.]+$/i.test(rest) && rest.indexOf(':') < rest.lastIndexOf(':');
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(rest) ?? [];
  const host = bare ? rest : (inBrackets ?? plain);
  if (host === undefined) return undefined;
  return { host, protocol: protocol.toLowerCase(), ...(digits === undefined ? {} : { port: Number(digits) }) };
}

/** A port beside the address counts where the address has none. */
function portsOf(targets: readonly Target[], fields: Fields | undefined): readonly RegistryPort[] {
  const beside = numberFrom(fields?.get('port'));
  const said = textOf(fields?.get('protocol')).toLowerCase();
  const ports = targets.map(({ port = beside, protocol }) => ({
    name: '',
    number: port,
    protocol: protocol === '' ? said : protocol,
  }));
  return ports.filter(({ number }) => Number.isInteger(number) && number >= 1 && number <= 65_535);
}

function weightOf(value: unknown): { readonly weight?: number } {
  const weight = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof weight === 'number' && weight >= 0 && weight < Infinity ? { weight } : {};
}

function isFalse(value: unknown): boolean {
  return value === false || value === 'false';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
