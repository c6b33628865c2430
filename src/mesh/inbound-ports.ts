/**
 * What the proxies beside workloads listen for: each IP address and port at which an endpoint of some service stands.
 * Where several services stand at one, the smallest key wins; it is no mistake as long as they say the same about it.
 */
import type { Collection } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import { equal } from '../collections/equality.ts';
import type { EndpointGroup } from '../model/endpoint.ts';
import { type Finding, finding } from '../model/finding.ts';
import type { InboundPort, MeshService } from '../model/mesh-service.ts';
import { isIpAddress } from './ip-address.ts';

/** Keyed by `<address>|<target port>`. */
export function inboundPorts(
  engine: Engine,
  endpointGroups: Collection<EndpointGroup>,
  meshServices: Collection<MeshService>,
): Collection<InboundPort> {
  return engine.flatMap(
    'inbound ports',
    endpointGroups,
    (group, context) => {
      const service = context.get(meshServices, group.service);
      const port = service?.ports.find((candidate) => candidate.port.number === group.port);
      if (service === undefined || port === undefined) return [];
      const { localRateLimit, globalRateLimit } = port.routes ?? {};
      const common = {
        host: service.service.host,
        namespace: service.service.namespace,
        port: port.port,
        ...(port.codec === undefined ? {} : { codec: port.codec }),
        ...(localRateLimit === undefined ? {} : { localRateLimit }),
        ...(globalRateLimit === undefined ? {} : { globalRateLimit }),
      };
      return group.endpoints
        .filter((endpoint) => isIpAddress(endpoint.address))
        .map(({ address, port: targetPort }) => ({
          key: `${address}|${targetPort}`,
          address,
          targetPort,
          ...common,
        }));
    },
    { key: (inbound) => inbound.key, contested },
  );
}

function contested([winner, ...others]: readonly InboundPort[]): readonly Finding[] {
  if (winner === undefined) return [];
  return others
    .filter((other) => !equal(duties(winner), duties(other)))
    .map((other) => {
      const message = `${other.address}:${other.targetPort} serves ${winner.host} port ${winner.port.number} as well, which is in force there.`;
      const object = { kind: 'Host', namespace: other.namespace, name: other.host };
      return finding('ISTH0311', { object, path: `ports[${other.port.number}]`, message });
    });
}

function duties({ port, codec, localRateLimit, globalRateLimit }: InboundPort): unknown {
  return [port.protocol, codec, localRateLimit, globalRateLimit];
}
