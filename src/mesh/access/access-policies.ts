/** All that may be sent to the workloads of one identity: the rules for it, whichever objects they come from. */
import type { Collection } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import type { AccessPolicy, AccessRule } from '../../model/access.ts';
import { formatObject } from '../../model/finding.ts';
import { compareText } from '../resource-order.ts';
import { type TargetTables, trafficTargetRules, type WorkloadRule } from './access-rules.ts';

/** By the SPIFFE id of the destination; none where nothing is permitted. */
export function accessPolicies(engine: Engine, tables: TargetTables): Collection<AccessPolicy> {
  return engine.groupBy(
    'access policies',
    trafficTargetRules(engine, tables),
    ({ destinations }: WorkloadRule) => destinations,
    (key, members) => ({ key, rules: members.map(({ rule }) => rule).toSorted(byName) }),
  );
}

function byName({ object: a }: AccessRule, { object: b }: AccessRule): number {
  return (
    compareText(a.namespace ?? '', b.namespace ?? '') ||
    compareText(a.name, b.name) ||
    compareText(formatObject(a), formatObject(b))
  );
}
