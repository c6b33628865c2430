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
import { IsthmusError } from '../../../model/errors.ts';
import { ConnectionPlaces, type PlaceLimits } from './connection-places.ts';
import { Http2Call, refuseCall } from './http2-call.ts';
import { callerIdentity, createTlsServer, refusalWords, type ServerTls } from './server-tls.ts';
import { SessionKeeper, type SessionTimes } from './session-keeper.ts';
import { Shares } from './shares.ts';
import { type Address, type CallAcceptor, type Status, StatusCode, type Transport } from './transport.ts';

export interface TransportLimits extends SessionTimes, PlaceLimits {
  readonly maxMessageBytes: number;
  readonly maxStreamsPerConnection: number;
  readonly maxStreamsOfStranger: number;
  readonly maxStreamsOfOne: number;
  /** Bytes of messages that have begun and not ended, of one identity and of all callers together. */
  readonly heldBytesOfOne: number;
  readonly heldBytesOfAll: number;
  /** How long a message may be under way once it has begun, in milliseconds. */
  readonly messageMs: number;
  /** How long a call may take that needs no certificate, of who has none, in milliseconds. */
  readonly strangerCallMs: number;
}

/** What memory they amount to stands in docs/certificates.md. "Of one": of all connections with certificates of one identity. */
export const defaultTransportLimits: TransportLimits = {
  maxMessageBytes: 8 * 1024 * 1024,
  maxConnections: 20_000,
  maxConnectionsOfOne: 5000,
  maxStrangers: 256,
  maxStreamsPerConnection: 1024,
  maxStreamsOfStranger: 4,
  maxStreamsOfOne: 10_000,
  heldBytesOfOne: 64 * 1024 * 1024,
  heldBytesOfAll: 512 * 1024 * 1024,
  messageMs: 30_000,
  strangerCallMs: 30_000,
  pingEveryMs: 30_000,
  pingTimeoutMs: 10_000,
  maxIdleMs: 60_000,
  maxAgeMs: 30 * 60_000,
  strangerIdleMs: 10_000,
  strangerAgeMs: 60_000,
};

/** Of a stream that is not read: the rest waits at the sender. It is HTTP/2's own, and what the bound on memory goes by. */
const STREAM_WINDOW_BYTES = 65_535;

/** Of a request: a path and a token. */
const MAX_HEADER_BYTES = 16 * 1024;

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
    settings: {
      maxConcurrentStreams: limits.maxStreamsPerConnection,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxHeaderListSize: MAX_HEADER_BYTES,
      enablePush: false,
    },
    maxSessionMemory: SESSION_MEMORY_MIB,
    maxSettings: 64,
  };
  const server = tls === undefined ? createServer(options) : createTlsServer(tls, options);
  const keeper = new SessionKeeper(limits);
  const acceptance = acceptanceOf(accept, limits, tls);
  const { places } = acceptance;
  // First of all: in plaintext the session begins with the connection.
  server.prependListener('connection', (socket: Socket) => places.opened(socket));
  server.on('session', (session: ServerHttp2Session) => {
    session.on('error', () => {
      // A connection that breaks is no event of its own: its streams close, and they report it.
    });
    const owner = ownerOf(session.socket, tls);
    places.introduced(session.socket, owner);
    keeper.watch(session, owner === undefined);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {
      // As above: 'close' follows.
    });
    acceptStream(stream, headers, acceptance);
  });
  const bound = await listen(server, address);
  return { address: bound, close: (graceMs) => close(server, keeper, places, graceMs) };
}

interface Acceptance {
  readonly accept: CallAcceptor;
  readonly limits: TransportLimits;
  readonly tls: ServerTls | undefined;
  readonly places: ConnectionPlaces;
  /** Streams by owner. */
  readonly streams: Shares;
  /** Bytes of messages that have begun, by owner. */
  readonly held: Shares;
}

function acceptanceOf(accept: CallAcceptor, limits: TransportLimits, tls: ServerTls | undefined): Acceptance {
  return {
    accept,
    limits,
    tls,
    places: new ConnectionPlaces(limits),
    streams: new Shares({ ofOne: limits.maxStreamsOfOne, ofAll: Number.POSITIVE_INFINITY }),
    held: new Shares({ ofOne: limits.heldBytesOfOne, ofAll: limits.heldBytesOfAll }),
  };
}

/** In plaintext nobody knows who calls: there each connection stands for itself. Undefined for a stranger. */
function ownerOf(socket: Pick<Socket, 'remoteAddress' | 'remotePort'>, tls: ServerTls | undefined): string | undefined {
  return tls === undefined ? `${socket.remoteAddress} ${socket.remotePort}` : callerIdentity(socket, tls);
}

const STRANGERS = 'strangers';

function acceptStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, acceptance: Acceptance): void {
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
  const { accept, limits, tls, held } = acceptance;
  const socket = stream.session?.socket;
  const path = headers[':path'] ?? '';
  const owner = socket === undefined ? undefined : ownerOf(socket, tls);
  const refusal = refusalOf(stream, path, owner, acceptance);
  if (refusal !== undefined) {
    refuseCall(stream, refusal);
    return;
  }
  const identity = tls === undefined ? undefined : owner;
  const { remoteAddress = '', remotePort = 0 } = socket ?? {};
  const peer = { address: remoteAddress, port: remotePort, ...(identity === undefined ? {} : { identity }) };
  const call = new Http2Call(stream, path, peer, tls === undefined ? undefined : headers.authorization);
  const handler = accept(call);
  if ('code' in handler) {
    refuseCall(stream, handler);
    return;
  }
  const { maxMessageBytes = limits.maxMessageBytes } = tls?.openPaths.get(path) ?? {};
  const { messageMs, strangerCallMs } = limits;
  const patience = owner === undefined ? { messageMs, callMs: strangerCallMs } : { messageMs };
  call.serve(handler, { ...patience, maxMessageBytes, held, owner: owner ?? STRANGERS });
}

/** Why a call is not taken, by who calls and what he has already; else it is counted until its stream closes. */
function refusalOf(
  stream: ServerHttp2Stream,
  path: string,
  owner: string | undefined,
  { limits, tls, places, streams }: Acceptance,
): Status | undefined {
  const socket = stream.session?.socket;
  if (tls !== undefined && owner === undefined && !tls.openPaths.has(path))
    return { code: StatusCode.unauthenticated, message: refusalWords(socket, tls) };
  const entry = socket === undefined ? undefined : places.enter(socket);
  if (entry === undefined) return { code: StatusCode.unavailable, message: 'The connection is closing.' };
  stream.once('close', entry.over);
  const { standing, streams: open } = entry.place;
  if (owner === undefined) {
    if (open <= limits.maxStreamsOfStranger) return undefined;
    return exhausted(`Without a certificate, ${limits.maxStreamsOfStranger} calls at a time are taken.`);
  }
  if (standing !== 'known') return exhausted(`${owner} has ${limits.maxConnectionsOfOne} connections already.`);
  if (!streams.take(owner)) return exhausted(`${owner} has ${streams.of(owner)} calls already.`);
  stream.once('close', () => streams.give(owner));
  return undefined;
}

function exhausted(message: string): Status {
  return { code: StatusCode.resourceExhausted, message };
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
  places: ConnectionPlaces,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  keeper.closeAll();
  const cut = setTimeout(() => {
    keeper.cutAll();
    places.cutAll();
  }, graceMs);
  await closed;
  clearTimeout(cut);
  keeper.stop();
}
