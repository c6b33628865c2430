/** What is spoken with a service: mutual TLS in the mesh, and the HTTP that its workloads speak. */
import type { ServiceSecurity } from '../../model/mesh-service.ts';
import { isHttp, type ServicePort } from '../../model/service.ts';
import { type envoy, pack } from '../../xds-api/messages.ts';
import { meshServerName } from '../names/resource-names.ts';
import { upstreamTls } from './tls-contexts.ts';

type Cluster = envoy.config.cluster.v3.Cluster;
type HttpOptions = envoy.config.core.v3.HttpProtocolOptions;
type ProtocolOptions = envoy.extensions.upstreams.http.v3.HttpProtocolOptions;

const PROTOCOL_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
/** The version of HTTP that the request came in. */
export const sameHttp: Pick<Cluster, 'typedExtensionProtocolOptions'> = {
  typedExtensionProtocolOptions: encoded({
    useDownstreamProtocolConfig: { httpProtocolOptions: {}, http2ProtocolOptions: {} },
  }),
};

type Upstream = Pick<Cluster, 'transportSocket' | 'typedExtensionProtocolOptions'>;

export const speaksHttp2: Upstream = { typedExtensionProtocolOptions: encoded(explicit('http2')) };

/**
 * Outside of the mesh: a port that speaks HTTP/2 speaks nothing else, also with a proxy that reads requests. `bounds` are
 * those of connections on which HTTP is spoken.
 */
export function plainUpstream(port: ServicePort, bounds?: HttpOptions): Upstream {
  const version = httpVersion(port);
  if (version === undefined || (version === 'http1' && bounds === undefined)) return {};
  return { typedExtensionProtocolOptions: encoded(explicit(version, bounds)) };
}

/** The server name says what is called, whatever address was dialled. */
export function securedUpstream(
  security: ServiceSecurity,
  host: string,
  port: ServicePort,
  bounds?: HttpOptions,
): Upstream {
  const serverName = meshServerName(host, port.number);
  const version = httpVersion(port);
  if (version === undefined) return { transportSocket: upstreamTls(security, serverName, []) };
  return {
    transportSocket: upstreamTls(security, serverName, [version === 'http2' ? 'h2' : 'http/1.1']),
    typedExtensionProtocolOptions: encoded(explicit(version, bounds)),
  };
}

type HttpVersion = 'http1' | 'http2';

function httpVersion({ protocol }: ServicePort): HttpVersion | undefined {
  if (!isHttp(protocol)) return undefined;
  return protocol.kind === 'plain' && protocol.protocol === 'http' ? 'http1' : 'http2';
}

function explicit(version: HttpVersion, bounds?: HttpOptions): ProtocolOptions {
  return {
    ...(bounds === undefined ? {} : { commonHttpProtocolOptions: bounds }),
    explicitHttpConfig: version === 'http2' ? { http2ProtocolOptions: {} } : { httpProtocolOptions: {} },
  };
}

/** For what speaks gRPC. */
export const http2Upstream: Pick<Cluster, 'typedExtensionProtocolOptions'> = { ...speaksHttp2 };

function encoded(options: ProtocolOptions): NonNullable<Cluster['typedExtensionProtocolOptions']> {
  return { [PROTOCOL_OPTIONS]: pack(PROTOCOL_OPTIONS, options) };
}
