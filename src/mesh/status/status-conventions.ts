/**
 * Whose the status of a kind is, and what it has: decided here, for each group of kinds, and read by all others.
 *
 *   Kubernetes, Istio            theirs: their own controllers write it, and we nothing
 *   isthmus.dev, Aeraki, SMI     conditions of rules; neither Aeraki nor SMI ever gave its kinds a status
 *   Open Service Mesh            the same, and for two kinds the words of its own controller besides
 *   ServiceRegistry              conditions of what is bridged, and counts
 *   MigrationPlan                conditions of rules, and how far it is
 */
import { kinds, othersGroups } from '../../resources/kind-table.ts';
import type { Kind } from '../../resources/kinds.ts';

/** In the order in which they are shown. */
const ofRules = ['Accepted', 'ResolvedRefs', 'Programmed', 'Enforced'] as const;
const ofRegistry = ['Accepted', 'Connected', 'Synced'] as const;

export type ConditionType = (typeof ofRules)[number] | (typeof ofRegistry)[number];

export interface StatusConvention {
  readonly conditions: readonly ConditionType[];
  /** What stands beside the conditions. */
  readonly fields: 'none' | 'counts' | 'stage' | 'osm';
}

const rules: StatusConvention = { conditions: ofRules, fields: 'none' };

/** Of kinds that differ from the others of their groups. */
const ofKinds: Readonly<Partial<Record<Kind, StatusConvention>>> = {
  ServiceRegistry: { conditions: ofRegistry, fields: 'counts' },
  MigrationPlan: { conditions: ofRules, fields: 'stage' },
  IngressBackend: { conditions: ofRules, fields: 'osm' },
  UpstreamTrafficSetting: { conditions: ofRules, fields: 'osm' },
};

/** Kinds whose status is ours to write. */
const conventions: ReadonlyMap<Kind, StatusConvention> = new Map(
  kinds.filter(({ group }) => !othersGroups.has(group)).map(({ kind }) => [kind, ofKinds[kind] ?? rules]),
);

export const kindsWithStatus: readonly Kind[] = [...conventions.keys()];

/** Undefined where the status is others'. */
export function conventionOf(kind: Kind): StatusConvention | undefined {
  return conventions.get(kind);
}

/** Of a resource's key: undefined where the status of its kind is others'. */
export function kindWithStatus(key: string): Kind | undefined {
  return kindsWithStatus.find((kind) => key.startsWith(`${kind}/`));
}

const untold: ReadonlySet<ConditionType> = new Set<ConditionType>(['Enforced']);
const told: ReadonlySet<string> = new Set([...ofRules, ...ofRegistry].filter((type) => !untold.has(type)));

/** Whether a person must know that a condition of this type fell: of others the status alone tells, as of those under a prefix. */
export function isToldByEvent(type: string): boolean {
  return told.has(type);
}
