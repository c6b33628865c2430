/**
 * What the proxies beside workloads listen for: each port at which an endpoint of some service stands, for those IP
 * addresses at which there is a proxy. A mesh has far more endpoints than proxies that ask one control plane.
 * Where several services stand at one port, one that demands certificates wins, then the smallest key; it is no mistake as
 * long as they say the same about it.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { equal } from '../../collections/equality.ts';
import type { AccessPolicy, AccessRule } from '../../model/access.ts';
import type { EndpointGroup } from '../../model/endpoint.ts';
import { type Finding, finding, formatObject } from '../../model/finding.ts';
import { parseSpiffeId } from '../../model/identity.ts';
import type { InboundPort, MeshPort, MeshService, MeshSettings } from '../../model/mesh-service.ts';
import { policiesFor, type RequestPolicy } from '../../model/request-policy.ts';
import { serviceKey } from '../../model/service.ts';
import type { InboundLimits, TrafficSetting } from '../../model/traffic-limits.ts';
import { type BackendIngress, ingressKey } from '../access/ingress-backends.ts';
import { authorizedRules, type WorkloadAuthorization } from '../access/istio-authorization.ts';
import { tokensFor, type WorkloadTokens } from '../access/request-authentications.ts';
import { type Telemetries, workloadLog } from '../openservicemesh/telemetries.ts';
import { settingsOf } from '../settings.ts';
import { isIpAddress } from './ip-address.ts';

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
}

/** Keyed by `<address>|<target port>`. `addresses` are keyed by themselves. */
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
      const contenders = Map.groupBy(candidates.toSorted(byDemand), ({ key }) => key);
      for (const ports of contenders.values()) for (const one of contested(ports)) context.report(one);
      return [...contenders.values()].flatMap((ports) => {
        const limits = limitsAt(ports, context);
        const winner = withIngress(ports, context, tables.ingresses);
        return winner === undefined ? [] : { ...winner, ...(limits === undefined ? {} : { limits }) };
      });
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

/** Nobody opens a workload by writing down its address: who it is, then that it demands certificates, goes before plaintext. */
function byDemand(a: InboundPort, b: InboundPort): number {
  const rank = ({ guard }: InboundPort): number => (guard === undefined ? 2 : Number(guard.identity === ''));
  return rank(a) - rank(b);
}

/**
 * The first, with what policies keep out by what another one says of the workload: it is one workload, and its labels may be
 * written in one of the objects only.
 */
function strictest([first, ...others]: readonly InboundPort[]): InboundPort | undefined {
  if (first === undefined) return undefined;
  const tokens = first.tokens ?? others.find((other) => other.tokens !== undefined)?.tokens;
  const winner = tokens === undefined ? first : { ...first, tokens };
  if (winner.guard === undefined) return winner;
  const { identity, rules } = winner.guard;
  const guards = others.flatMap(({ guard }) => (guard?.identity === identity ? [guard] : []));
  const narrower =
    guards.find(({ isClosed }) => isClosed) ??
    (rules === undefined ? guards.find((guard) => guard.rules !== undefined) : undefined);
  return narrower === undefined ? winner : { ...winner, guard: narrower };
}

/** Of the first, with what one of the services at the port takes from outside the mesh. */
function withIngress(
  ports: readonly InboundPort[],
  context: Context,
  ingresses: Collection<BackendIngress>,
): InboundPort | undefined {
  const winner = strictest(ports);
  if (winner?.guard === undefined) return winner;
  const found = ports.flatMap(({ host, namespace, targetPort }) => {
    const ingress = context.get(ingresses, ingressKey(serviceKey(namespace, host), targetPort))?.ingress;
    return ingress === undefined ? [] : [ingress];
  });
  const [ingress, ...others] = found;
  if (ingress === undefined) return winner;
  if (winner.guard.isClosed === true) {
    const message = `A policy closes ${winner.address}:${winner.targetPort}, for callers from outside the mesh as well.`;
    const remedy = 'Mend or remove the AuthorizationPolicy whose findings say that nobody gets in.';
    context.report(finding('ISTH1411', { object: ingress.object, message, remedy }));
    return winner;
  }
  for (const { object } of others.filter((other) => !equal(other, ingress))) {
    const message = `${formatObject(ingress.object)} is in force at ${winner.address}:${winner.targetPort} instead.`;
    context.report(finding('ISTH1412', { object, message }));
  }
  return { ...winner, ingress, calledAs: ports.map(({ host, port }) => ({ host, port: port.number })) };
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

/**
 * What is bounded for one of the services at a port is bounded there, whichever of them defines the port: it is one
 * workload that is to be spared.
 */
function limitsAt(ports: readonly InboundPort[], context: Context): InboundLimits | undefined {
  const [first, ...others] = ports.flatMap(({ limits }) => limits ?? []);
  const [{ key }] = [ports[0] ?? { key: '' }];
  for (const { origin } of others.filter((other) => first !== undefined && !equal(other, first))) {
    const inForce = first === undefined ? '' : formatObject(first.origin.object);
    const message = `At ${key.replace('|', ':')}, which serves several services, ${inForce} is in force instead.`;
    context.report(finding('ISTH1343', { ...origin, path: 'spec.rateLimit', message }));
  }
  return first;
}

function contested([winner, ...others]: readonly InboundPort[]): readonly Finding[] {
  if (winner === undefined) return [];
  return others
    .filter((other) => !equal(duties(winner), duties(other)))
    .map((other) => {
      const by = formatObject(winner.declaredBy);
      const message = `${other.address}:${other.targetPort} serves ${winner.host} port ${winner.port.number} of ${by} as well, which is in force there.`;
      return finding('ISTH0311', { object: other.declaredBy, path: `ports[${other.port.number}]`, message });
    });
}

function duties({ port, codec, localRateLimit, globalRateLimit, guard, tokens }: InboundPort): unknown {
  return [port.protocol, codec, localRateLimit, globalRateLimit, guard, tokens];
}
