/** Ports whose requests a stock Envoy reads with a filter of its own, and those for which that would gain nothing. */
import type { Finding, ObjectRef } from '../model/finding.ts';
import type { MeshSettings, PortCodec } from '../model/mesh-service.ts';
import type { ProxyKind } from '../model/proxy.ts';
import type { RouteTable } from '../model/route.ts';
import type { envoy } from '../xds-api/messages.ts';
import type { EncodedResource } from './encoded-resource.ts';
import { isSeenInDubbo } from './envoy/dubbo-matches.ts';
import { dubboRoutes, isDubbo, outboundDubboProxy } from './envoy/dubbo-proxies.ts';
import { isThrift, outboundThriftProxy, thriftRoutes } from './envoy/thrift-proxies.ts';
import { unenforcedDubbo, unenforcedThrift } from './unenforced-native.ts';
import { asksOfRequests } from './unenforced-rules.ts';

interface NativeReading {
  /** Whether a rule of the table is done better by reading requests than by passing connections on. */
  readonly helps: (table: RouteTable) => boolean;
  readonly filter: (host: string, port: number, settings: MeshSettings) => envoy.config.listener.v3.Filter;
  readonly routes: (table: RouteTable) => EncodedResource;
  /** What is not enforced all the same. */
  readonly findings: (table: RouteTable, declaredBy: ObjectRef) => readonly Finding[];
}

const thrift: NativeReading = {
  helps: asksOfRequests,
  filter: outboundThriftProxy,
  routes: thriftRoutes,
  findings: unenforcedThrift,
};

/** Weights and mirrors are beyond its filter: by connection, weights at least are kept to. */
const dubbo: NativeReading = {
  helps: picksSeen,
  filter: outboundDubboProxy,
  routes: dubboRoutes,
  findings: unenforcedDubbo,
};

/** Undefined where the port is plain TCP to this kind of proxy. */
export function nativeReading(
  kind: ProxyKind,
  codec: PortCodec | undefined,
  table: RouteTable,
): NativeReading | undefined {
  const reading = kind === 'envoy' ? readingOf(codec) : undefined;
  return reading?.helps(table) === true ? reading : undefined;
}

function readingOf(codec: PortCodec | undefined): NativeReading | undefined {
  if (isThrift(codec)) return thrift;
  return isDubbo(codec) ? dubbo : undefined;
}

function picksSeen({ routes }: RouteTable): boolean {
  return routes.some(({ match }) => match.length > 0 && isSeenInDubbo(match));
}
