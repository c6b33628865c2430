/** What is spoken with a service: mutual TLS in the mesh, and the HTTP that its workloads speak. */
import type { ServiceSecurity } from '../../model/mesh-service.ts';
import type { ServicePort } from '../../model/service.ts';
import { type envoy, pack } from '../../xds-api/messages.ts';
import { meshServerName } from '../names/resource-names.ts';
import { upstreamTls } from './tls-contexts.ts';

type Cluster = envoy.config.cluster.v3.Cluster;
type ProtocolOptions = envoy.extensions.upstreams.http.v3.HttpProtocolOptions;

const PROTOCOL_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const http1 = encoded({ explicitHttpConfig: { httpProtocolOptions: {} } });
const http2 = encoded({ explicitHttpConfig: { http2ProtocolOptions: {} } });

/** The version of HTTP that the request came in. */
export const sameHttp: Pick<Cluster, 'typedExtensionProtocolOptions'> = {
  typedExtensionProtocolOptions: encoded({
    useDownstreamProtocolConfig: { httpProtocolOptions: {}, http2ProtocolOptions: {} },
  }),
};

export const speaksHttp2: Pick<Cluster, 'typedExtensionProtocolOptions'> = { typedExtensionProtocolOptions: http2 };

/** Outside of the mesh: a port that speaks HTTP/2 speaks nothing else, also with a proxy that reads requests. */
export function plainUpstream({ protocol }: ServicePort): Pick<Cluster, 'typedExtensionProtocolOptions'> {
  const plain = protocol.kind === 'plain' ? protocol.protocol : 'tcp';
  return plain === 'http2' || plain === 'grpc' ? speaksHttp2 : {};
}

/** The server name says what is called, whatever address was dialled. */
export function securedUpstream(
  security: ServiceSecurity,
  host: string,
  { number, protocol }: ServicePort,
): Pick<Cluster, 'transportSocket' | 'typedExtensionProtocolOptions'> {
  const serverName = meshServerName(host, number);
  const plain = protocol.kind === 'plain' ? protocol.protocol : 'tcp';
  if (plain === 'http2' || plain === 'grpc')
    return { transportSocket: upstreamTls(security, serverName, ['h2']), typedExtensionProtocolOptions: http2 };
  if (plain === 'http')
    return { transportSocket: upstreamTls(security, serverName, ['http/1.1']), typedExtensionProtocolOptions: http1 };
  return { transportSocket: upstreamTls(security, serverName, []) };
}

/** For what speaks gRPC. */
export const http2Upstream: Pick<Cluster, 'typedExtensionProtocolOptions'> = { typedExtensionProtocolOptions: http2 };

function encoded(options: ProtocolOptions): NonNullable<Cluster['typedExtensionProtocolOptions']> {
  return { [PROTOCOL_OPTIONS]: pack(PROTOCOL_OPTIONS, options) };
}
