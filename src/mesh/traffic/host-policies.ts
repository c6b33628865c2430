/** The DestinationRule in force for each service, or the defaults. Keyed by service key; there is one for each service. */
import type { Collection, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { Service } from '../../model/service.ts';
import type { HostPolicy } from '../../model/traffic-policy.ts';
import type { DestinationRule } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';
import { type HostRule, ruleFor } from './host-rules.ts';
import { defaultHostPolicy, hostPolicy } from './traffic-policies.ts';

export function hostPolicies(
  engine: Engine,
  services: Collection<Service>,
  rules: Index<HostRule<DestinationRule>>,
): Collection<HostPolicy> {
  return engine.map('host policies', services, (service, context) => {
    const rule = ruleFor(context, rules, service);
    return rule === undefined
      ? defaultHostPolicy(service.key)
      : { ...hostPolicy(service.key, rule.spec), origin: about(rule) };
  });
}
