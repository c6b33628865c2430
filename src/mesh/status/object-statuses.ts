/**
 * What is to be told of each object that we reconcile, as a collection under the resources' keys.
 *
 *   resources, findings about objects that were refused --> subjects --+
 *   findings by object, what proxies made of it, registries -----------+--> object statuses --> (the writer, an effect)
 *
 * Here, since it is the model's last word on an object: it knows all kinds, and neither proxies nor API servers. Findings
 * come back in through a table, as they are known only when all derivations have run.
 */

import type { Collection, Context, Index, Table } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { type Finding, formatObject, type ObjectRef } from '../../model/finding.ts';
import type { Condition, ObjectStatus, Programming } from '../../model/object-status.ts';
import { revisionLabel } from '../../model/ownership.ts';
import type { RegistryStatus } from '../../model/registry.ts';
import type { RouteTable } from '../../model/route.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import { objectKey } from '../../resources/metadata.ts';
import type { ResourceCollections } from '../inputs.ts';
import type { Migration } from '../migrations/migrations.ts';
import { accepted, enforced, type ObjectFacts, programmed, resolvedRefs } from './conditions.ts';
import { nothingToProgram } from './nothing-to-program.ts';
import { osmFields } from './osm-status.ts';
import { connected, registryFields, synced } from './registry-conditions.ts';
import { type ConditionType, conventionOf, kindsWithStatus, kindWithStatus } from './status-conventions.ts';

/** A finding about an object of a kind with a status. */
export interface ObjectFinding {
  /** Unique; the same as long as the finding is. */
  readonly id: string;
  /** Of the resource. */
  readonly key: string;
  /** Whether the object was refused for it, or told of it, where it was read: it may be in no table then. */
  readonly isOfReading: boolean;
  readonly finding: Finding;
}

export interface StatusTables {
  readonly findings: Table<ObjectFinding>;
  readonly programming: Table<Programming>;
  readonly registries: Table<RegistryStatus>;
}

/** By resource key. */
interface Indexes {
  readonly byObject: Index<ObjectFinding>;
  readonly byRouter: Index<RouteTable>;
}

interface Subject {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  /** The control plane that its label names. */
  readonly revision?: string;
}

/** Filled by who watches findings, proxies and registries. */
export function createStatusTables(engine: Engine): StatusTables {
  const tables = {
    findings: engine.table<ObjectFinding>('findings of objects', { key: ({ id }) => id }),
    programming: engine.table<Programming>('programming of objects', { key: ({ key }) => key }),
    registries: engine.table<RegistryStatus>('registry statuses', { key: ({ registry }) => registry }),
  };
  engine.batch(() => {
    for (const table of Object.values(tables)) table.setState('live');
  });
  return tables;
}

interface StatusSources extends StatusTables {
  readonly routeTables: Collection<RouteTable>;
  readonly resources: ResourceCollections;
  readonly migrationsByPlan: Collection<Migration>;
}

/** Keyed by resource key. */
export function objectStatuses(engine: Engine, sources: StatusSources): Collection<ObjectStatus> {
  const byObject = engine.index('findings by object', sources.findings, ({ key }) => [key]);
  const byRouter = engine.index('route tables by rule', sources.routeTables, ({ origin }) => {
    if (origin === undefined) return [];
    const { kind, namespace = '', name } = origin.object;
    return [objectKey(kind, namespace, name)];
  });
  const claimed = engine.groupBy(
    'namespaces of one control plane',
    sources.resources.Namespace,
    ({ metadata: { name, labels } }) => (labels[revisionLabel] === undefined ? [] : [name]),
    (name) => name,
  );
  const ofResources = kindsWithStatus.map((kind) => {
    const resources: Collection<AnyResource> = sources.resources[kind];
    return engine.map(`status subjects ${kind}`, resources, subjectOf);
  });
  const ofFindings = engine.groupBy(
    'status subjects of findings',
    sources.findings,
    ({ key, isOfReading, finding }) => (isOfReading && finding.object.generation !== undefined ? [key] : []),
    (key, [first]): Subject | undefined => first && subjectOfFinding(key, first.finding.object),
  );
  const subjects = engine.merge('status subjects', [...ofResources, ofFindings]);
  return engine.map('object statuses', subjects, (subject, context) => {
    const isShared = subject.revision === undefined && context.get(claimed, subject.namespace) === undefined;
    return { ...statusOf(subject, context, sources, { byObject, byRouter }), isShared };
  });
}

function subjectOf({ key, metadata: { namespace, name, uid, labels } }: AnyResource): Subject {
  const { [revisionLabel]: revision } = labels;
  return {
    key,
    namespace,
    name,
    ...(uid === undefined ? {} : { uid }),
    ...(revision === undefined ? {} : { revision }),
  };
}

function subjectOfFinding(key: string, { namespace = '', name, revision }: ObjectRef): Subject {
  return { key, namespace, name, ...(revision === undefined ? {} : { revision }) };
}

function statusOf(
  { revision: _, ...subject }: Subject,
  context: Context,
  sources: StatusSources,
  indexes: Indexes,
): ObjectStatus {
  const facts = factsOf(subject, context, sources, indexes);
  const told = toldOf(subject, facts, context, sources);
  return { ...subject, ...(facts.generation === undefined ? {} : { generation: facts.generation }), ...told };
}

function toldOf(
  subject: Subject,
  facts: ObjectFacts,
  context: Context,
  { registries, migrationsByPlan }: StatusSources,
): Pick<ObjectStatus, 'conditions' | 'fields' | 'times'> {
  const kind = kindWithStatus(subject.key);
  const convention = kind === undefined ? undefined : conventionOf(kind);
  if (convention === undefined) return { conditions: [], fields: {} };
  const registry = convention.fields === 'counts' ? context.get(registries, subject.name) : undefined;
  const conditions = convention.conditions.map((type) => conditionMakers[type](facts, registry));
  switch (convention.fields) {
    case 'none':
      return { conditions, fields: {} };
    case 'osm':
      return { conditions, fields: osmFields(conditions) };
    case 'counts':
      return { conditions, ...registryFields(registry) };
    case 'stage':
      return { conditions, fields: stageOf(context.get(migrationsByPlan, subject.key)) };
  }
}

const conditionMakers: Readonly<
  Record<ConditionType, (facts: ObjectFacts, registry: RegistryStatus | undefined) => Condition>
> = {
  Accepted: accepted,
  ResolvedRefs: resolvedRefs,
  Programmed: programmed,
  Enforced: enforced,
  Connected: connected,
  Synced: synced,
};

function stageOf(migration: Migration | undefined): ObjectStatus['fields'] {
  return migration === undefined ? {} : { stage: migration.plan.spec.stage, share: migration.share };
}

function factsOf(
  { key }: Subject,
  context: Context,
  { resources, programming }: StatusSources,
  { byObject, byRouter }: Indexes,
): ObjectFacts {
  const kind = kindWithStatus(key);
  const resource: AnyResource | undefined =
    kind === undefined ? undefined : context.get<AnyResource>(resources[kind], key);
  const found = context.lookup(byObject, key);
  const findings = found.map(({ finding }) => finding);
  const refusedFor = found.filter(({ isOfReading, finding }) => isOfReading && finding.severity === 'error');
  const generations = [
    resource?.metadata.generation,
    ...found.map(({ isOfReading, finding }) => (isOfReading ? finding.object.generation : undefined)),
  ].filter((generation) => generation !== undefined);
  return {
    generation: generations.length === 0 ? undefined : Math.max(...generations),
    inForce: resource === undefined ? undefined : { generation: resource.metadata.generation },
    refusedFor: refusedFor.map(({ finding }) => finding),
    findings,
    nothing: nothingToProgram(resource, findings, context.lookup(byRouter, key).length > 0),
    programming: context.get(programming, key),
  };
}

/** What two findings of one place have in common is that they say the same. */
export function objectFindingId(origin: string, { code, object, path, message, remedy }: Finding): string {
  return `${origin}|${code}|${formatObject(object)}|${path}|${message}|${remedy}`;
}
