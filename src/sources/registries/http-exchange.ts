/**
 * What all clients of HTTP APIs share: where a server is, how it is trusted, and one request with its whole answer, which
 * comes in time and within bounds, or not at all.
 */
import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import type { RegistryTlsSpec } from '../../resources/kinds.ts';
import type { RegistrySecrets } from './registry-client.ts';

/** `address`: host:port, or a URL, of which https means TLS, as `tls` does. Throws UNAVAILABLE for one that is none. */
export function serverUrl(address: string, tls: RegistryTlsSpec | undefined): URL {
  const scheme = tls === undefined ? 'http' : 'https';
  const url = URL.parse(address.includes('://') ? address : `${scheme}://${address}`);
  if (url === null) throw new IsthmusError('UNAVAILABLE', `${address} is no address`);
  if (tls !== undefined) url.protocol = 'https:';
  return url;
}

/** As agents and sockets of Node take them. */
export interface TlsOptions {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

/** Without `tls`, for a URL that says https: the authorities of the system are trusted. */
export function tlsOptions(tls: RegistryTlsSpec | undefined, { ca, cert, key }: RegistrySecrets): TlsOptions {
  return {
    rejectUnauthorized: tls?.insecureSkipVerify !== true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}

export interface ExchangeLimits {
  readonly deadlineMs: number;
  readonly maxBytes: number;
}

export interface WholeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** No answer within the deadline: of this request, which says nothing of others. */
export class AnswerLate extends IsthmusError {}

/** The answer has more bytes than were allowed. */
export class AnswerTooLarge extends IsthmusError {}

/**
 * Sends what the request has not sent yet. Rejects with UNAVAILABLE, among them AnswerLate and AnswerTooLarge, naming the
 * host, and no path: some bear a token.
 */
export async function exchange(
  request: ClientRequest,
  { deadlineMs, maxBytes }: ExchangeLimits,
  body?: string,
): Promise<WholeAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<WholeAnswer>();
  const host = String(request.getHeader('host'));
  const fail = (error: unknown): void =>
    reject(error instanceof IsthmusError ? error : new IsthmusError('UNAVAILABLE', `${host}: ${messageOf(error)}`));
  const end = (error: IsthmusError): void => {
    reject(error);
    // Not with the error: a connection whose answer has been read to its end has nobody any more who listens for errors.
    request.destroy();
  };
  const late = (): void => end(new AnswerLate('UNAVAILABLE', `${host}: no answer within ${deadlineMs} ms`));
  const deadline = setTimeout(late, deadlineMs);
  request.on('error', fail);
  request.on('response', (response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else end(new AnswerTooLarge('UNAVAILABLE', `${host}: an answer has more than ${maxBytes} bytes`));
    });
    response.on('error', fail);
    response.on('end', () => {
      const { statusCode: status = 0, headers } = response;
      resolve({ status, headers, body: Buffer.concat(chunks) });
    });
    response.on('close', () => fail('the server ended its answer too soon'));
  });
  request.end(body);
  return promise.finally(() => clearTimeout(deadline));
}
