/** Nacos' words for instances in ours, and Dubbo's where it is Dubbo that registered them. */
import type { RegistryInstance } from '../../../model/registry.ts';
import { parseApplicationInstance } from '../dubbo/application-instance.ts';
import { parseProvider } from '../dubbo/provider-url.ts';
import { isRecord, type JsonRecord } from './json-record.ts';

const nowhere = { region: '', zone: '', subzone: '' };

/** `isProvider`: of a service that stands for an interface of Dubbo. Undefined for what is no instance. */
export function registryInstance(host: unknown, isProvider: boolean): RegistryInstance | undefined {
  if (!isRecord(host)) return undefined;
  const { ip, port, clusterName, healthy, enabled } = host;
  if (typeof ip !== 'string' || ip === '' || !isPort(port)) return undefined;
  const metadata = textsOf(host.metadata);
  const cluster = typeof clusterName === 'string' ? clusterName : '';
  const dubbo = isProvider ? providerParts(ip, port, metadata) : applicationParts(ip, port, metadata);
  return {
    id: `${ip}#${port}#${cluster}`,
    address: ip,
    ports: dubbo?.ports ?? [{ name: '', number: port, protocol: '' }],
    ...weightOf(host, dubbo),
    health: healthy === false ? 'down' : 'up',
    isolated: enabled === false || dubbo?.isolated === true,
    locality: nowhere,
    metadata: cluster === '' ? metadata : { cluster, ...metadata },
  };
}

type DubboParts = Pick<RegistryInstance, 'ports' | 'weight' | 'isolated'>;

/** Metadata are the parameters of the provider's URL, and say its scheme and path as well. */
function providerParts(ip: string, port: number, metadata: Readonly<Record<string, string>>): DubboParts | undefined {
  const { protocol = 'dubbo', path = '' } = metadata;
  const text = path.toWellFormed();
  const address = ip.includes(':') ? `[${ip}]` : ip;
  const url = `${protocol}://${address}:${port}/${encodeURIComponent(text)}?${new URLSearchParams(metadata)}`;
  return inDubbo(parseProvider(encodeURIComponent(url.toWellFormed()))?.instance);
}

function applicationParts(
  ip: string,
  port: number,
  metadata: Readonly<Record<string, string>>,
): DubboParts | undefined {
  const isDubbo = 'dubbo.endpoints' in metadata || 'dubbo.metadata.revision' in metadata;
  if (!isDubbo) return undefined;
  return inDubbo(parseApplicationInstance(JSON.stringify({ address: ip, port, payload: { metadata } })));
}

/** Dubbo's consumers take 100 where nothing is said, and know nothing of the weight that Nacos has. */
function inDubbo(instance: RegistryInstance | undefined): DubboParts | undefined {
  return instance === undefined ? undefined : { ...instance, weight: instance.weight ?? 100 };
}

/** Nacos' own, as an operator sets it there, counts beside Dubbo's. */
function weightOf({ weight }: JsonRecord, dubbo: DubboParts | undefined): { readonly weight?: number } {
  const isWeight = typeof weight === 'number' && weight >= 0;
  if (dubbo === undefined) return isWeight ? { weight } : {};
  return { weight: (isWeight ? weight : 1) * (dubbo.weight ?? 1) };
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

/** The members that are texts. */
function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  const texts = Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return Object.fromEntries(texts);
}
