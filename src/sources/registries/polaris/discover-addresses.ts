/** What stands at an address: at host:port a server of gRPC, at a URL one of the HTTP API. */
import type { RegistryTlsSpec } from '../../../resources/kinds.ts';
import { grpcConnection } from '../grpc-connection.ts';
import type { RegistrySecrets } from '../registry-client.ts';
import type { DiscoverConnection } from './discover-connection.ts';
import { DiscoverHttp } from './discover-http.ts';
import { DiscoverStream } from './discover-stream.ts';

export function isHttp(address: string): boolean {
  return address.includes('://');
}

/** Connects no sooner than it is asked. */
export function connectDiscover(
  address: string,
  tls: RegistryTlsSpec | undefined,
  secrets: RegistrySecrets,
): DiscoverConnection {
  const url = isHttp(address) ? URL.parse(address) : null;
  if (url !== null) return new DiscoverHttp(url, tls, secrets);
  const { token, ...files } = secrets;
  const grpc = grpcConnection(address, tls, files);
  return new DiscoverStream(grpc.address, grpc.credentials, grpc.options, token);
}
