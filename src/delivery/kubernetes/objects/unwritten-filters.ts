/**
 * An EnvoyFilter that is not written comes from a service; whose requests are read by it, a MetaRouter says. It has to be told
 * of it too: to Istio's sidecars nothing of it holds.
 */
import type { Collection, Index } from '../../../collections/collection.ts';
import type { Engine } from '../../../collections/engine.ts';
import type { ClusterWriting } from '../../../model/cluster-writing.ts';
import { type Finding, type FindingDetails, finding, formatObject } from '../../../model/finding.ts';
import { readableName } from '../../../translate/istio/object-names.ts';
import { troubleCodes } from './write-findings.ts';

interface RouterOfHosts {
  readonly spec: { readonly hosts: readonly string[] };
}

/** By what names of filters have of a host. */
export function routersByNameOfHost<Router extends RouterOfHosts>(
  engine: Engine,
  routers: Collection<Router>,
): Index<Router> {
  return engine.index('meta routers by names of hosts', routers, ({ spec }) => spec.hosts.map(readableName));
}

export interface FilterRouters<Router> {
  /** As routersByNameOfHost gives them. */
  readonly byNameOfHost: Index<Router>;
  readonly about: (router: Router) => Pick<FindingDetails, 'object' | 'place'>;
}

/** Of each MetaRouter for the host after which a filter is called that is not written. */
export function unwrittenFilterFindings<Router>(
  { kinds }: Pick<ClusterWriting, 'kinds'>,
  { byNameOfHost, about }: FilterRouters<Router>,
): readonly Finding[] {
  const troubles = kinds.filter(({ kind }) => kind === 'EnvoyFilter').flatMap((one) => one.troubles);
  return troubles.flatMap(({ object, cause, message }) => {
    const host = hostIn(object.name);
    const routers = host === undefined ? [] : byNameOfHost.lookup(host);
    const said = `${formatObject(object)} is not written, so that Istio's sidecars keep to nothing of it there: ${message}`;
    return routers.map((router) => finding(troubleCodes[cause], { ...about(router), message: said }));
  });
}

function hostIn(filter: string): string | undefined {
  return /^(?:inbound|outbound)-(.+)-\d+-[0-9a-f]{10}$/.exec(filter)?.[1];
}
