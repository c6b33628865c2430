/**
 * Egress policies: which service accounts may reach which hosts outside the mesh.
 *
 *   Egress + the HTTPRouteGroups and the UpstreamTrafficSetting that it names --> egress policies, one a host
 *   --> egress hosts, of all policies together
 *
 * A host has a virtual IP like any other, so that nothing has to be intercepted by its real address. Whatever can be
 * given neither such an address nor a name stays closed, with a finding.
 */
import type { Collection, Context } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import {
  type EgressBounds,
  type EgressGrant,
  type EgressHost,
  type EgressPort,
  singleAddressOf,
} from '../../model/egress.ts';
import { finding, formatObject } from '../../model/finding.ts';
import { spiffeId } from '../../model/identity.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import { serviceKey } from '../../model/service.ts';
import type { Egress, HTTPRouteGroup, UpstreamTrafficSetting } from '../../resources/kinds.ts';
import { namedRequests } from '../access/named-requests.ts';
import { isIpAddress } from '../endpoints/ip-address.ts';
import { about, byAge, compareText, type Described } from '../resource-order.ts';
import { settingsOf } from '../settings.ts';
import { egressBounds } from './egress-bounds.ts';

interface Tables {
  readonly settings: Collection<MeshSettings>;
  readonly egresses: Collection<Egress>;
  readonly routeGroups: Collection<HTTPRouteGroup>;
  readonly trafficSettings: Collection<UpstreamTrafficSetting>;
}

/** One policy, for one host. */
interface HostPart {
  /** `<resource key>|<host>`. */
  readonly key: string;
  readonly host: string;
  readonly policy: Described;
  readonly bounds?: EgressBounds;
  readonly ports: readonly (Omit<EgressPort, 'grants' | 'bounds'> & { readonly grant: EgressGrant })[];
}

/** A host with the policy that stands for it in findings. */
export interface DescribedEgressHost extends EgressHost {
  readonly policy: Described;
}

/** Keyed by the host. */
export function egressHosts(engine: Engine, tables: Tables): Collection<DescribedEgressHost> {
  const parts = engine.flatMap(
    'egress policies',
    tables.egresses,
    (egress, context) => partsOf(egress, context, tables),
    { key: ({ key }: HostPart) => key },
  );
  return engine.groupBy(
    'egress hosts',
    parts,
    ({ host }) => [host],
    (host, members, context) => {
      const sorted = members.toSorted((a, b) => byAge(a.policy, b.policy));
      const [first] = sorted;
      const ports = portsOf(sorted, context);
      if (first === undefined || ports.length === 0) return undefined;
      const { rootNamespace } = settingsOf(context, tables.settings);
      return { key: serviceKey(rootNamespace, host), host, ports, policy: first.policy };
    },
  );
}

function partsOf(egress: Egress, context: Context, tables: Tables): readonly HostPart[] {
  const { kind, key, metadata, spec } = egress;
  const { trustDomain, disabledPolicies = [] } = settingsOf(context, tables.settings);
  if (disabledPolicies.includes('Egress')) {
    const message = "Egress is switched off by featureFlags.enableEgressPolicy of Open Service Mesh's MeshConfig.";
    context.report(finding('ISTH1404', { ...about(egress), message }));
    return [];
  }
  const callers = spec.sources
    .map(({ namespace, name }) => spiffeId({ trustDomain, namespace, serviceAccount: name }))
    .sort();
  const requests = namedRequests(egress, context, tables.routeGroups);
  const bounds = egressBounds(egress, context, tables.trafficSettings);
  if (callers.length === 0 || spec.ports.length === 0 || requests.length === 0 || bounds === 'missing') return [];
  if (spec.hosts.length === 0) {
    reportClosed(
      egress,
      context,
      'hosts',
      'Without a host there is no name that workloads could be given an address for',
    );
    return [];
  }
  const hosts = spec.hosts.filter((host) => isName(egress, host, context));
  const usable = spec.ports.filter((port) => isCheckable(egress, port, context));
  const ranges = spec.ipAddresses.toSorted();
  return hosts.map((host) => ({
    key: `${key}|${host}`,
    host,
    policy: { kind, key, metadata },
    ...(bounds === undefined ? {} : { bounds }),
    ports: usable.map(({ number, protocol }) => ({
      number,
      protocol: protocol === 'tcp-server-first' ? 'tcp' : protocol,
      grant: { object: about(egress).object, callers, requests: protocol === 'http' ? requests : 'any', ranges },
    })),
  }));
}

function reportClosed(egress: Egress, context: Context, field: string, why: string): void {
  const message = `${why}: nothing gets out by it.`;
  context.report(finding('ISTH1404', { ...about(egress), path: `spec.${field}`, message }));
}

/** What has one name can be given a virtual IP in place of its own addresses. */
function isName(egress: Egress, host: string, context: Context): boolean {
  const at = egress.spec.hosts.indexOf(host);
  if (host.startsWith('*')) {
    reportClosed(
      egress,
      context,
      `hosts[${at}]`,
      `${host} is no one name that workloads could be given an address for`,
    );
    return false;
  }
  if (!isIpAddress(host)) return true;
  reportClosed(egress, context, `hosts[${at}]`, `${host} is an address, which is dialled past the proxies`);
  return false;
}

/**
 * Ranges are held against the address that a request is sent to. Of connections only their server name is looked into:
 * for them, ranges have to say by themselves where they go.
 */
function isCheckable(egress: Egress, { number, protocol }: Egress['spec']['ports'][number], context: Context): boolean {
  const { hosts, ipAddresses } = egress.spec;
  const saysWhere = hosts.length === 1 && ipAddresses.every((range) => singleAddressOf(range) !== undefined);
  if (protocol === 'http' || ipAddresses.length === 0 || saysWhere) return true;
  const message = `Where connections to port ${number} of a host go cannot be held against ranges, only against single addresses of one host: nothing gets out by that port.`;
  const remedy = 'Write one host and its addresses as /32 or /128, or leave ipAddresses out.';
  context.report(finding('ISTH1404', { ...about(egress), path: 'spec.ipAddresses', message, remedy }));
  return false;
}

interface SharedPort extends EgressPort {
  readonly grants: EgressGrant[];
  readonly policy: Described;
}

/** A port speaks what the first policy says; the others would have it read in another way. */
function portsOf(parts: readonly HostPart[], context: Context): readonly EgressPort[] {
  const ports = new Map<number, SharedPort>();
  for (const part of parts) {
    const { policy, host, bounds } = part;
    for (const { number, protocol, grant } of part.ports) {
      const known = ports.get(number);
      if (known !== undefined && known.protocol !== protocol) {
        const message = `Port ${number} of ${host} is ${known.protocol} by ${formatObject(about(known.policy).object)}, and ${protocol} here, by which nothing gets out.`;
        context.report(finding('ISTH1405', { ...about(policy), path: 'spec.ports', message }));
        continue;
      }
      const inForce = known?.bounds ?? bounds;
      if (bounds !== undefined && inForce !== undefined) reportOtherBounds(part, number, inForce, context);
      ports.set(number, {
        number,
        protocol,
        grants: [...(known?.grants ?? []), grant],
        policy: known?.policy ?? policy,
        ...(inForce === undefined ? {} : { bounds: inForce }),
      });
    }
  }
  return [...ports.values()]
    .map(({ policy: _, grants, ...port }) => ({ ...port, grants: grants.toSorted(byName) }))
    .sort((a, b) => a.number - b.number);
}

/** Callers share the cluster of a port: it has the bounds of the first policy that says some. */
function reportOtherBounds({ policy, host, bounds }: HostPart, port: number, inForce: EgressBounds, context: Context) {
  const [name, own] = [inForce, bounds].map((one) => one && formatObject(one.origin.object));
  if (name === own) return;
  const message = `Port ${port} of ${host} has the bounds of ${name} by an older policy, and not those of ${own}.`;
  context.report(finding('ISTH1405', { ...about(policy), path: 'spec.matches', message }));
}

function byName({ object: a }: EgressGrant, { object: b }: EgressGrant): number {
  return compareText(a.namespace ?? '', b.namespace ?? '') || compareText(a.name, b.name);
}
