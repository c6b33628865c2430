/**
 * An EnvoyFilter that is not written comes from a service; whose requests are read by it, a MetaRouter says. It has to be told
 * of it too: to Istio's sidecars nothing of it holds.
 */
import type { Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { troubleCodes } from '../../delivery/kubernetes/write-findings.ts';
import type { ResourceCollections } from '../../mesh/inputs.ts';
import { about } from '../../mesh/resource-order.ts';
import type { ClusterWriting } from '../../model/cluster-writing.ts';
import { type Finding, finding, formatObject } from '../../model/finding.ts';
import type { MetaRouter } from '../../resources/kinds.ts';
import { readableName } from '../../translate/istio/object-names.ts';

/** By what names of filters have of a host. */
export function metaRoutersByNameOfHost(
  engine: Engine,
  { MetaRouter: routers }: Pick<ResourceCollections, 'MetaRouter'>,
): Index<MetaRouter> {
  return engine.index('meta routers by names of hosts', routers, ({ spec }) => spec.hosts.map(readableName));
}

export class UnwrittenFilters {
  readonly #routers: Index<MetaRouter>;

  /** `routers`: as metaRoutersByNameOfHost gives them. */
  constructor(routers: Index<MetaRouter>) {
    this.#routers = routers;
  }

  /** Of each MetaRouter for the host after which a filter is called that is not written. */
  findings({ kinds }: Pick<ClusterWriting, 'kinds'>): readonly Finding[] {
    const troubles = kinds.filter(({ kind }) => kind === 'EnvoyFilter').flatMap((one) => one.troubles);
    return troubles.flatMap(({ object, cause, message }) => {
      const said = `${formatObject(object)} is not written, so that Istio's sidecars keep to nothing of it there: ${message}`;
      return this.#routersOf(object.name).map((router) =>
        finding(troubleCodes[cause], { ...about(router), message: said }),
      );
    });
  }

  #routersOf(filter: string): readonly MetaRouter[] {
    const [, host] = /^(?:inbound|outbound)-(.+)-\d+-[0-9a-f]{10}$/.exec(filter) ?? [];
    return host === undefined ? [] : this.#routers.lookup(host);
  }
}
