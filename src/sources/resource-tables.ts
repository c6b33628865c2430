/** The tables that a source fills: one a kind, and one for what is wrong with what it was told. */
import type { SourceState, Table } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import { type Finding, formatObject } from '../model/finding.ts';
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
  const table = <K extends Kind>(kind: K): Table<ResourceOf<K>> =>
    engine.table(`resources ${kind}`, { key: (resource) => resource.key });
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
      RequestAuthorizationPolicy: table('RequestAuthorizationPolicy'),
      DubboAuthorizationPolicy: table('DubboAuthorizationPolicy'),
      Egress: table('Egress'),
      IngressBackend: table('IngressBackend'),
      Retry: table('Retry'),
      UpstreamTrafficSetting: table('UpstreamTrafficSetting'),
      Telemetry: table('Telemetry'),
      ExtensionService: table('ExtensionService'),
      OsmMeshConfig: table('OsmMeshConfig'),
      MeshRootCertificate: table('MeshRootCertificate'),
    },
    findings: engine.table('source findings', { key: sourceFindingKey }),
    state: engine.table<StateReport>('source state', { key: () => 'source' }),
  };
}

/** What all these tables have in common, whatever the kind. */
export interface AnyTable {
  get(key: string): AnyResource | undefined;
  set(resource: AnyResource): void;
  delete(key: string): void;
  setState(state: SourceState): void;
}

/** To be called in a batch: those who wait for the state are told with it. */
export function setStates(tables: SourceTables, state: SourceState): void {
  const all: readonly AnyTable[] = Object.values(tables.resources);
  for (const table of all) table.setState(state);
  tables.state.set({ state });
}

/** The table that a key says; undefined for none that there is. */
export function tableOf(tables: SourceTables, key: string): AnyTable | undefined {
  const all: Readonly<Record<Kind, AnyTable>> = tables.resources;
  const kind = key.slice(0, key.indexOf('/'));
  return isKind(all, kind) ? all[kind] : undefined;
}

function isKind(tables: Readonly<Record<Kind, AnyTable>>, kind: string): kind is Kind {
  return Object.hasOwn(tables, kind);
}
