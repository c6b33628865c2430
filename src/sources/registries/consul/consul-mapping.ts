/** Consul's words for services and instances in ours. */
import type {
  InstanceHealth,
  RegistryInstance,
  RegistryService,
  RegistryServiceName,
} from '../../../model/registry.ts';
import type { HealthCheck, HealthEntry } from './health-entries.ts';

/** Undefined where there is nothing but proxies and gateways: the mesh has its own. */
export function registryService(
  name: RegistryServiceName,
  entries: readonly HealthEntry[],
): RegistryService | undefined {
  const instances = entries.filter(({ kind }) => kind === '').map(registryInstance);
  if (instances.length === 0 && entries.length > 0) return undefined;
  return { ...name, metadata: {}, instances, isProtected: false };
}

function registryInstance(entry: HealthEntry): RegistryInstance {
  const { node, id, address, nodeAddress, port, weights, meta, tags } = entry;
  const { health, isolated, isWarned } = stateOf(entry.checks);
  return {
    // The id of an instance is unique on its node only.
    id: `${encodeURIComponent(node.toWellFormed())}/${id}`,
    address: address === '' ? nodeAddress : address,
    ports: [{ name: '', number: port, protocol: '' }],
    weight: isWarned ? weights.warning : weights.passing,
    health,
    isolated,
    locality: localityOf(entry),
    metadata: { ...tagMetadata(tags), ...meta },
  };
}

interface State {
  readonly health: InstanceHealth;
  readonly isolated: boolean;
  readonly isWarned: boolean;
}

/** Maintenance is a check that is critical for as long as an operator wants it. */
function stateOf(checks: readonly HealthCheck[]): State {
  const isMaintenance = ({ id, status }: HealthCheck): boolean =>
    status === 'maintenance' || id === '_node_maintenance' || id.startsWith('_service_maintenance:');
  const real = checks.filter((check) => !isMaintenance(check)).map(({ status }) => status);
  const isolated = real.length < checks.length;
  const health = real.includes('critical') ? 'down' : real.length === 0 ? 'unknown' : 'up';
  return { health, isolated, isWarned: real.includes('warning') };
}

/** A datacenter is a region unless the servers were told better; a node's zone stands in its metadata. */
function localityOf({ region, zone, datacenter, nodeMeta }: HealthEntry): RegistryInstance['locality'] {
  return {
    region: region || nodeMeta.region || datacenter,
    zone: zone || nodeMeta.zone || nodeMeta.availability_zone || '',
    subzone: '',
  };
}

/**
 * `key|value` as consul2istio has it, or `key=value` as Spring Cloud has it. A tag that is neither stands for itself, so
 * that it can be selected by.
 */
function tagMetadata(tags: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    tags.map((tag) => {
      const [, key = tag, value = tag] = /^([^|=]+)[|=](.*)$/su.exec(tag) ?? [];
      return [key, value];
    }),
  );
}
