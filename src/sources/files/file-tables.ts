/** The tables that files fill: one a kind, and one for what is wrong with files and documents. */
import type { SourceState, Table } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { type Finding, formatObject } from '../../model/finding.ts';
import type { AnyResource, Kind, ResourceOf } from '../../resources/kinds.ts';
import type { ObjectSink } from './object-claims.ts';

export type ResourceTables = { readonly [K in Kind]: Table<ResourceOf<K>> };

/** Findings of files are told apart by their place too: one file may hold the same mistake many times. */
export function fileFindingKey(finding: Finding): string {
  const { place } = finding;
  const where = place === undefined ? '' : `${place.file}:${place.line}:${place.column}`;
  return `${where}|${finding.code}|${formatObject(finding.object)}|${finding.path}|${finding.message}`;
}

export interface FileTables {
  readonly resources: ResourceTables;
  readonly findings: Table<Finding>;
}

/** Makes all tables of a file source, named `files <kind>` and `files findings`. */
export function createFileTables(engine: Engine): FileTables {
  const table = <K extends Kind>(kind: K): Table<ResourceOf<K>> =>
    engine.table(`files ${kind}`, { key: (resource) => resource.key });
  return {
    resources: {
      ApplicationProtocol: table('ApplicationProtocol'),
      MetaRouter: table('MetaRouter'),
      ServiceEntry: table('ServiceEntry'),
      WorkloadEntry: table('WorkloadEntry'),
      WorkloadGroup: table('WorkloadGroup'),
      DestinationRule: table('DestinationRule'),
      Service: table('Service'),
      EndpointSlice: table('EndpointSlice'),
      Namespace: table('Namespace'),
      ProtocolCodec: table('ProtocolCodec'),
      MeshConfig: table('MeshConfig'),
      ServiceRegistry: table('ServiceRegistry'),
      MigrationPlan: table('MigrationPlan'),
      HTTPRouteGroup: table('HTTPRouteGroup'),
      TCPRoute: table('TCPRoute'),
      UDPRoute: table('UDPRoute'),
      TrafficTarget: table('TrafficTarget'),
      IdentityBinding: table('IdentityBinding'),
      TrafficSplit: table('TrafficSplit'),
      Egress: table('Egress'),
      IngressBackend: table('IngressBackend'),
      Retry: table('Retry'),
      UpstreamTrafficSetting: table('UpstreamTrafficSetting'),
      Telemetry: table('Telemetry'),
      ExtensionService: table('ExtensionService'),
      OsmMeshConfig: table('OsmMeshConfig'),
      MeshRootCertificate: table('MeshRootCertificate'),
    },
    findings: engine.table('files findings', { key: fileFindingKey }),
  };
}

/** What all these tables have in common, whatever the kind. */
interface AnyTable {
  get(key: string): AnyResource | undefined;
  set(resource: AnyResource): void;
  delete(key: string): void;
  setState(state: SourceState): void;
}

export function setStates(tables: FileTables, state: SourceState): void {
  const all: readonly AnyTable[] = Object.values(tables.resources);
  for (const table of all) table.setState(state);
}

/**
 * The tables seen as one, for the length of one batch: it remembers what the batch has written so far, which the tables
 * show only when it is over.
 */
export class BatchSink implements ObjectSink {
  readonly #tables: Readonly<Record<Kind, AnyTable>>;
  readonly #written = new Map<string, AnyResource | undefined>();

  constructor(tables: FileTables) {
    this.#tables = tables.resources;
  }

  get(key: string): AnyResource | undefined {
    return this.#written.has(key) ? this.#written.get(key) : this.#tableOf(key)?.get(key);
  }

  set(resource: AnyResource): void {
    this.#written.set(resource.key, resource);
    this.#tables[resource.kind].set(resource);
  }

  delete(key: string): void {
    this.#written.set(key, undefined);
    this.#tableOf(key)?.delete(key);
  }

  #tableOf(key: string): AnyTable | undefined {
    const kind = key.slice(0, key.indexOf('/'));
    return isKind(this.#tables, kind) ? this.#tables[kind] : undefined;
  }
}

function isKind(tables: Readonly<Record<Kind, AnyTable>>, kind: string): kind is Kind {
  return Object.hasOwn(tables, kind);
}
