/**
 * Dubbo's application-level registration: an instance of an application, as Curator writes it to ZooKeeper, and as Dubbo
 * itself writes it to etcd: in Java with small letters, in Go with large ones.
 */
import type { RegistryInstance, RegistryPort } from '../../../model/registry.ts';
import { numberFrom } from '../json-number.ts';

const nowhere = { region: '', zone: '', subzone: '' };
/** Of `dubbo.endpoints`: one port for each protocol. */
const maxPorts = 16;
/** Members that say so when they are false. */
const isDown = ['enabled', 'Enable', 'healthy', 'Healthy'];

/** `json`: the data of the instance's node. Undefined for what is no instance. */
export function parseApplicationInstance(json: string): RegistryInstance | undefined {
  const node = parse(json);
  const address = textIn(node, 'address') ?? textIn(node, 'host') ?? textIn(node, 'Host');
  const number = numberFrom(valueIn(node, 'port') ?? valueIn(node, 'Port'));
  if (address === undefined || !isPort(number)) return undefined;
  const payload = valueIn(node, 'payload');
  const beside = valueIn(node, 'metadata') ?? valueIn(node, 'Metadata');
  const metadata = textsIn(valueIn(payload, 'metadata') ?? payload ?? beside);
  const ports = portsOf(metadata['dubbo.endpoints'], number);
  const weight = Number(metadata.weight);
  return {
    id: textIn(node, 'id') ?? textIn(node, 'ID') ?? `${address}:${number}`,
    address,
    ports,
    ...(metadata.weight !== undefined && weight >= 0 && weight < Infinity ? { weight } : {}),
    health: isDown.some((name) => valueIn(node, name) === false) ? 'down' : 'up',
    isolated: metadata.enabled === 'false' || metadata.disabled === 'true',
    locality: nowhere,
    metadata,
  };
}

/** `[{"port":20880,"protocol":"dubbo"}]`; without it, Dubbo's own protocol at the instance's port. */
function portsOf(endpoints: string | undefined, fallback: number): readonly RegistryPort[] {
  const listed = endpoints === undefined ? undefined : parse(endpoints);
  const ports = (Array.isArray(listed) ? listed.slice(0, maxPorts) : []).flatMap((one: unknown): RegistryPort[] => {
    const number = numberFrom(valueIn(one, 'port'));
    const protocol = textIn(one, 'protocol');
    return isPort(number) && protocol !== undefined ? [{ name: '', number, protocol }] : [];
  });
  return ports.length > 0 ? ports : [{ name: '', number: fallback, protocol: 'dubbo' }];
}

function isPort(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= 65_535;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function valueIn(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function textIn(value: unknown, key: string): string | undefined {
  const found = valueIn(value, key);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** The members that are texts. */
function textsIn(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  const texts = Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return Object.fromEntries(texts);
}
