/**
 * Connections to endpoints. Over TLS nothing leaves before the peer has shown who it is: a certificate that the mesh's roots
 * verify, of exactly one of the identities that are expected. Who expects nobody reaches nobody.
 */
import { connect, type OnReadOpts, Socket } from 'node:net';
import { type ConnectionOptions, connect as connectSecured } from 'node:tls';
import { IsthmusError } from '../../model/errors.ts';
import type { HostAddress } from '../config/endpoint-plan.ts';
import type { TlsPlan } from '../config/tls-plan.ts';
import type { Credentials, Secrets } from './secrets.ts';
import { chainOf } from './trusted-roots.ts';

export interface DialOptions {
  readonly noDelay?: boolean;
  readonly keepAlive?: boolean;
  readonly allowHalfOpen?: boolean;
  readonly onread?: OnReadOpts;
}

export interface Dialled {
  readonly socket: Socket;
  /** The event with which the peer is there, and is who it has to be. */
  readonly ready: 'connect' | 'secureConnect';
}

/** TLS has no room for more. */
const LONGEST_SERVER_NAME = 255;

export function dial(address: HostAddress, options: DialOptions): Dialled {
  return { socket: connect({ ...address, ...options }), ready: 'connect' };
}

export function dialSecured(secrets: Secrets, plan: TlsPlan, address: HostAddress, options: DialOptions): Dialled {
  const credentials = secrets.credentials(plan);
  if (credentials === undefined) return { socket: unreachable(), ready: 'secureConnect' };
  const { serverName } = plan;
  const wanted: ConnectionOptions & DialOptions = {
    ...address,
    ...options,
    secureContext: credentials.context,
    rejectUnauthorized: true,
    checkServerIdentity: (_name, certificate) => faultOf(certificate, plan, credentials),
    ...(serverName === '' || serverName.length > LONGEST_SERVER_NAME ? {} : { servername: serverName }),
    ...(plan.alpn.length === 0 ? {} : { ALPNProtocols: [...plan.alpn] }),
  };
  const socket = connectSecured(wanted);
  socket.cork();
  socket.once('secureConnect', () => socket.uncork());
  return { socket, ready: 'secureConnect' };
}

/** For the log; undefined for whom it is meant for. */
function faultOf(certificate: object, { peers }: TlsPlan, { identify }: Credentials): Error | undefined {
  const peer = identify(chainOf(certificate));
  if (peer.kind === 'refused')
    return new IsthmusError('UNAVAILABLE', `the server is nobody of the mesh: ${peer.reason}`);
  if (peers === 'any' || peers.has(peer.identity)) return undefined;
  return new IsthmusError('UNAVAILABLE', `the server is ${peer.identity}, which is not who is expected there`);
}

function unreachable(): Socket {
  const socket = new Socket();
  process.nextTick(() => socket.destroy(new IsthmusError('UNAVAILABLE', 'this proxy has no certificate yet')));
  return socket;
}
