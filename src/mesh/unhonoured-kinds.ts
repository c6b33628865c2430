/** Kinds that are read and checked, and by which nothing is done yet: an object of theirs is never passed over in silence. */
import type { Collection } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import { finding } from '../model/finding.ts';
import type { AnyResource } from '../resources/kinds.ts';
import type { MeshInputs } from './inputs.ts';
import { about } from './resource-order.ts';
import { meshKey } from './settings.ts';

/** Each with what happens without regard to it. A kind is to be taken out when it has its effect. */
export function reportUnhonoured(engine: Engine, { resources, istioTold }: MeshInputs): void {
  const report = (
    collection: Collection<AnyResource>,
    message: string,
    { remedy, unlessIstioIsTold = false }: { readonly remedy?: string; readonly unlessIstioIsTold?: boolean } = {},
  ): void => {
    engine.map(`unhonoured ${collection.name}`, collection, (resource, context) => {
      if (unlessIstioIsTold && istioTold !== undefined && context.get(istioTold, meshKey) !== undefined)
        return undefined;
      context.report(finding('ISTH0320', { ...about(resource), message, ...(remedy === undefined ? {} : { remedy }) }));
      return undefined;
    });
  };
  // Beside Istio a Gateway is Istio's, and what we tell of its servers says what it lacks (ISTH0714).
  report(resources.Gateway, "Istio's gateways alone listen for it: none of isthmus does.", {
    remedy: 'Nothing, where Istio is; elsewhere do not rely on it.',
    unlessIstioIsTold: true,
  });
  const remedy = "Nothing, where callers have Istio's proxies; elsewhere do not rely on it.";
  report(resources.RedisService, "Istio's proxies alone are told of it: those of isthmus route Redis without it.", {
    remedy,
  });
  report(
    resources.RedisDestination,
    "Istio's proxies alone are told of it: those of isthmus connect to Redis without it.",
    { remedy },
  );
}
