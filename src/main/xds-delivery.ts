/** From translated resources to the store that the xDS server serves from: one sink a collection. */
import type { Diff } from '../collections/collection.ts';
import { createResourceStore, type ResourceChange, type ResourceStore } from '../delivery/xds/resource-store.ts';
import { routeType, standardTypes } from '../delivery/xds/resource-types.ts';
import type { ProxyNode } from '../model/proxy.ts';
import { type ScopedResource, scopesOf } from '../translate/scope.ts';
import type { Pipeline } from './pipeline.ts';

/** Holds at once what the pipeline holds, and follows it from then on. */
export function createStoreFor({ engine, xds }: Pipeline): ResourceStore {
  const store = createResourceStore({ scopesOf, types: typesFor });
  for (const collection of xds) engine.sink(collection, (diff) => store.apply(changesOf(diff)));
  return store;
}

function typesFor({ kind }: ProxyNode): readonly string[] {
  return kind === 'istio-sidecar' ? [routeType] : standardTypes;
}

export function changesOf(diff: Diff<ScopedResource>): readonly ResourceChange[] {
  return diff.flatMap(({ before, after }) => {
    const subject = after ?? before;
    if (subject === undefined) return [];
    const { scope, resource } = subject;
    // The origin alone is nothing to tell a proxy.
    if (before?.resource.version === after?.resource.version) return [];
    return [{ scope, typeUrl: resource.typeUrl, name: resource.name, resource: after?.resource }];
  });
}
