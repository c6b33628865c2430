/** A connection to a server of ZooKeeper, by the `tls` of its ServiceRegistry. */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { RegistryTlsSpec } from '../../../resources/kinds.ts';
import type { RegistrySecrets } from '../registry-client.ts';
import type { ServerAddress } from './server-addresses.ts';

/** Still connecting; what is written is sent when it is connected. Throws where certificates or keys are none. */
export function serverSocket(
  { host, port }: ServerAddress,
  tls: RegistryTlsSpec | undefined,
  { ca, cert, key }: RegistrySecrets,
): Socket {
  if (tls === undefined) return connect({ host, port, noDelay: true, keepAlive: true });
  const servername = tls.serverName ?? (isIP(host) === 0 ? host : undefined);
  const socket = connectTls({
    host,
    port,
    rejectUnauthorized: !tls.insecureSkipVerify,
    ...(servername === undefined ? {} : { servername }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
  return socket.setNoDelay(true).setKeepAlive(true);
}
