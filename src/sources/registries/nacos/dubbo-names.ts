/**
 * Names that Dubbo gives to services of Nacos: `providers:INTERFACE:VERSION:GROUP` for what an interface's providers
 * register; others for consumers and rules, which are no services.
 */
import type { RegistryServiceName } from '../../../model/registry.ts';

const categories = /^(providers|consumers|routers|configurators):/;

export function isProviders(name: string): boolean {
  return name.startsWith('providers:');
}

/**
 * What a service of Nacos is called here: `INTERFACE`, `INTERFACE:VERSION` or `INTERFACE:VERSION:GROUP`, since versions
 * and Dubbo's groups are services of their own. Nacos' group stays the group. Undefined for what is no service.
 */
export function mappedName(raw: RegistryServiceName): RegistryServiceName | undefined {
  const [, category] = categories.exec(raw.name) ?? [];
  if (category === undefined) return raw;
  if (category !== 'providers') return undefined;
  // Older providers leave out what is empty at the end.
  const [, name = '', version = '', group = ''] = raw.name.split(':');
  if (name === '') return undefined;
  const said = version === '0.0.0' ? '' : version;
  const parts = group === '' ? [said] : [said, group];
  return { ...raw, name: [name, ...(parts.join('') === '' ? [] : parts)].join(':') };
}
