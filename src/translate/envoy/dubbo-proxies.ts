/**
 * Dubbo as stock Envoys read it: the generic_proxy filter with its codec for Dubbo, and routes by a discovery of their own.
 * Envoy's older dubbo_proxy is never sent: its process aborts when a provider closes a connection that owes a reply.
 */
import type { MeshSettings, PortCodec } from '../../model/mesh-service.ts';
import type { Route, RouteTable } from '../../model/route.ts';
import { type envoy, pack, type xds } from '../../xds-api/messages.ts';
import { type EncodedResource, encodeResource } from '../encoded-resource.ts';
import { metaRouteName, outboundClusterName } from '../names/resource-names.ts';
import { accessLogs } from './access-logs.ts';
import { dubboPredicate, isSeenInDubbo } from './dubbo-matches.ts';
import { adsSource } from './values.ts';
import { heaviest } from './weighted-clusters.ts';

type OnMatch = xds.type.matcher.v3.Matcher.OnMatch;

export const GENERIC_PROXY = 'envoy.filters.network.generic_proxy';

/** Twice what providers take by default (`payload`); Envoy's default of 1 MiB would end calls that they serve. */
const FRAME_BYTES = 16 * 1024 * 1024;

/** For listeners and clusters: the filter holds frames whole, and ends connections whose buffer does not. */
export function framesAtOnce(isHeld: boolean): { perConnectionBufferLimitBytes?: { value: number } } {
  return isHeld ? { perConnectionBufferLimitBytes: { value: FRAME_BYTES } } : {};
}

export function isDubbo(codec: PortCodec | undefined): boolean {
  return codec?.description === undefined && codec?.protocol.codec === 'aeraki.meta_protocol.codec.dubbo';
}

const CODEC = {
  name: 'envoy.generic_proxy.codecs.dubbo',
  typedConfig: pack('envoy.extensions.filters.network.generic_proxy.codecs.dubbo.v3.DubboCodecConfig', {}),
};

const ROUTER = {
  name: 'envoy.filters.generic.router',
  typedConfig: pack('envoy.extensions.filters.network.generic_proxy.router.v3.Router', {}),
};

export function outboundDubboProxy(
  host: string,
  port: number,
  settings: MeshSettings,
): envoy.config.listener.v3.Filter {
  const accessLog = accessLogs(settings);
  return {
    name: GENERIC_PROXY,
    typedConfig: pack('envoy.extensions.filters.network.generic_proxy.v3.GenericProxy', {
      statPrefix: outboundClusterName(host, port),
      codecConfig: CODEC,
      genericRds: { configSource: adsSource, routeConfigName: metaRouteName(host, port) },
      filters: [ROUTER],
      ...(accessLog.length === 0 ? {} : { accessLog }),
    }),
  };
}

/** What a rule that had to be left out would have picked goes where those after it say, or else to the whole service. */
export function dubboRoutes({ host, port, routes }: RouteTable): EncodedResource {
  const name = metaRouteName(host, port);
  const seen = routes.filter(({ match }) => isSeenInDubbo(match));
  const last = seen.findIndex(({ match }) => match.length === 0);
  const picking = last === -1 ? seen : seen.slice(0, last);
  const fallback = seen[last];
  const matchers = picking.map((route) => ({ predicate: dubboPredicate(route.match), onMatch: actionOf(route) }));
  const rest = fallback === undefined ? action(outboundClusterName(host, port)) : actionOf(fallback);
  const isWhole = fallback !== undefined || seen.length < routes.length;
  return encodeResource('envoy.extensions.filters.network.generic_proxy.v3.RouteConfiguration', name, {
    name,
    routes: {
      ...(matchers.length === 0 ? {} : { matcherList: { matchers } }),
      ...(isWhole ? { onNoMatch: rest } : {}),
    },
  });
}

function actionOf({ name, destinations }: Route): OnMatch {
  return action(heaviest(destinations), name);
}

/** Callers say themselves how long they wait: a bound of the proxy's would be one that nobody asked for. */
function action(cluster: string, name = ''): OnMatch {
  return {
    action: {
      name: 'route',
      typedConfig: pack('envoy.extensions.filters.network.generic_proxy.action.v3.RouteAction', {
        cluster,
        ...(name === '' ? {} : { name }),
        timeout: {},
      }),
    },
  };
}
