/**
 * The proxy's admin address: what it runs with and counts, and how it is asked to drain. It stands on loopback, or is
 * guarded by a token; web pages get nothing from it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { hasToken, isForLoopback, parseAdminAddress } from '../../model/admin-access.ts';
import { IsthmusError, messageOf } from '../../model/errors.ts';
import { formatAddress } from '../../model/tcp-address.ts';
import type { JsonValue } from '../../xds-api/proto-json.ts';
import { renderClusters, renderListeners, renderStats } from '../observation/envoy-text.ts';
import { renderPrometheus } from '../observation/prometheus.ts';
import type { ProxySnapshot } from '../observation/snapshot.ts';

export interface AdminViews {
  snapshot(): Promise<ProxySnapshot>;
  configDump(): Promise<JsonValue>;
  /** Why the proxy is not ready; undefined when it is. */
  unready(): Promise<string | undefined>;
  /** Stops accepting and lets requests in flight finish. */
  drain(): void;
}

export interface AdminPlace {
  /** `host:port`. */
  readonly address: string;
  /** Who says so: a flag, or what else to mend. */
  readonly from: string;
}

export interface AdminServer {
  /** `host:port`, with the real port. */
  readonly address: string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

/** Rejects with IsthmusError; with USAGE when the address is beyond loopback and there is no token. */
export async function startAdmin(
  place: AdminPlace,
  views: AdminViews,
  token: string | undefined,
): Promise<AdminServer> {
  const { address, from } = place;
  const { host, port } = parseAdminAddress(address, token, from);
  const server = createServer((request, response) => void respond(request, response, views, token));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new IsthmusError('UNAVAILABLE', `Cannot listen on ${from} ${address}: ${error.message}.`, { cause: error }),
      ),
    );
    server.listen({ host, port }, resolve);
  });
  const bound = server.address();
  return {
    address: formatAddress(host, typeof bound === 'object' && bound !== null ? bound.port : 0),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  views: AdminViews,
  token: string | undefined,
): Promise<void> {
  let answer: Answer;
  try {
    const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
    answer = refusal(request, path, token) ?? (await answerTo(request.method, path, query, views));
  } catch (error) {
    answer = { status: 500, body: `${messageOf(error)}\n` };
  }
  response.writeHead(answer.status, { 'content-type': answer.type ?? 'text/plain; charset=utf-8' }).end(answer.body);
}

/** Whether the proxy is ready is no secret; for all else there is the token. */
function refusal({ headers, method }: IncomingMessage, path: string, token: string | undefined): Answer | undefined {
  if (token === undefined && !isForLoopback(headers.host))
    return { status: 403, body: 'Ask by a loopback address: without a token, no other Host is answered.\n' };
  // A web page can send a POST to loopback; it cannot leave out where it comes from.
  if (method === 'POST' && headers.origin !== undefined) return { status: 403, body: 'Not from a web page.\n' };
  if (token === undefined || path === '/ready' || hasToken(headers.authorization, token)) return undefined;
  return { status: 401, body: 'A token is needed.\n' };
}

async function answerTo(method: string | undefined, path: string, query: string, views: AdminViews): Promise<Answer> {
  if (path === '/drain') {
    if (method !== 'POST') return { status: 405, body: 'POST /drain\n' };
    views.drain();
    return { status: 200, body: 'draining\n' };
  }
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'only GET\n' };
  switch (path) {
    case '/ready': {
      const reason = await views.unready();
      return reason === undefined ? { status: 200, body: 'LIVE\n' } : { status: 503, body: `${reason}\n` };
    }
    case '/config_dump':
      return {
        status: 200,
        type: 'application/json',
        body: `${JSON.stringify(await views.configDump(), undefined, 2)}\n`,
      };
    case '/clusters':
      return { status: 200, body: renderClusters(await views.snapshot()) };
    case '/listeners':
      return { status: 200, body: renderListeners(await views.snapshot()) };
    case '/stats':
      return stats(new URLSearchParams(query).get('format'), await views.snapshot());
    case '/stats/prometheus':
    case '/metrics':
      return stats('prometheus', await views.snapshot());
    default:
      return { status: 404, body: 'GET /ready /config_dump /clusters /listeners /stats, POST /drain\n' };
  }
}

function stats(format: string | null, snapshot: ProxySnapshot): Answer {
  if (format === 'prometheus')
    return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: renderPrometheus(snapshot) };
  if (format === 'json') return { status: 200, type: 'application/json', body: JSON.stringify(snapshot) };
  return { status: 200, body: renderStats(snapshot) };
}
