/** Dubbo's interface-level registration: a provider is a URL, and its node's name is that URL, encoded. */
import type { RegistryInstance, RegistryServiceName } from '../../../model/registry.ts';

/** A provider and the service that it belongs to. */
export interface Provider {
  readonly service: RegistryServiceName;
  readonly instance: RegistryInstance;
}

const nowhere = { region: '', zone: '', subzone: '' };

/** `encoded`: the node's name. Undefined for what is no provider's URL: a tenant may write anything there. */
export function parseProvider(encoded: string): Provider | undefined {
  const text = decode(encoded);
  const split = text.indexOf('://');
  if (split < 1) return undefined;
  const protocol = text.slice(0, split).toLowerCase();
  // Whatever the scheme: of those that the URL parser knows it would drop the usual port.
  const url = URL.parse(`dubbo://${text.slice(split + 3)}`);
  if (url === null || !/^[a-z][a-z0-9+.-]*$/.test(protocol)) return undefined;
  const parameters = Object.fromEntries(url.searchParams);
  const name = own(parameters, 'interface') ?? decode(url.pathname.slice(1));
  const number = Number(url.port === '' ? own(parameters, 'bind.port') : url.port);
  if (name === '' || url.hostname === '' || !Number.isInteger(number) || number < 1 || number > 65_535)
    return undefined;
  const address = url.hostname.replace(/^\[|\]$/g, '');
  return {
    service: serviceOf(name, own(parameters, 'version') ?? '', own(parameters, 'group') ?? ''),
    instance: {
      id: `${protocol}://${address}:${number}`,
      address,
      ports: [{ name: '', number, protocol }],
      ...weightOf(own(parameters, 'weight')),
      health: 'up',
      isolated: own(parameters, 'enabled') === 'false' || own(parameters, 'disabled') === 'true',
      locality: nowhere,
      metadata: parameters,
    },
  };
}

/** A consumer, by its node's name. Undefined for what is no consumer's URL. */
export function parseConsumer(
  encoded: string,
): { readonly service: RegistryServiceName; readonly caller: string } | undefined {
  const text = decode(encoded);
  if (!text.startsWith('consumer://')) return undefined;
  const url = URL.parse(text.replace(/^consumer:/, 'dubbo:'));
  if (url === null || url.hostname === '') return undefined;
  const parameters = Object.fromEntries(url.searchParams);
  const name = own(parameters, 'interface') ?? decode(url.pathname.slice(1));
  if (name === '') return undefined;
  const application = own(parameters, 'application') ?? '';
  return {
    service: serviceOf(name, own(parameters, 'version') ?? '', own(parameters, 'group') ?? ''),
    caller: application === '' ? url.hostname : `${application} (${url.hostname})`,
  };
}

/** The version is a part of the name: versions of an interface are services of their own. */
function serviceOf(name: string, version: string, group: string): RegistryServiceName {
  const isVersioned = version !== '' && version !== '0.0.0' && version !== '*';
  return { namespace: '', group: group === '*' ? '' : group, name: isVersioned ? `${name}:${version}` : name };
}

function weightOf(text: string | undefined): { readonly weight?: number } {
  const weight = Number(text);
  return text === undefined || text === '' || !(weight >= 0 && weight < Infinity) ? {} : { weight };
}

/** As it is, where it was encoded by no rule. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function own(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
