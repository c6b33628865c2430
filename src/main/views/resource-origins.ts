/**
 * Which objects of users a resource is made of, from the origin that it carries: the policies of the port that it is for,
 * or, where there are none, who declared its host. Looked up when a proxy refused something, and at no other time.
 */
import type { OriginsOf } from '../../delivery/xds/reports/refusal-origins.ts';
import { meshKey } from '../../mesh/settings.ts';
import type { AccessRule } from '../../model/access.ts';
import { grouped } from '../../model/access-expression.ts';
import type { ObjectRef } from '../../model/finding.ts';
import type { InboundPort, MeshPort, MeshService } from '../../model/mesh-service.ts';
import type { ProxyNode } from '../../model/proxy.ts';
import type { ResourceOrigin } from '../../model/resource-origin.ts';
import { isHttp } from '../../model/service.ts';
import { isWithin, scopedKey } from '../../translate/scope.ts';
import { messageName } from '../../xds-api/messages.ts';
import type { Pipeline } from '../pipeline.ts';
import { ProxyScopes } from '../proxy-scopes.ts';

export function resourceOrigins(pipeline: Pipeline): OriginsOf {
  const { mesh } = pipeline;
  const scopes = new ProxyScopes(pipeline);
  return ({ typeUrl, name }, words, proxy) => {
    const origin = originOf(pipeline, scopes, typeUrl, name, proxy);
    switch (origin?.kind) {
      case undefined:
        return [];
      case 'settings':
        return mesh.settings.get(meshKey)?.writtenBy ?? [];
      case 'inbound': {
        const inbound = mesh.inboundPorts.get(origin.key);
        return inbound === undefined ? [] : ofInbound(inbound, words);
      }
      case 'port':
        return ofService(mesh.meshServices.get(origin.service), origin.port, typeUrl, words);
      case 'shared':
        return origin.services.flatMap((key) => ofService(mesh.meshServices.get(key), origin.port, typeUrl, words));
    }
  };
}

/** Of the resource of this name that the proxy sees; undefined once it is gone. */
function originOf(
  { xds }: Pipeline,
  scopes: ProxyScopes,
  typeUrl: string,
  name: string,
  proxy: ProxyNode,
): ResourceOrigin | undefined {
  const hosts = scopes.of(proxy);
  for (const scope of scopes.scopesOf(proxy, hosts))
    for (const resources of xds) {
      const found = resources.get(scopedKey(scope, typeUrl, name));
      if (found !== undefined && (hosts === undefined || isWithin(hosts, found.origin))) return found.origin;
    }
  return undefined;
}

function ofInbound({ guard, origin, declaredBy }: InboundPort, words: string): readonly ObjectRef[] {
  const written = [
    ...blamed(guard?.rules ?? [], words).map(({ object }) => object),
    ...(origin ? [origin.object] : []),
  ];
  return written.length > 0 ? written : [declaredBy];
}

/** Those whose expressions the proxy quotes; all of them if it quotes none. */
function blamed<T extends Pick<AccessRule, 'requests'>>(rules: readonly T[], words: string): readonly T[] {
  const quoted = rules.filter(({ requests }) => requests !== 'any' && requests.some((one) => isQuoted(one, words)));
  return quoted.length > 0 ? quoted : rules;
}

function isQuoted({ pathRegex, headers }: Exclude<AccessRule['requests'], 'any'>[number], words: string): boolean {
  const paths = pathRegex === '' ? [] : [grouped(pathRegex)];
  return [...paths, ...headers.map(({ regex }) => `'${regex}'`)].some((expression) => words.includes(expression));
}

function ofService(
  service: MeshService | undefined,
  number: number,
  typeUrl: string,
  words: string,
): readonly ObjectRef[] {
  if (service === undefined) return [];
  const grants = service.egress?.find((one) => one.number === number)?.grants ?? [];
  const port = service.ports.find((one) => one.port.number === number);
  const written = [
    ...blamed(grants, words).map(({ object }) => object),
    ...ofType(messageName(typeUrl) ?? '', service, port, words),
  ];
  return written.length > 0 ? written : [service.service.provenance.object];
}

/**
 * Requests are split and tried again by route configurations, which are resources of their own. A MetaRouter has limits
 * besides, which a listener holds. How connections are used is said of clusters.
 */
function ofType(
  type: string,
  { policy, retries = [] }: MeshService,
  port: MeshPort | undefined,
  words: string,
): readonly ObjectRef[] {
  const router = port?.routes?.origin === undefined ? [] : [port.routes.origin.object];
  const routed = (port?.routes?.routes ?? []).flatMap(({ origin }) => origin?.object ?? []);
  const splits = port?.split ?? [];
  if (type.endsWith('.Cluster')) return [policy.overridden, policy].flatMap((one) => one?.origin?.object ?? []);
  if (type.endsWith('.ClusterLoadAssignment')) return [];
  if (type.endsWith('.Listener')) {
    const held = port === undefined || isHttp(port.port.protocol) ? [] : splits;
    return [...held.map(({ origin }) => origin.object), ...router];
  }
  return [
    ...blamed(splits, words).map(({ origin }) => origin.object),
    ...router,
    ...routed,
    ...retries.map(({ origin }) => origin.object),
  ];
}
