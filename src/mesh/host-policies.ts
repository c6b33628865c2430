/** The DestinationRule in force for each service, or the defaults. Keyed by service key; there is one for each service. */
import type { Collection, Index } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import { finding } from '../model/finding.ts';
import type { Service } from '../model/service.ts';
import type { HostPolicy } from '../model/traffic-policy.ts';
import type { DestinationRule } from '../resources/kinds.ts';
import { type HostRule, ruleFor } from './host-rules.ts';
import { about } from './resource-order.ts';
import { defaultHostPolicy, hostPolicy, unreadFields } from './traffic-policies.ts';

export function hostPolicies(
  engine: Engine,
  services: Collection<Service>,
  rules: Index<HostRule<DestinationRule>>,
): Collection<HostPolicy> {
  return engine.map('host policies', services, (service, context) => {
    const rule = ruleFor(context, rules, service);
    if (rule === undefined) return defaultHostPolicy(service.key);
    const unread = unreadFields(rule.spec);
    if (unread.length > 0) {
      const message = `Not honoured: ${unread.join(', ')}.`;
      context.report(finding('ISTH0502', { ...about(rule), path: unread[0] ?? '', message }));
    }
    return hostPolicy(service.key, rule.spec);
  });
}
