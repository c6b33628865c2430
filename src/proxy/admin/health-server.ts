/** Tells whoever asks whether the proxy is ready, on all addresses, and nothing else: for the probes of a Pod's node. */
import { createServer } from 'node:http';
import { IsthmusError } from '../../model/errors.ts';
import type { AdminServer, AdminViews } from './admin-server.ts';

const longestAskMs = 5_000;

/** Rejects with UNAVAILABLE where the port cannot be had. */
export async function startHealth(port: number, views: Pick<AdminViews, 'unready'>): Promise<AdminServer> {
  const server = createServer(
    { requestTimeout: longestAskMs, headersTimeout: longestAskMs },
    ({ method, url }, response) => {
      const answer = (status: number, text: string): void => {
        response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${text}\n`);
      };
      if (url !== '/ready' || (method !== 'GET' && method !== 'HEAD')) return answer(404, 'GET /ready');
      return void views.unready().then(
        (reason) => answer(reason === undefined ? 200 : 503, reason ?? 'ok'),
        () => answer(503, 'not known'),
      );
    },
  );
  server.maxConnections = 64;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (cause) =>
    reject(new IsthmusError('UNAVAILABLE', `Cannot listen on --health-port ${port}: ${cause.message}.`, { cause })),
  );
  server.listen(port, resolve);
  await promise;
  return {
    address: `*:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
