/** Kinds that are read and checked, and by which nothing is done yet: an object of theirs is never passed over in silence. */
import type { Collection } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import { finding } from '../model/finding.ts';
import type { AnyResource } from '../resources/kinds.ts';
import type { ResourceCollections } from './inputs.ts';
import { about } from './resource-order.ts';

/** Each with what happens without regard to it. A kind is to be taken out when it has its effect. */
export function reportUnhonoured(engine: Engine, resources: ResourceCollections): void {
  const report = (collection: Collection<AnyResource>, message: string): void => {
    engine.map(`unhonoured ${collection.name}`, collection, (resource, context) => {
      context.report(finding('ISTH0320', { ...about(resource), message }));
      return undefined;
    });
  };
  report(resources.Gateway, 'No gateway of ours listens for it.');
  report(resources.Sidecar, 'Proxies are told of every host that they may see without it.');
  report(resources.RedisService, 'Istio alone is told of it: proxies of ours route Redis without it.');
  report(resources.RedisDestination, 'Istio alone is told of it: proxies of ours connect to Redis without it.');
}
