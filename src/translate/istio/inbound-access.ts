/**
 * Who may connect to a port before a workload, as policies for requests say it. No filter of Istio's proxies lets through
 * a part of somebody's requests, so that policies are kept to by connection: whoever is denied something is denied all, and
 * what is allowed by properties alone is not allowed.
 */
import type { EndpointGroup } from '../../model/endpoint.ts';
import { type Finding, finding } from '../../model/finding.ts';
import { parseSpiffeId } from '../../model/identity.ts';
import { policiesFor, type RequestPolicy } from '../../model/request-policy.ts';
import type { envoy } from '../../xds-api/messages.ts';
import { networkRulesFilter } from '../envoy/access-control.ts';
import { requestAccess } from '../envoy/request-access.ts';
import { unreadProperties } from '../unenforced-rules.ts';
import { everyProxy, type PortFilters } from './envoy-filters.ts';
import { networkFilter } from './packed-filters.ts';
import type { ServedPort } from './port-filters.ts';

/** Those for a port of a service. `inNamespace`: all of its namespace; `groups`: those of the service. */
export function servedPolicies(
  { port, codec, host }: Pick<ServedPort, 'port' | 'codec' | 'host'>,
  inNamespace: readonly RequestPolicy[],
  groups: readonly EndpointGroup[],
): { readonly policies: readonly RequestPolicy[]; readonly findings: readonly Finding[] } {
  const ofPort = policiesFor(inNamespace, '', { protocol: port.protocol, codec: codec?.protocol.codec });
  const accounts = accountsOf(groups);
  const concerned = ofPort.filter(({ serviceAccounts }) => concerns(serviceAccounts, accounts) !== 'none');
  const some = concerned.filter(({ serviceAccounts }) => concerns(serviceAccounts, accounts) === 'some');
  return { policies: concerned, findings: some.map((policy) => undivided(policy, host)) };
}

/** In every proxy: none lacks this filter. */
export function accessFilters(policies: readonly RequestPolicy[], targetPort: number): PortFilters {
  const filters = requestAccess(policies, 'connections', byPrincipal).map((rules) => ({
    filter: networkFilter(networkRulesFilter(rules, targetPort)),
    operation: 'INSERT_FIRST' as const,
  }));
  // Each is put before those that are there.
  return { filters: filters.toReversed(), scope: everyProxy };
}

export function accessFindings(served: ServedPort, policies: readonly RequestPolicy[]): readonly Finding[] {
  return unreadProperties("Istio's proxies", { ...served, guard: { identity: '', policies } });
}

/** Envoys of every age know it; the id is what the caller's certificate says. */
function byPrincipal(principalName: envoy.type.matcher.v3.StringMatcher): envoy.config.rbac.v3.Principal {
  return { authenticated: { principalName } };
}

/** Service accounts of the endpoints; undefined among them for those of which none is known. */
function accountsOf(groups: readonly EndpointGroup[]): readonly (string | undefined)[] {
  const endpoints = groups.flatMap((group) => group.endpoints);
  const accounts = endpoints.map(({ identity = '' }) => parseSpiffeId(identity)?.serviceAccount);
  return accounts.length === 0 ? [undefined] : [...new Set(accounts)];
}

function concerns(
  written: RequestPolicy['serviceAccounts'],
  accounts: readonly (string | undefined)[],
): 'all' | 'some' | 'none' {
  if (written === 'any') return 'all';
  const known = accounts.filter((account) => account !== undefined);
  const meant = known.filter((account) => written.includes(account));
  if (meant.length === accounts.length) return 'all';
  return meant.length === 0 && known.length === accounts.length ? 'none' : 'some';
}

function undivided({ object, place }: RequestPolicy, host: string): Finding {
  const message = `Istio cannot tell apart the workloads of ${host} by service account: all of them keep to it.`;
  return finding('ISTH1350', { object, path: 'spec', message, ...(place === undefined ? {} : { place }) });
}
