/** How a registry that speaks gRPC is connected to, by its ServiceRegistry. */
import { type ChannelCredentials, type ClientOptions, credentials } from '@grpc/grpc-js';
import type { RegistryTlsSpec } from '../../resources/kinds.ts';
import type { RegistrySecrets } from './registry-client.ts';

export interface GrpcConnection {
  /** `host:port`. */
  readonly address: string;
  readonly credentials: ChannelCredentials;
  readonly options: ClientOptions;
}

/** `address`: host:port, or a URL, of which https means TLS. */
export function grpcConnection(
  address: string,
  tls: RegistryTlsSpec | undefined,
  files: RegistrySecrets,
): GrpcConnection {
  const url = URL.parse(address.includes('://') ? address : `http://${address}`);
  const target = url === null ? address : url.host;
  if (tls === undefined && url?.protocol !== 'https:')
    return { address: target, credentials: credentials.createInsecure(), options: {} };
  const pem = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text));
  const verify = { rejectUnauthorized: tls?.insecureSkipVerify !== true };
  return {
    address: target,
    credentials: credentials.createSsl(pem(files.ca), pem(files.key), pem(files.cert), verify),
    options: tls?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': tls.serverName },
  };
}
