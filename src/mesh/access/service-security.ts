/**
 * Who stands behind each service of the mesh, and who may call it: one value a service, and none where plaintext is
 * spoken, which is with all that is outside of the mesh, and with everything while access is off.
 *
 *   endpoint groups --> identities of a service --+--> service security
 *   access policies of these identities ----------+
 *   what Istio's policies of their namespaces allow
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { type AccessPolicy, sourcesOf } from '../../model/access.ts';
import type { EndpointGroup } from '../../model/endpoint.ts';
import { finding } from '../../model/finding.ts';
import { parseSpiffeId } from '../../model/identity.ts';
import type { MeshSettings, ServiceSecurity } from '../../model/mesh-service.ts';
import type { Service, ServiceKey } from '../../model/service.ts';
import { settingsOf } from '../settings.ts';
import type { WorkloadAuthorization } from './istio-authorization.ts';
import { policiesIn } from './workload-policies.ts';

interface Tables {
  readonly settings: Collection<MeshSettings>;
  readonly services: Collection<Service>;
  readonly groupsByService: Index<EndpointGroup>;
  /** By the SPIFFE id of the destination. */
  readonly accessPolicies: Collection<AccessPolicy>;
  /** By namespace. */
  readonly authorizations: Index<WorkloadAuthorization>;
}

interface ServiceIdentities {
  readonly key: ServiceKey;
  readonly identities: readonly string[];
}

/** Keyed by service key. */
export function serviceSecurities(engine: Engine, tables: Tables): Collection<ServiceSecurity> {
  const { settings, services, groupsByService } = tables;
  // Apart, since endpoints come and go far more often than those who stand behind them.
  const identities = engine.map('service identities', services, (service, context): ServiceIdentities | undefined => {
    if (service.location === 'mesh-external' || settingsOf(context, settings).access === 'Disabled') return undefined;
    return { key: service.key, identities: identitiesOf(service, context, groupsByService) };
  });
  return engine.map('service security', identities, ({ key, identities: own }, context) => {
    const { access, tls } = settingsOf(context, settings);
    const callers = access === 'Permissive' ? 'any' : callersOf(key, own, context, tables);
    return { key, identities: own, callers, ...(tls === undefined ? {} : { tls }) };
  });
}

function identitiesOf(service: Service, context: Context, groups: Index<EndpointGroup>): readonly string[] {
  const endpoints = context.lookup(groups, service.key).flatMap((group) => group.endpoints);
  const nameless = endpoints.filter(({ identity }) => identity === undefined);
  if (nameless.length > 0) {
    const which = nameless.length === endpoints.length ? 'No endpoint' : `Not every endpoint`;
    const message = `${which} of ${service.host} names its service account, such as that at ${nameless[0]?.address}.`;
    context.report(finding('ISTH1320', { object: service.provenance.object, message }));
  }
  return [...new Set(endpoints.flatMap(({ identity }) => identity ?? []))].sort();
}

/**
 * Of a policy of Istio for some of the workloads alone, too: whoever may call none of these is told of the service, and refused
 * by its workloads.
 */
function callersOf(
  key: ServiceKey,
  identities: readonly string[],
  context: Context,
  { settings, accessPolicies, authorizations }: Tables,
): readonly string[] | 'any' {
  const namespaces = [key.slice(0, key.indexOf('/')), ...identities.map((id) => parseSpiffeId(id)?.namespace ?? '')];
  const allowed = policiesIn(context, authorizations, settingsOf(context, settings), namespaces);
  return sourcesOf([
    ...identities.flatMap((identity) => context.get(accessPolicies, identity)?.rules ?? []),
    ...allowed.flatMap(({ rules }) => rules),
  ]);
}
