/** From translated resources to the store that the xDS server serves from: one sink a collection. */
import type { Diff } from '../collections/collection.ts';
import { equal } from '../collections/equality.ts';
import {
  type Choice,
  createResourceStore,
  type ResourceChange,
  type ResourceStore,
} from '../delivery/xds/resources/resource-store.ts';
import { routeType, standardTypes } from '../delivery/xds/resources/resource-types.ts';
import type { ProxyNode } from '../model/proxy.ts';
import { chosenScope, isWithin, type ScopedResource, scopesOf } from '../translate/scope.ts';
import type { Pipeline } from './pipeline.ts';
import { ProxyScopes } from './proxy-scopes.ts';

/** Holds at once what the pipeline holds, and follows it from then on. */
export function createStoreFor(pipeline: Pipeline, proxyScopes = new ProxyScopes(pipeline)): ResourceStore {
  const { engine, xds } = pipeline;
  const choiceOf = (proxy: ProxyNode) => choiceFor(proxy, proxyScopes);
  const store = createResourceStore({ scopesOf, choiceOf, types: typesFor });
  for (const collection of xds) engine.sink(collection, (diff) => store.apply(changesOf(diff)));
  proxyScopes.onChange((concerns) => store.chooseAnew(concerns));
  return store;
}

/** Sidecars of istiod have their hosts from istiod, which reads the same Sidecars. */
function choiceFor(proxy: ProxyNode, proxyScopes: ProxyScopes): Choice | undefined {
  const hosts = proxy.kind === 'istio-sidecar' ? undefined : proxyScopes.of(proxy);
  if (hosts === undefined) return undefined;
  const scopes = [chosenScope(proxy.namespace, hosts), ...proxyScopes.scopesOf(proxy, hosts)];
  return { key: hosts.key, scopes, shows: (origin) => isWithin(hosts, origin) };
}

function typesFor({ kind }: ProxyNode): readonly string[] {
  return kind === 'istio-sidecar' ? [routeType] : standardTypes;
}

export function changesOf(diff: Diff<ScopedResource>): readonly ResourceChange[] {
  return diff.flatMap(({ before, after }) => {
    const subject = after ?? before;
    if (subject === undefined) return [];
    const { scope, resource, origin } = subject;
    // The origin alone is nothing to tell a proxy, unless it says who may see it.
    if (before?.resource.version === after?.resource.version && equal(before?.origin, after?.origin)) return [];
    const { typeUrl, name } = resource;
    return [{ scope, typeUrl, name, resource: after?.resource, ...(origin === undefined ? {} : { origin }) }];
  });
}
