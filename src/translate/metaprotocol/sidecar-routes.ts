/**
 * What sidecars of istiod are given: the routes of MetaProtocol ports, and nothing else. Their listeners refer to these
 * by name, through the EnvoyFilters that istiod is told, and their clusters are istiod's.
 */
import type { MeshPort, MeshService } from '../../model/mesh-service.ts';
import { outboundScopes, type ScopedResource } from '../scope.ts';
import type { Translation } from '../translation.ts';
import { metaKindFor } from './dialect.ts';
import { httpRoutes } from './http-routes.ts';

const audience = 'istio-sidecar';
/** The proxy is the one that an Envoy with that filter is, whoever configures it. */
const dialect = 'envoy-meta';

/**
 * Callers to whose namespaces the rules are not exported have the default route. Who may call is Istio's to enforce: the
 * routes are for all who may see the service.
 */
export function translateSidecarRoutes({ security: _, ...meshService }: MeshService): Translation {
  const resources = meshService.ports.flatMap((port) => portRoutes(meshService, port));
  return { resources, findings: [] };
}

function portRoutes(meshService: MeshService, { codec, routes }: MeshPort): readonly ScopedResource[] {
  if (routes === undefined || metaKindFor(dialect, codec) === undefined) return [];
  const scopes = outboundScopes(audience, meshService);
  const { exportedTo, ...table } = routes;
  const own = httpRoutes(table, dialect);
  if (exportedTo === undefined) return scopes.map((scope) => ({ scope, resource: own }));
  const rest = httpRoutes({ ...table, routes: exportedTo.routesElsewhere }, dialect);
  const named = exportedTo.namespaces.map((namespace) => `${audience}/${namespace}`);
  const isForAll = scopes.includes(`${audience}/*`);
  return [
    ...scopes.filter((scope) => !named.includes(scope)).map((scope) => ({ scope, resource: rest })),
    ...named.filter((scope) => isForAll || scopes.includes(scope)).map((scope) => ({ scope, resource: own })),
  ];
}
