/**
 * Callers of other trust domains. Envoy chooses the roots by which it verifies a certificate by the first URI name in it, while
 * whoever is asked afterwards, SAN matchers and RBAC, takes any of its names: an authority that is trusted for its own trust
 * domain could sign for a workload of ours behind a name of its own. So a port's handshake knows the roots of no more domains
 * than may call it, and where it knows several, who has another number of names than one gets no further.
 *
 *   handshake: roots of our own, and of each domain that may call -> one URI name? -> access rules -> workload
 *
 * A server that speaks first has spoken by the second step; whoever may sign for a caller of it gains nothing by another name.
 */
import type { InboundPort, MeshSettings } from '../../model/mesh-service.ts';
import { type envoy, pack } from '../../xds-api/messages.ts';
import { permittedCallers } from './access-control.ts';
import type { OtherDomains } from './tls-contexts.ts';

type Filter = envoy.config.listener.v3.Filter;

/** Which of the domains that the mesh trusts these callers are of. `callers`: SPIFFE ids. */
export function domainsOf(callers: readonly string[] | 'any', { otherDomains }: MeshSettings): OtherDomains {
  if (otherDomains === undefined) return [];
  if (callers === 'any') return 'any';
  const theirs = new Set(callers.map(trustDomainIn));
  return otherDomains.filter((domain) => theirs.has(domain));
}

/** Of which a port's own callers are, where its connections are not looked into. */
export function callingDomains({ guard, targetPort }: InboundPort, settings: MeshSettings): OtherDomains {
  if (guard === undefined) return [];
  return domainsOf(guard.rules === undefined ? 'any' : permittedCallers(guard.rules, targetPort), settings);
}

function trustDomainIn(spiffeId: string): string {
  return spiffeId.slice('spiffe://'.length).split('/', 1)[0] ?? '';
}

/** The first of a chain; nothing where one trust domain alone may call, whose authority signs what it likes anyway. */
export function namedOnce(domains: OtherDomains): readonly Filter[] {
  return domains.length === 0 ? [] : [oneNameFilter];
}

const CONFIG = 'envoy.extensions.filters.network.rbac.v3.RBAC';
const INPUT = 'envoy.extensions.matching.common_inputs.ssl.v3.UriSanInput';
const ACTION = 'envoy.config.rbac.v3.Action';
const POLICY = 'one-name';

/** Several names would be joined by commas, which no SPIFFE id has. What does not match is denied. */
const oneNameFilter: Filter = {
  name: 'envoy.filters.network.rbac',
  typedConfig: pack(CONFIG, {
    statPrefix: POLICY,
    matcher: {
      matcherList: {
        matchers: [
          {
            predicate: {
              singlePredicate: {
                input: { name: 'envoy.matching.inputs.uri_san', typedConfig: pack(INPUT, {}) },
                valueMatch: { safeRegex: { googleRe2: {}, regex: 'spiffe://[^,]+' } },
              },
            },
            onMatch: { action: { name: 'action', typedConfig: pack(ACTION, { name: POLICY }) } },
          },
        ],
      },
    },
  }),
};
