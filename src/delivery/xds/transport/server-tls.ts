/**
 * TLS before xDS: every caller shows a certificate of the mesh before a byte of what it says is parsed. A caller without
 * one gets no further than the handshake, but for the paths at which certificates are asked for.
 */
import { constants, type X509Certificate } from 'node:crypto';
import { createSecureServer, type Http2SecureServer, type SecureServerOptions } from 'node:http2';
import { TLSSocket } from 'node:tls';

/** All in PEM. */
export interface ServerCredentials {
  /** The server's own certificate, then those that lead to its root. */
  readonly chain: string;
  readonly key: string;
  /** Whose certificates callers may have. */
  readonly roots: string;
}

export interface ServerTls {
  readonly credentials: () => ServerCredentials;
  /** Calls whenever `credentials` gives others; returns how to stop it. Connections that stand go on. */
  readonly onRenewed: (renewed: () => void) => () => void;
  /** The SPIFFE id of a certificate that was verified; undefined when it has none, or more than one. */
  readonly identityOf: (certificate: X509Certificate) => string | undefined;
  /** What a caller is told who showed a certificate that was not verified; absent: nothing in particular. */
  readonly refusalOf?: (certificate: X509Certificate) => string | undefined;
  /** Calls for which no certificate is needed, by `/package.Service/Method`. */
  readonly openPaths: ReadonlyMap<string, OpenPath>;
}

/** What is asked of a call that anybody may make. */
export interface OpenPath {
  /** Of a message; what announces or sends more is refused. */
  readonly maxMessageBytes: number;
}

const nobody = 'A certificate of the mesh is needed, and none was shown that can be trusted.';

const HANDSHAKE_MS = 10_000;

export function createTlsServer(tls: ServerTls, options: SecureServerOptions): Http2SecureServer {
  const server = createSecureServer({
    ...options,
    ...contextOf(tls),
    // Decided by path: who asks for its first certificate has none yet.
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE_MS,
  });
  const stop = tls.onRenewed(() => server.setSecureContext(contextOf(tls)));
  server.once('close', stop);
  return server;
}

/** Undefined where the handshake left it open who calls. */
export function callerIdentity(socket: unknown, { identityOf }: ServerTls): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? undefined : identityOf(certificate);
}

/** What a caller is told who is nobody here. */
export function refusalWords(socket: unknown, { refusalOf }: ServerTls): string {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  return (certificate === undefined ? undefined : refusalOf?.(certificate)) ?? nobody;
}

function contextOf({ credentials }: ServerTls) {
  const { chain, key, roots } = credentials();
  // A session that is resumed would be trusted by the roots of its beginning.
  return { cert: chain, key, ca: roots, minVersion: 'TLSv1.2' as const, secureOptions: constants.SSL_OP_NO_TICKET };
}
