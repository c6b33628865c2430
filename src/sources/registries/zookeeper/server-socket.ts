/** A connection to a server of ZooKeeper, by the `tls` of its ServiceRegistry. */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { RegistryTlsSpec } from '../../../resources/kinds.ts';
import { tlsOptions } from '../http-exchange.ts';
import type { RegistrySecrets } from '../registry-client.ts';
import type { ServerAddress } from './server-addresses.ts';

/** Still connecting; what is written is sent when it is connected. Throws where certificates or keys are none. */
export function serverSocket(
  { host, port }: ServerAddress,
  tls: RegistryTlsSpec | undefined,
  secrets: RegistrySecrets,
): Socket {
  if (tls === undefined) return connect({ host, port, noDelay: true, keepAlive: true });
  const named = isIP(host) === 0 ? { servername: host } : {};
  const socket = connectTls({ host, port, ...named, ...tlsOptions(tls, secrets) });
  return socket.setNoDelay(true).setKeepAlive(true);
}
