/**
 * Rules that users write for a host, of whatever kind: which hosts they mean, and which of several is in force for a
 * service. A rule counts when it is exported to the service's namespace; there, one of that namespace comes first, then
 * the oldest, then the smallest key.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding, formatObject } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { Service, Visibility } from '../../model/service.ts';
import type { DestinationRule, MetaRouter, VirtualService } from '../../resources/kinds.ts';
import { about, byAge } from '../resource-order.ts';
import { hostCandidates, hostPatterns } from '../services/host-names.ts';
import type { HostServices } from '../services/services.ts';
import { isVisibleTo, visibilityOf } from '../services/visibility.ts';
import { settingsOf } from '../settings.ts';

export interface HostRule<R> {
  readonly resource: R;
  /** Every name that the written hosts may stand for. */
  readonly hosts: readonly string[];
  readonly visibility: Visibility;
}

type Rule = DestinationRule | MetaRouter | VirtualService;

interface RuleTables {
  readonly settings: Collection<MeshSettings>;
  readonly hosts: Collection<HostServices>;
}

/**
 * Rules by every host name or pattern that they may stand for. `namesOthers`: whether what a rule writes may be the host of no
 * service, and no mistake: that of a gateway.
 */
export function rulesByHost<R extends Rule>(
  engine: Engine,
  name: string,
  tables: RuleTables,
  rules: Collection<R>,
  writtenHosts: (rule: R) => readonly string[],
  namesOthers: (rule: R) => boolean = () => false,
): Index<HostRule<R>> {
  const resolved = engine.map(name, rules, (resource, context) => {
    const { clusterDomain } = settingsOf(context, tables.settings);
    const { namespace } = resource.metadata;
    const visibility = visibilityOf(resource.spec.exportTo, namespace);
    const candidates = writtenHosts(resource).map((host) => hostCandidates(host, namespace, clusterDomain));
    for (const names of candidates) {
      const services = names.flatMap((one) => context.get(tables.hosts, one)?.services ?? []);
      if (services.length > 0 || !namesOthers(resource)) reportReach(resource, names, services, visibility, context);
    }
    return { resource, hosts: candidates.flat(), visibility };
  });
  return engine.index(`${name} by host`, resolved, (rule) => rule.hosts);
}

/** A rule for nothing, or one that no service of its host gets, is a mistake that nobody sees otherwise. */
function reportReach(
  resource: Rule,
  names: readonly string[],
  services: HostServices['services'],
  visibility: Visibility,
  context: Context,
): void {
  const [written = ''] = names;
  if (written.includes('*')) return;
  if (services.length === 0) {
    context.report(finding('ISTH0503', { ...about(resource), message: `There is no host ${names.join(' or ')}.` }));
  } else if (!services.some((service) => isVisibleTo(service.visibility, resource.metadata.namespace))) {
    const message = `${written} is not visible to namespace ${resource.metadata.namespace}: the rule is not in force.`;
    context.report(finding('ISTH0503', { ...about(resource), message }));
  } else if (!services.some((service) => isVisibleTo(visibility, service.namespace))) {
    const namespaces = services.map((service) => service.namespace).join(', ');
    context.report(finding('ISTH0504', { ...about(resource), message: `${written} stands in ${namespaces}.` }));
  }
}

/** The rule in force for a service. Of patterns, the most specific that has a rule counts. */
export function ruleFor<R extends Rule>(context: Context, byHost: Index<HostRule<R>>, service: Service): R | undefined {
  for (const pattern of hostPatterns(service.host)) {
    const candidates = context.lookup(byHost, pattern);
    if (candidates.length === 0) continue;
    const rules = candidates
      .filter((rule) => isVisibleTo(rule.visibility, service.namespace))
      // Who may not see a host writes no rules for it.
      .filter((rule) => isVisibleTo(service.visibility, rule.resource.metadata.namespace))
      .map((rule) => rule.resource);
    const [first, ...others] = rules.toSorted((a, b) => distance(a, service) - distance(b, service) || byAge(a, b));
    if (first === undefined) continue;
    reportForeign(first, service, context);
    for (const other of others) {
      const message = `For ${pattern} in ${service.namespace}, ${formatObject(about(first).object)} is in force instead.`;
      context.report(finding('ISTH0501', { ...about(other), message }));
    }
    return first;
  }
  return undefined;
}

/** Legal, as in Istio; whoever runs the host should know who else steers its requests. */
function reportForeign(rule: Rule, service: Service, context: Context): void {
  const { namespace } = rule.metadata;
  if (namespace === service.namespace) return;
  const message = `It is in force for ${service.host}, which belongs to namespace ${service.namespace}.`;
  context.report(finding('ISTH0511', { ...about(rule), message }));
}

function distance(rule: Rule, service: Service): number {
  return rule.metadata.namespace === service.namespace ? 0 : 1;
}
