/** HTTP as proxies of the mesh take it in: one way to read a path, bounded waits, and no word of a client about itself. */
import type { MeshSettings } from '../../model/mesh-service.ts';
import { enumValue, type envoy, pack } from '../../xds-api/messages.ts';
import { accessLogs } from './access-logs.ts';
import { tracingOf } from './proxy-peers.ts';
import { duration } from './values.ts';

type Filter = envoy.config.listener.v3.Filter;
type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
type Manager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;

const MANAGER = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const SANITIZE_SET = enumValue(`${MANAGER}.ForwardClientCertDetails`, 'SANITIZE_SET');
const REJECT_REQUEST = enumValue(`${MANAGER}.PathWithEscapedSlashesAction`, 'REJECT_REQUEST');
const PASS_THROUGH = enumValue(`${MANAGER}.ServerHeaderTransformation`, 'PASS_THROUGH');

/** Beyond this without a byte a stream is ended, in milliseconds; half-closed clients would keep it forever. */
const STREAM_IDLE_MS = 300_000;
/** So long may the headers of a request take, in milliseconds. */
const REQUEST_HEADERS_MS = 10_000;

const ROUTER: HttpFilter = {
  name: 'envoy.filters.http.router',
  typedConfig: pack('envoy.extensions.filters.http.router.v3.Router', {}),
};

export interface HttpConnections {
  readonly statPrefix: string;
  readonly routes: Pick<Manager, 'rds' | 'routeConfig'>;
  /** Before the router, in order. */
  readonly filters: readonly HttpFilter[];
  readonly settings: MeshSettings;
  readonly direction: 'inbound' | 'outbound';
  /** Whether the caller's address is asked for: then it is that of the connection, whatever headers say. */
  readonly usesAddresses?: boolean;
}

export function httpConnections({
  statPrefix,
  routes,
  filters,
  settings,
  direction,
  usesAddresses = false,
}: HttpConnections): Filter {
  const accessLog = accessLogs(settings);
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typedConfig: pack(MANAGER, {
      statPrefix,
      ...routes,
      httpFilters: [...filters, ROUTER],
      ...(settings.idleTimeoutMs === 0
        ? {}
        : { commonHttpProtocolOptions: { idleTimeout: duration(settings.idleTimeoutMs) } }),
      serverHeaderTransformation: PASS_THROUGH,
      streamIdleTimeout: duration(STREAM_IDLE_MS),
      requestHeadersTimeout: duration(REQUEST_HEADERS_MS),
      ...(accessLog.length === 0 ? {} : { accessLog }),
      ...tracingOf(settings),
      useRemoteAddress: { value: usesAddresses },
      ...(usesAddresses ? { skipXffAppend: true } : {}),
      // Nobody is internal by his address: headers of Envoy's own are not taken from callers.
      internalAddressConfig: {},
      // Who calls is said by the certificate, and by nobody's header.
      ...(direction === 'inbound'
        ? { forwardClientCertDetails: SANITIZE_SET, setCurrentClientCertDetails: { uri: true, dns: true } }
        : {}),
      upgradeConfigs: [{ upgradeType: 'websocket' }],
      normalizePath: { value: true },
      mergeSlashes: true,
      pathWithEscapedSlashesAction: REJECT_REQUEST,
    }),
  };
}
