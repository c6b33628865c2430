/** The tables that a source fills: one a kind, and one for what is wrong with what it was told. */
import type { SourceState, Table } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import { IsthmusError } from '../model/errors.ts';
import { type Finding, formatObject } from '../model/finding.ts';
import { kinds } from '../resources/kind-table.ts';
import type { AnyResource, Kind, ResourceOf } from '../resources/kinds.ts';

export type ResourceTables = { readonly [K in Kind]: Table<ResourceOf<K>> };

/** Findings are told apart by their place too: one file may hold the same mistake many times. */
export function sourceFindingKey(finding: Finding): string {
  const { place } = finding;
  const where = place === undefined ? '' : `${place.file}:${place.line}:${place.column}`;
  return `${where}|${finding.code}|${formatObject(finding.object)}|${finding.path}|${finding.message}`;
}

/** How current what the tables hold is. */
export interface StateReport {
  readonly state: SourceState;
}

export interface SourceTables {
  readonly resources: ResourceTables;
  readonly findings: Table<Finding>;
  /** One value, once the source has told of its state: whoever waits for it sinks this. */
  readonly state: Table<StateReport>;
}

/** Makes all tables of a source, named `resources <kind>`, `source findings` and `source state`. */
export function createSourceTables(engine: Engine): SourceTables {
  return {
    resources: resourceTables(engine),
    findings: engine.table('source findings', { key: sourceFindingKey }),
    state: engine.table<StateReport>('source state', { key: () => 'source' }),
  };
}

function resourceTables(engine: Engine): ResourceTables {
  const tables = Object.fromEntries(
    kinds.map(({ kind }) => [
      kind,
      engine.table<AnyResource>(`resources ${kind}`, { key: (resource) => resource.key }),
    ]),
  );
  if (!isComplete(tables)) throw new IsthmusError('INTERNAL', 'A kind has no table.');
  return tables;
}

/** Who writes to a table has found it by the resource's own kind. */
function isComplete(tables: Readonly<Record<string, Table<AnyResource>>>): tables is ResourceTables {
  return kinds.every(({ kind }) => Object.hasOwn(tables, kind));
}

/** What all these tables have in common, whatever the kind. */
export interface AnyTable {
  get(key: string): AnyResource | undefined;
  set(resource: AnyResource): void;
  delete(key: string): void;
  setState(state: SourceState): void;
}

/**
 * To be called in a batch: those who wait for the state are told with it. Of `unseen` kinds, of which nothing can be told,
 * nothing is taken for gone while all others are live.
 */
export function setStates(tables: SourceTables, state: SourceState, unseen: ReadonlySet<string> = none): void {
  const all: Readonly<Record<Kind, AnyTable>> = tables.resources;
  for (const { kind } of kinds) all[kind].setState(state === 'live' && unseen.has(kind) ? 'stale' : state);
  tables.state.set({ state });
}

const none: ReadonlySet<string> = new Set();

/** The table that a key says; undefined for none that there is. */
export function tableOf(tables: SourceTables, key: string): AnyTable | undefined {
  const all: Readonly<Record<Kind, AnyTable>> = tables.resources;
  const kind = key.slice(0, key.indexOf('/'));
  return isKind(all, kind) ? all[kind] : undefined;
}

function isKind(tables: Readonly<Record<Kind, AnyTable>>, kind: string): kind is Kind {
  return Object.hasOwn(tables, kind);
}
