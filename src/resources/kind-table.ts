/** All kinds that are read, and what is said about those that are not. */
import { apiKindOf, type KindInfo } from './kind-info.ts';
import type { KindReader } from './kind-reader.ts';
import { applicationProtocol } from './kinds/application-protocol.ts';
import { destinationRule } from './kinds/destination-rule.ts';
import { egress } from './kinds/egress.ts';
import { endpointSlice } from './kinds/endpoint-slice.ts';
import { extensionService } from './kinds/extension-service.ts';
import { httpRouteGroup } from './kinds/http-route-group.ts';
import { identityBinding } from './kinds/identity-binding.ts';
import { ingressBackend } from './kinds/ingress-backend.ts';
import { kubernetesService } from './kinds/kubernetes-service.ts';
import { meshConfig } from './kinds/mesh-config.ts';
import { meshRootCertificate } from './kinds/mesh-root-certificate.ts';
import { metaRouter } from './kinds/meta-router.ts';
import { migrationPlan } from './kinds/migration-plan.ts';
import { namespace } from './kinds/namespace.ts';
import { osmMeshConfig } from './kinds/osm-mesh-config.ts';
import { tcpRoute, udpRoute } from './kinds/port-routes.ts';
import { type CodecCheck, protocolCodec } from './kinds/protocol-codec.ts';
import { dubboAuthorizationPolicy, requestAuthorizationPolicy } from './kinds/request-authorization.ts';
import { retry } from './kinds/retry.ts';
import { serviceEntry } from './kinds/service-entry.ts';
import { serviceRegistry } from './kinds/service-registry.ts';
import { telemetry } from './kinds/telemetry.ts';
import { trafficSplit } from './kinds/traffic-split.ts';
import { trafficTarget } from './kinds/traffic-target.ts';
import { upstreamTrafficSetting } from './kinds/upstream-traffic-setting.ts';
import { workloadEntry } from './kinds/workload-entry.ts';
import { workloadGroup } from './kinds/workload-group.ts';
import { suggestName } from './name-suggestion.ts';
import { type Problems, quote } from './problem.ts';

export type KindTable = ReadonlyMap<string, KindReader>;

const allKinds = (checkCodec: CodecCheck | undefined): readonly KindReader[] => [
  applicationProtocol,
  metaRouter,
  serviceEntry,
  workloadEntry,
  workloadGroup,
  destinationRule,
  kubernetesService,
  endpointSlice,
  namespace,
  protocolCodec(checkCodec),
  meshConfig,
  serviceRegistry,
  migrationPlan,
  httpRouteGroup,
  tcpRoute,
  udpRoute,
  trafficTarget,
  identityBinding,
  trafficSplit,
  requestAuthorizationPolicy,
  dubboAuthorizationPolicy,
  egress,
  ingressBackend,
  retry,
  upstreamTrafficSetting,
  telemetry,
  extensionService,
  osmMeshConfig,
  meshRootCertificate,
];

/** The kinds that are read: for `validate`, help and watches. */
export const kinds: readonly KindInfo[] = allKinds(undefined).map(({ read: _, ...info }) => info);

export function kindTable(checkCodec: CodecCheck | undefined): KindTable {
  return new Map(allKinds(checkCodec).map((reader) => [`${reader.group}/${apiKindOf(reader)}`, reader]));
}

/** The reader of a kind in one of its versions; else undefined, and a problem that says why. */
export function findKind(
  table: KindTable,
  apiVersion: string,
  kind: string,
  problems: Problems,
): KindReader | undefined {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const reader = table.get(`${group}/${kind}`);
  if (reader?.versions.includes(version) === true) return reader;
  if (reader === undefined) reportUnknownKind(group, kind, apiVersion, problems);
  else {
    const known = reader.versions.map((one) => (group === '' ? one : `${group}/${one}`));
    const message = `${kind} is not read in version ${quote(version)}.`;
    problems.add('ISTH0101', ['apiVersion'], message, `Write apiVersion: ${known.join(' or ')}.`);
  }
  return undefined;
}

/** Kinds of groups that we read some of, which we shall read, or which would be missed if they were passed over in silence. */
const unsupported: ReadonlyMap<string, readonly string[]> = new Map([
  ['networking.istio.io', ['VirtualService', 'Gateway', 'Sidecar', 'EnvoyFilter', 'ProxyConfig']],
  ['redis.aeraki.io', ['RedisService', 'RedisDestination']],
  ['security.istio.io', ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication']],
  ['isthmus.dev', ['AddressLease']],
]);

function reportUnknownKind(group: string, kind: string, apiVersion: string, problems: Problems): void {
  if (unsupported.get(group)?.includes(kind) === true) {
    problems.add('ISTH0111', ['kind'], `${kind} (${apiVersion}) is not supported yet.`);
    return;
  }
  const inGroup = kinds.filter((one) => one.group === group).map(apiKindOf);
  const elsewhere = kinds.find((one) => apiKindOf(one) === kind && one.group !== group);
  const meant = suggestName(kind, inGroup);
  const message = `${quote(kind)} of apiVersion ${quote(apiVersion)} is no kind that is read.`;
  if (kind === 'List')
    problems.add('ISTH0101', ['kind'], message, 'Give it items: a list of objects that are no Lists themselves.');
  else if (elsewhere !== undefined && (isOurs(group) || suggestName(group, [elsewhere.group]) !== undefined))
    problems.add('ISTH0101', ['apiVersion'], message, `Did you mean ${apiVersionsOf(elsewhere)}?`);
  else if (meant !== undefined) problems.add('ISTH0101', ['kind'], message, `Did you mean ${meant}?`);
  else if (isOurs(group)) problems.add('ISTH0101', ['kind'], message, `Use one of ${inGroup.join(', ')}.`);
  else if (elsewhere !== undefined && group === '' && elsewhere.versions.includes(apiVersion)) {
    const remedy = `Did you mean apiVersion: ${elsewhere.group}/${apiVersion}?`;
    problems.add('ISTH0120', ['apiVersion'], `${message} It is passed over.`, remedy);
  } else problems.add('ISTH0110', ['kind'], `${quote(kind)} of apiVersion ${quote(apiVersion)} is passed over.`);
}

/** In any version: which is meant, only the object's author knows. */
function apiVersionsOf({ group, versions }: KindInfo): string {
  const [first = '', ...others] = versions;
  return `apiVersion: ${group === '' ? '' : `${group}/`}${first}${others.length === 0 ? '' : ` (or ${others.join(', ')})`}`;
}

/** For a document that says which kind it is, and not of which apiVersion. */
export function apiVersionFor(kind: string): string | undefined {
  const known = kinds.filter((one) => apiKindOf(one) === kind);
  return known.length === 0 ? undefined : known.map(apiVersionsOf).join(', or ');
}

/** Of Kubernetes, which has kinds in them for everybody. */
const sharedGroups: ReadonlySet<string> = new Set(['', 'discovery.k8s.io']);

/** Groups that hold nothing but what a mesh is made of: an unknown kind in them is a mistake, not another program's. */
function isOurs(group: string): boolean {
  return !sharedGroups.has(group) && kinds.some((one) => one.group === group);
}
