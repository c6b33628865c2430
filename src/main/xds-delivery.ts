/** From translated resources to the store that the xDS server serves from: one sink a collection. */
import type { Diff } from '../collections/collection.ts';
import { createResourceStore, type ResourceChange, type ResourceStore } from '../delivery/xds/resource-store.ts';
import { type ScopedResource, scopesOf } from '../translate/scope.ts';
import type { Pipeline } from './pipeline.ts';

/** Holds at once what the pipeline holds, and follows it from then on. */
export function createStoreFor({ engine, xds }: Pipeline): ResourceStore {
  const store = createResourceStore({ scopesOf });
  for (const collection of xds) engine.sink(collection, (diff) => store.apply(changesOf(diff)));
  return store;
}

function changesOf(diff: Diff<ScopedResource>): readonly ResourceChange[] {
  return diff.flatMap(({ before, after }) => {
    const subject = after ?? before;
    if (subject === undefined) return [];
    const { scope, resource } = subject;
    return [{ scope, typeUrl: resource.typeUrl, name: resource.name, resource: after?.resource }];
  });
}
