/** Polaris' words for services and instances in ours. */
import type {
  InstanceHealth,
  RegistryInstance,
  RegistryService,
  RegistryServiceName,
} from '../../../model/registry.ts';
import type { PolarisInstance } from './polaris-messages.ts';

export function registryService(
  name: RegistryServiceName,
  metadata: Readonly<Record<string, string>>,
  instances: readonly PolarisInstance[],
): RegistryService {
  return { ...name, metadata, instances: instances.map(registryInstance), isProtected: false };
}

/** What is absent has Polaris' default: weight 100, healthy, not isolated. */
function registryInstance(instance: PolarisInstance): RegistryInstance {
  const { location, metadata = {}, version } = instance;
  const address = instance.host?.value ?? '';
  const number = instance.port?.value ?? 0;
  return {
    id: instance.id?.value ?? `${address}:${number}`,
    address,
    ports: [{ name: '', number, protocol: instance.protocol?.value ?? '' }],
    weight: instance.weight === undefined ? 100 : (instance.weight.value ?? 0),
    health: healthOf(instance),
    isolated: instance.isolate?.value === true,
    locality: {
      region: location?.region?.value ?? '',
      zone: location?.zone?.value ?? '',
      subzone: location?.campus?.value ?? '',
    },
    metadata: version?.value ? { version: version.value, ...metadata } : metadata,
  };
}

/** A wrapper that is there without a value is false; one that is not there is true. */
function healthOf({ healthy, enableHealthCheck }: PolarisInstance): InstanceHealth {
  if (healthy !== undefined && healthy.value !== true) return 'down';
  return enableHealthCheck?.value === true ? 'up' : 'unknown';
}
