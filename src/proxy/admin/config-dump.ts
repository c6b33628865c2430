/** What the proxy runs with, in the shape of Envoy's `/config_dump`, MetaProtocol's routes under their own key. */
import { type Any, decode, type MessageName, pack } from '../../xds-api/messages.ts';
import { type JsonValue, toJson } from '../../xds-api/proto-json.ts';
import { convertHttpRoutes } from '../config/http-routes.ts';
import { type ResourceKind, resourceMessages, typeUrls } from '../config/resources.ts';
import type { LedgerEntry, ResourceLedger } from '../xds-client/resource-ledger.ts';

export function configDump(ledger: ResourceLedger): JsonValue {
  return {
    configs: [
      {
        '@type': 'type.googleapis.com/envoy.admin.v3.ListenersConfigDump',
        dynamicListeners: ledger.entries('listener').map((entry) => ({
          name: entry.name,
          ...(entry.body === undefined ? {} : { activeState: state('listener', 'listener', entry, entry.body) }),
          ...(entry.inertFilters === undefined ? {} : { inertFilters: [...entry.inertFilters] }),
          ...refusal(entry),
        })),
      },
      {
        '@type': 'type.googleapis.com/envoy.admin.v3.ClustersConfigDump',
        dynamicActiveClusters: ledger.entries('cluster').map((entry) => dynamic('cluster', 'cluster', entry)),
      },
      {
        '@type': 'type.googleapis.com/envoy.admin.v3.EndpointsConfigDump',
        dynamicEndpointConfigs: ledger
          .entries('endpoints')
          .map((entry) => dynamic('endpoints', 'endpointConfig', entry)),
      },
      {
        // Their names and versions, and nothing of what is in them.
        '@type': 'type.googleapis.com/envoy.admin.v3.SecretsConfigDump',
        dynamicActiveSecrets: ledger
          .entries('secret')
          .map((entry) => ({ name: entry.name, ...(entry.body === undefined ? {} : stamp(entry)), ...refusal(entry) })),
      },
      {
        '@type': 'type.googleapis.com/aeraki.meta_protocol_proxy.admin.v1alpha.RoutesConfigDump',
        name: 'meta_protocol_routes',
        dynamicRouteConfigs: [
          ...ledger.entries('routes').map(metaRoutes),
          ...ledger.entries('nativeRoutes').map((entry) => dynamic('nativeRoutes', 'routeConfig', entry)),
        ],
      },
    ],
  };
}

function dynamic(kind: ResourceKind, key: string, entry: LedgerEntry): JsonValue {
  return { ...(entry.body === undefined ? {} : state(kind, key, entry, entry.body)), ...refusal(entry) };
}

function state(kind: ResourceKind, key: string, entry: LedgerEntry, body: Uint8Array): { [key: string]: JsonValue } {
  return { ...stamp(entry), [key]: anyJson({ type_url: typeUrls[kind], value: body }) };
}

/** Routes are shown as the MetaProtocol ones that they are, not as the HTTP ones that they travelled as. */
function metaRoutes(entry: LedgerEntry): JsonValue {
  if (entry.body === undefined) return refusal(entry);
  const native: MessageName = resourceMessages.nativeRoutes;
  const routes = convertHttpRoutes(decode(resourceMessages.routes, entry.body));
  return { ...stamp(entry), routeConfig: anyJson(pack(native, routes)), ...refusal(entry) };
}

function stamp({ version, updatedAt }: LedgerEntry): { [key: string]: JsonValue } {
  return { versionInfo: version ?? '', lastUpdated: new Date(updatedAt).toISOString() };
}

function refusal({ refused }: LedgerEntry): { [key: string]: JsonValue } {
  if (refused === undefined) return {};
  const lastUpdateAttempt = new Date(refused.at).toISOString();
  return { errorState: { details: refused.reason, versionInfo: refused.version, lastUpdateAttempt } };
}

function anyJson(any: Any): JsonValue {
  return toJson('google.protobuf.Any', any);
}
