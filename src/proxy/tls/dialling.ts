/**
 * Connections to endpoints. Over TLS nothing leaves before the peer has shown who it is: a certificate that the mesh's roots
 * verify, of exactly one of the identities that are expected. Who expects nobody reaches nobody.
 */
import { connect, isIPv6, type OnReadOpts, Socket } from 'node:net';
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
  return { socket: connect({ ...destinationOf(address), ...options }), ready: 'connect' };
}

type Found = (error: null, addresses: { readonly address: string; readonly family: number }[]) => void;

/** Of several addresses the first that can be reached: for them Node has names in mind, so that it is told of one. */
function destinationOf(address: HostAddress) {
  if ('path' in address || address.others === undefined) return address;
  const { host, port, others } = address;
  const addresses = [host, ...others].map((one) => ({ address: one, family: isIPv6(one) ? 6 : 4 }));
  const lookup = (_name: string, _options: object, found: Found): void => found(null, addresses);
  return { host: 'endpoint', port, lookup, autoSelectFamily: true };
}

/** Why a connection ended, as the peer or the system says; of several addresses that failed, of the first. */
export function reasonOf(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return first instanceof Error ? first.message : error.message;
}

export function dialSecured(secrets: Secrets, plan: TlsPlan, address: HostAddress, options: DialOptions): Dialled {
  const credentials = secrets.credentials(plan);
  if (credentials === undefined) return { socket: unreachable(), ready: 'secureConnect' };
  const { serverName } = plan;
  const wanted: ConnectionOptions & DialOptions = {
    ...destinationOf(address),
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
