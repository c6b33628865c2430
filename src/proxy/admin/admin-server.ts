/** The proxy's admin address: what it runs with and counts, and how it is asked to drain. Loopback unless told otherwise. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { IsthmusError, messageOf } from '../../model/errors.ts';
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

/** `address` is `host:port`. Rejects with IsthmusError. */
export async function startAdmin(address: string, views: AdminViews): Promise<AdminServer> {
  const server = createServer((request, response) => void respond(request, response, views));
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new IsthmusError('UNAVAILABLE', `admin address ${address}: ${error.message}`, { cause: error })),
    );
    server.listen({ host, port: Number(address.slice(colon + 1)) }, resolve);
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  return {
    address: `${address.slice(0, colon)}:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function respond(request: IncomingMessage, response: ServerResponse, views: AdminViews): Promise<void> {
  let answer: Answer;
  try {
    answer = await answerTo(request, views);
  } catch (error) {
    answer = { status: 500, body: `${messageOf(error)}\n` };
  }
  response.writeHead(answer.status, { 'content-type': answer.type ?? 'text/plain; charset=utf-8' }).end(answer.body);
}

async function answerTo(request: IncomingMessage, views: AdminViews): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://admin');
  if (url.pathname === '/drain') {
    if (request.method !== 'POST') return { status: 405, body: 'POST /drain\n' };
    views.drain();
    return { status: 200, body: 'draining\n' };
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, body: 'only GET\n' };
  switch (url.pathname) {
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
      return stats(url.searchParams.get('format'), await views.snapshot());
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
