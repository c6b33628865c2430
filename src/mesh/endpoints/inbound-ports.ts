/**
 * What the proxies beside workloads listen for: each port at which an endpoint of some service stands, for those IP
 * addresses at which there is a proxy. A mesh has far more endpoints than proxies that ask one control plane.
 * Where several services stand at one port: contended-ports.ts.
 */
import type { Collection, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { AccessPolicy, AccessRule } from '../../model/access.ts';
import type { EndpointGroup } from '../../model/endpoint.ts';
import { parseSpiffeId } from '../../model/identity.ts';
import type { InboundPort, MeshPort, MeshService, MeshSettings } from '../../model/mesh-service.ts';
import { policiesFor, type RequestPolicy } from '../../model/request-policy.ts';
import type { TrafficSetting } from '../../model/traffic-limits.ts';
import type { BackendIngress } from '../access/ingress-backends.ts';
import { authorizedRules, type WorkloadAuthorization } from '../access/istio-authorization.ts';
import { tokensFor, type WorkloadTokens } from '../access/request-authentications.ts';
import { type Telemetries, workloadLog } from '../openservicemesh/telemetries.ts';
import { settingsOf } from '../settings.ts';
import { portInForce, workloadPorts } from './contended-ports.ts';
import { isIpAddress } from './ip-address.ts';
import type { PodTables } from './pods.ts';

interface Tables {
  readonly settings: Collection<MeshSettings>;
  readonly endpointGroups: Collection<EndpointGroup>;
  readonly meshServices: Collection<MeshService>;
  /** By the SPIFFE id of the destination. */
  readonly accessPolicies: Collection<AccessPolicy>;
  /** By service key and target port. */
  readonly ingresses: Collection<BackendIngress>;
  /** By service key. */
  readonly trafficSettings: Collection<TrafficSetting>;
  /** By namespace. */
  readonly requestPolicies: Index<RequestPolicy>;
  readonly telemetries: Telemetries;
  /** By namespace. */
  readonly authorizations: Index<WorkloadAuthorization>;
  /** By namespace. */
  readonly authentications: Index<WorkloadTokens>;
  readonly podsByAddress: PodTables['byAddress'];
}

/** Keyed as `workloadPorts` says. `addresses` are keyed by themselves. */
export function inboundPorts(engine: Engine, addresses: Collection<string>, tables: Tables): Collection<InboundPort> {
  const {
    settings,
    endpointGroups,
    meshServices,
    accessPolicies,
    trafficSettings,
    requestPolicies,
    telemetries,
    authorizations,
    authentications,
    ingresses,
    podsByAddress,
  } = tables;
  const groupsByAddress = engine.index('endpoint groups by address', endpointGroups, addressesOf);
  return engine.flatMap(
    'inbound ports',
    addresses,
    (address, context) => {
      const candidates = context.lookup(groupsByAddress, address).flatMap((group) => {
        const service = context.get(meshServices, group.service);
        const port = service?.ports.find((candidate) => candidate.port.number === group.port);
        if (service === undefined || port === undefined) return [];
        const { access, tls } = settingsOf(context, settings);
        const isPermissive = access === 'Permissive';
        const rulesOf = (identity: string) => context.get(accessPolicies, identity)?.rules ?? [];
        const limits = context.get(trafficSettings, group.service)?.limits;
        const policiesOf = (identity: string) =>
          policiesFor(context.lookup(requestPolicies, parseSpiffeId(identity)?.namespace ?? ''), identity, {
            protocol: port.port.protocol,
            codec: port.codec?.protocol.codec,
          });
        const guardOf = (identity: string, labels: Readonly<Record<string, string>>) => {
          const policies = policiesOf(identity);
          const workload = { namespace: parseSpiffeId(identity)?.namespace ?? service.service.namespace, labels };
          const granted = isPermissive ? [] : rulesOf(identity);
          const authorized = authorizedRules(context, authorizations, settingsOf(context, settings), workload);
          return {
            identity,
            ...(isPermissive && authorized === undefined ? {} : { rules: rulesTogether(granted, authorized) }),
            ...(authorized === 'closed' ? { isClosed: true as const } : {}),
            ...(policies.length === 0 ? {} : { policies }),
            ...(tls === undefined ? {} : { tls }),
          };
        };
        return portsAt(address, group, service, port).map(({ inbound, identity = '', labels }) => {
          const workload = { namespace: parseSpiffeId(identity)?.namespace ?? inbound.namespace, labels };
          const tokens = tokensFor(context, authentications, settingsOf(context, settings), workload);
          const telemetry = workloadLog(context, telemetries, inbound.namespace, labels);
          return {
            ...inbound,
            ...(limits === undefined ? {} : { limits }),
            ...(telemetry === undefined ? {} : { telemetry }),
            ...(tokens === undefined ? {} : { tokens }),
            ...(service.security === undefined ? {} : { guard: guardOf(identity, labels) }),
          };
        });
      });
      const pods = context.lookup(podsByAddress, address);
      return workloadPorts(candidates, pods.length === 1 ? pods[0]?.namespace : undefined).flatMap((contenders) =>
        portInForce(contenders, context, ingresses),
      );
    },
    { key: (inbound) => inbound.key },
  );
}

/**
 * Where access is enforced, grants of both kinds hold. A policy that nobody gets in by closes the workload, whatever else is
 * granted: what it was written to keep out is not told from the rest.
 */
function rulesTogether(
  granted: readonly AccessRule[],
  authorized: readonly AccessRule[] | 'closed' | undefined,
): readonly AccessRule[] {
  return authorized === 'closed' ? [] : [...granted, ...(authorized ?? [])];
}

/** Every address at which an endpoint stands: for commands that show a mesh without proxies. */
export function allAddresses(engine: Engine, endpointGroups: Collection<EndpointGroup>): Collection<string> {
  return engine.flatMap('endpoint addresses', endpointGroups, addressesOf, { key: (address) => address });
}

function addressesOf({ endpoints }: EndpointGroup): readonly string[] {
  return [...new Set(endpoints.map(({ address }) => address).filter(isIpAddress))];
}

function portsAt(
  address: string,
  group: EndpointGroup,
  { service }: MeshService,
  port: MeshPort,
): readonly {
  readonly inbound: InboundPort;
  readonly identity: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}[] {
  const { localRateLimit, globalRateLimit, origin } = port.routes ?? {};
  const common = {
    host: service.host,
    namespace: service.namespace,
    declaredBy: service.provenance.object,
    port: port.port,
    ...(port.codec === undefined ? {} : { codec: port.codec }),
    ...(localRateLimit === undefined ? {} : { localRateLimit }),
    ...(globalRateLimit === undefined ? {} : { globalRateLimit }),
    ...(origin === undefined ? {} : { origin }),
  };
  return group.endpoints
    .filter((endpoint) => endpoint.address === address)
    .map(({ port: targetPort, identity, labels }) => ({
      inbound: { key: `${address}|${targetPort}`, address, targetPort, ...common },
      identity,
      labels,
    }));
}
