/**
 * gRPC over node:http2, as far as xDS needs it: bidirectional calls of uncompressed messages. Accepts connections,
 * bounds what each may cost, keeps them alive, ends them when they grow old, and closes in an orderly way.
 */

import type { IncomingHttpHeaders } from 'node:http2';
import {
  createServer,
  type Http2SecureServer,
  type Http2Server,
  constants as http2,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { IsthmusError } from '../../model/errors.ts';
import { Http2Call, refuseCall } from './http2-call.ts';
import { callerIdentity, createTlsServer, refusalWords, type ServerTls } from './server-tls.ts';
import { SessionKeeper, type SessionTimes } from './session-keeper.ts';
import { type Address, type CallAcceptor, StatusCode, type Transport } from './transport.ts';

export interface TransportLimits extends SessionTimes {
  readonly maxMessageBytes: number;
  readonly maxConnections: number;
  readonly maxStreamsPerConnection: number;
}

export const defaultTransportLimits: TransportLimits = {
  maxMessageBytes: 8 * 1024 * 1024,
  maxConnections: 20_000,
  maxStreamsPerConnection: 1024,
  pingEveryMs: 30_000,
  pingTimeoutMs: 10_000,
  maxIdleMs: 60_000,
  maxAgeMs: 30 * 60_000,
};

/** Node counts in MiB what a session may buffer; what we buffer is one response a type, so this never has to bite. */
const SESSION_MEMORY_MIB = 1024;

/** Connections that wait to be accepted: all proxies of a mesh come at once when a control plane comes back. */
const BACKLOG = 4096;

/** In plaintext where no `tls` is given. Listens until closed. Throws UNAVAILABLE when the address cannot be had. */
export async function listenHttp2(
  address: Address,
  accept: CallAcceptor,
  limits: TransportLimits = defaultTransportLimits,
  tls?: ServerTls,
): Promise<Transport> {
  const options = {
    settings: { maxConcurrentStreams: limits.maxStreamsPerConnection, enablePush: false },
    maxSessionMemory: SESSION_MEMORY_MIB,
    maxSettings: 64,
  };
  const server = tls === undefined ? createServer(options) : createTlsServer(tls, options);
  server.maxConnections = limits.maxConnections;
  const keeper = new SessionKeeper(limits);
  server.on('session', (session: ServerHttp2Session) => {
    session.on('error', () => {
      // A connection that breaks is no event of its own: its streams close, and they report it.
    });
    keeper.watch(session);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {
      // As above: 'close' follows.
    });
    acceptStream(stream, headers, { accept, limits, tls });
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const bound = await listen(server, address);
  return { address: bound, close: (graceMs) => close(server, keeper, sockets, graceMs) };
}

interface Acceptance {
  readonly accept: CallAcceptor;
  readonly limits: TransportLimits;
  readonly tls: ServerTls | undefined;
}

function acceptStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { accept, limits, tls }: Acceptance,
): void {
  if (headers[':method'] !== 'POST' || !headers['content-type']?.startsWith('application/grpc')) {
    stream.respond({ ':status': headers[':method'] === 'POST' ? 415 : 405 }, { endStream: true });
    stream.close(http2.NGHTTP2_NO_ERROR);
    return;
  }
  const encoding = headers['grpc-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    refuseCall(stream, { code: StatusCode.unimplemented, message: 'Only grpc-encoding identity is read.' });
    return;
  }
  const { remoteAddress = '', remotePort = 0 } = stream.session?.socket ?? {};
  const path = headers[':path'] ?? '';
  const identity = tls === undefined ? undefined : callerIdentity(stream.session?.socket, tls);
  if (tls !== undefined && identity === undefined && !tls.openPaths.includes(path)) {
    const message = refusalWords(stream.session?.socket, tls);
    refuseCall(stream, { code: StatusCode.unauthenticated, message });
    return;
  }
  const peer = { address: remoteAddress, port: remotePort, ...(identity === undefined ? {} : { identity }) };
  const call = new Http2Call(stream, path, peer, tls === undefined ? undefined : headers.authorization);
  const handler = accept(call);
  if ('code' in handler) refuseCall(stream, handler);
  else call.serve(handler, limits.maxMessageBytes);
}

function listen(server: Http2Server | Http2SecureServer, { host, port }: Address): Promise<Address> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void =>
      reject(new IsthmusError('UNAVAILABLE', `Cannot listen on --xds ${host}:${port}: ${cause.message}`, { cause }));
    server.once('error', failed);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', failed);
      const bound = server.address();
      resolve(bound === null || typeof bound === 'string' ? { host, port } : { host: bound.address, port: bound.port });
    });
  });
}

/** A peer that does not read, or never began to speak HTTP/2, does not keep the program alive. */
async function close(
  server: Http2Server | Http2SecureServer,
  keeper: SessionKeeper,
  sockets: ReadonlySet<Socket>,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  keeper.closeAll();
  const cut = setTimeout(() => {
    keeper.cutAll();
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await closed;
  clearTimeout(cut);
  keeper.stop();
}
