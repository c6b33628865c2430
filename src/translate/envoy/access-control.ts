/**
 * What may be sent to a workload's port -> Envoy's RBAC filters, one policy a rule.
 *
 *   rules that are for the port --> what routes tell the HTTP filter, for requests
 *                               `-> network filter, for connections of which nothing is known but who opened them
 *
 * Whatever no policy permits is denied; a filter without any policy denies all. Who calls is taken from the URI names of
 * a certificate that was verified, and from nothing else: neither its subject nor its DNS names.
 *
 * Rules for requests come with the routes and not with the listener: connections that stand keep the filters of the
 * listener that took them until they are drained, and ask for the routes of today at each request.
 *
 * The network filter decides at the caller's first byte, when the upstream connection stands already: a server that
 * speaks first has spoken by then. Ports of such servers have to refuse strangers in the TLS handshake as well: see
 * permittedCallers.
 */
import { type AccessRule, type RequestCondition, sourcesOf } from '../../model/access.ts';
import { startAnchored } from '../../model/access-expression.ts';
import type { PortIngress } from '../../model/ingress.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import { enumValue, type envoy, pack } from '../../xds-api/messages.ts';
import { inboundClusterName } from '../names/resource-names.ts';
import { claimPermission } from './tokens.ts';
import { cidrRange } from './values.ts';

type Filter = envoy.config.listener.v3.Filter;
type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
type PerFilterConfig = NonNullable<envoy.config.route.v3.VirtualHost['typedPerFilterConfig']>;
type Rbac = envoy.config.rbac.v3.RBAC;
type Permission = envoy.config.rbac.v3.Permission;
type Principal = envoy.config.rbac.v3.Principal;

const PRINCIPAL = 'envoy.extensions.rbac.principals.mtls_authenticated.v3.Config';
const URI = enumValue('envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType', 'URI');
const DNS = enumValue('envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType', 'DNS');

const HTTP_RBAC = 'envoy.filters.http.rbac';

/** For a port whose requests are read. Denies whatever comes by routes that say nothing of access. */
export const httpAccessFilter: HttpFilter = {
  name: HTTP_RBAC,
  typedConfig: pack('envoy.extensions.filters.http.rbac.v3.RBAC', { rules: {} }),
};

/** What routes tell that filter: to let through what some rule permits; `any`, everything. */
export function httpAccess(rules: readonly AccessRule[] | 'any', port: number): PerFilterConfig {
  return perRoute(rules === 'any' ? undefined : rbac(rules, port, requestPermissions));
}

function perRoute(rules: Rbac | undefined): PerFilterConfig {
  const config = rules === undefined ? {} : { rbac: { rules } };
  return { [HTTP_RBAC]: pack('envoy.extensions.filters.http.rbac.v3.RBACPerRoute', config) };
}

/** For a port whose connections are not looked into: rules that are for HTTP requests permit nothing on it. */
export function networkAccessFilter(rules: readonly AccessRule[], port: number): Filter {
  return networkRulesFilter(rbac(rules, port, connectionPermissions), port);
}

/** Who may open connections to such a port. What is empty trusts nobody. */
export function permittedCallers(rules: readonly AccessRule[], port: number): readonly string[] | 'any' {
  return sourcesOf(rules.filter((rule) => rule.requests === 'any' && isForPort(rule, port)));
}

/** For a port whose connections are not looked into, by rules made elsewhere. */
export function networkRulesFilter(rules: Rbac, port: number): Filter {
  return {
    name: 'envoy.filters.network.rbac',
    typedConfig: pack('envoy.extensions.filters.network.rbac.v3.RBAC', { rules, statPrefix: inboundClusterName(port) }),
  };
}

/** The port itself is no permission: the filter stands where nothing but this port's traffic comes. */
function rbac(
  rules: readonly AccessRule[],
  port: number,
  permissionsOf: (rule: AccessRule) => readonly Permission[],
): Rbac {
  const policies = new Map<string, envoy.config.rbac.v3.Policy>();
  for (const rule of rules) {
    if (!isForPort(rule, port)) continue;
    const permissions = [...permissionsOf(rule)];
    const principals = rule.sources === 'any' ? [ANYBODY] : rule.sources.map(principal);
    if (permissions.length === 0 || principals.length === 0) continue;
    policies.set(unusedName(rule, policies), { permissions, principals });
  }
  return { policies: Object.fromEntries(policies) };
}

function isForPort({ ports }: AccessRule, port: number): boolean {
  return ports === 'any' || ports.includes(port);
}

function unusedName({ object }: AccessRule, used: ReadonlyMap<string, unknown>): string {
  const name = object.namespace === undefined ? object.name : `${object.namespace}/${object.name}`;
  let unused = name;
  for (let again = 2; used.has(unused); again++) unused = `${name}#${again}`;
  return unused;
}

/** A certificate without a SPIFFE id is nobody's, whoever signed it. */
const ANYBODY: Principal = authenticated({ prefix: 'spiffe://' });

function principal(spiffeId: string): Principal {
  return authenticated({ exact: spiffeId });
}

/** For requests from outside the mesh: from one of the ranges, and with one of the certificates, where these are asked for. */
export function ingressAccess({ object, ranges, requests, tls }: PortIngress, settings: MeshSettings): PerFilterConfig {
  const principals = tls?.principals ?? 'any';
  const ids = [
    ...(ranges === 'any' ? [] : [anyPrincipal(ranges.map((range) => ({ directRemoteIp: cidrRange(range) })))]),
    ...(principals === 'any' ? [] : [anyPrincipal(principals.map((name) => namedPrincipal(name, settings)))]),
  ];
  const permissions = requests === 'any' ? [ANY] : requests.map(requestPermission);
  const who: Principal = ids.length === 0 ? { any: true } : { andIds: { ids } };
  const name = `${object.namespace ?? ''}/${object.name}`;
  return perRoute({ policies: { [name]: { permissions, principals: [who] } } });
}

function anyPrincipal(ids: Principal[]): Principal {
  return { orIds: { ids } };
}

/** By a SPIFFE id, or by a DNS name of the certificate: these are of no trust domain, and only our own is believed in them. */
function namedPrincipal(name: string, { trustDomain, otherDomains }: MeshSettings): Principal {
  if (name.startsWith('spiffe://')) return principal(name);
  const named = authenticated({ exact: name }, DNS);
  if (otherDomains === undefined) return named;
  return { andIds: { ids: [authenticated({ prefix: `spiffe://${trustDomain}/` }), named] } };
}

export function authenticated(matcher: envoy.type.matcher.v3.StringMatcher, sanType = URI): Principal {
  const typedConfig = pack(PRINCIPAL, { sanMatcher: { sanType, matcher } });
  return { custom: { name: 'envoy.rbac.principals.mtls_authenticated', typedConfig } };
}

const ANY: Permission = { any: true };

function connectionPermissions({ requests }: AccessRule): readonly Permission[] {
  return requests === 'any' ? [ANY] : [];
}

function requestPermissions({ requests }: AccessRule): readonly Permission[] {
  return requests === 'any' ? [ANY] : requests.map(requestPermission);
}

function requestPermission({ pathRegex, methods, headers, claims = [] }: RequestCondition): Permission {
  const rules = [
    ...(pathRegex === '' ? [] : [pathPermission(pathRegex)]),
    ...(methods.length === 0 ? [] : [anyOf(methods.map(methodPermission))]),
    ...headers.map(({ name, regex }) => headerPermission(name === 'host' ? ':authority' : name, regex)),
    ...claims.map(claimPermission),
  ];
  return allOf(rules);
}

/** Without the query. */
function pathPermission(regex: string): Permission {
  return { urlPath: { path: { safeRegex: { regex: startAnchored(regex) } } } };
}

function methodPermission(exact: string): Permission {
  return { header: { name: ':method', stringMatch: { exact } } };
}

/** Holds when one of several headers of the name matches as a whole. */
function headerPermission(name: string, regex: string): Permission {
  return { header: { name, stringMatch: { safeRegex: { regex } } } };
}

export function allOf(rules: Permission[]): Permission {
  const [first] = rules;
  if (first === undefined) return ANY;
  return rules.length === 1 ? first : { andRules: { rules } };
}

export function anyOf(rules: Permission[]): Permission {
  const [first] = rules;
  return rules.length === 1 && first !== undefined ? first : { orRules: { rules } };
}
