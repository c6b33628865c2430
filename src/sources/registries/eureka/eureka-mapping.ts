/** Eureka's words for instances in ours. */
import type { InstanceHealth, RegistryInstance, RegistryPort } from '../../../model/registry.ts';
import type { EurekaOptions } from './eureka-options.ts';
import type { InstanceRecord } from './instance-record.ts';

/** An instance as a member of a service. */
export interface Membership {
  readonly service: string;
  readonly instance: RegistryInstance;
}

/** One, of the application; or one for each virtual address, with the ports that answer to it. */
export function membershipsOf(record: InstanceRecord, names: EurekaOptions['names']): readonly Membership[] {
  if (names === 'application') return [{ service: record.application, instance: registryInstance(record, record) }];
  const { application, id, vips, secureVips } = record;
  return [...new Set([...vips, ...secureVips])].map((service) => ({
    service,
    instance: {
      ...registryInstance(record, {
        port: vips.includes(service) ? record.port : undefined,
        securePort: secureVips.includes(service) ? record.securePort : undefined,
      }),
      id: `${application}/${id}`,
    },
  }));
}

type Ports = Pick<InstanceRecord, 'port' | 'securePort'>;

function registryInstance(record: InstanceRecord, ports: Ports): RegistryInstance {
  const { metadata } = record;
  const weight = Number(metadata.weight ?? NaN);
  return {
    id: record.id,
    address: record.address,
    ports: portsOf(ports, metadata),
    // As Spring Cloud LoadBalancer has it.
    ...(weight >= 0 && Number.isFinite(weight) ? { weight } : {}),
    health: healthOf(record),
    isolated: record.status === 'OUT_OF_SERVICE' || record.override === 'OUT_OF_SERVICE',
    locality: localityOf(record),
    metadata,
  };
}

/** Eureka's clients speak HTTP to what is registered, but for gRPC, of which Spring's starters tell the port in metadata. */
function portsOf({ port, securePort }: Ports, metadata: InstanceRecord['metadata']): readonly RegistryPort[] {
  const grpc = Number(metadata.gRPC_port ?? metadata['gRPC.port'] ?? 0);
  const ports = [
    ...(port === undefined ? [] : [{ name: 'http', number: port, protocol: metadata.protocol ?? 'http' }]),
    ...(securePort === undefined ? [] : [{ name: 'https', number: securePort, protocol: 'https' }]),
    ...(grpc > 0 && port !== undefined ? [{ name: 'grpc', number: grpc, protocol: 'grpc' }] : []),
  ];
  const distinct = ports.filter(({ number }, at) => ports.findIndex((other) => other.number === number) === at);
  // An instance without a port cannot be called; with this one it is refused, and named.
  return distinct.length > 0 ? distinct : [{ name: 'http', number: 0, protocol: 'http' }];
}

/** Eureka's clients call only what is UP: nobody vouches for UNKNOWN. An override does not heal what is down. */
function healthOf({ status, override }: InstanceRecord): InstanceHealth {
  const effective = status === 'UP' && override !== '' ? override : status;
  return effective === 'UP' || effective === 'OUT_OF_SERVICE' ? 'up' : 'down';
}

/** Zones stand in metadata as Spring Cloud has them, or are Amazon's, of which a region is all but the last letter. */
function localityOf({ metadata, dataCenter, dataCenterMetadata }: InstanceRecord): RegistryInstance['locality'] {
  const zone = metadata.zone ?? dataCenterMetadata['availability-zone'] ?? '';
  const [, region = ''] = dataCenter === 'Amazon' ? (/^(.*\d)[a-z]$/.exec(zone) ?? []) : [];
  return { region: metadata.region ?? region, zone, subzone: '' };
}
