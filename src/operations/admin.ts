/**
 * The admin API over HTTP: health, metrics, what the mesh model holds, what each proxy has, and few things to do: to
 * release what is held against a registry or in a cluster, and to rotate and renew certificates. It stands on loopback unless a token guards it. The app is a plain function of requests, so that tests need no socket.
 */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { hasToken, isForLoopback, parseAdminAddress } from '../model/admin-access.ts';
import { IsthmusError } from '../model/errors.ts';
import { type MigrationPosition, migrationStages } from '../model/migration.ts';
import { formatAddress } from '../model/tcp-address.ts';
import { addCertificateRoutes, type CertificateViews } from './certificate-routes.ts';
import { addClusterWriteRoutes, type ClusterWriteViews } from './cluster-write-routes.ts';
import { type TrafficViews, trafficMetricsApi } from './traffic-metrics-api.ts';

/** What the admin API shows; each answers from what is in memory. Undefined: there is no such thing. */
export interface AdminViews extends TrafficViews {
  /** Names of what is not ready yet, with the reason; empty when ready. */
  readonly unready: () => readonly { readonly part: string; readonly reason: string }[];
  readonly metrics: () => Promise<string>;
  readonly findings: () => Promise<unknown>;
  readonly services: () => unknown;
  /** The same services in one line each. */
  readonly serviceSummaries: () => unknown;
  readonly service: (host: string) => unknown;
  /** Hosts that were probably meant by a name that is none; the nearest first. */
  readonly nearHosts: (host: string) => readonly string[];
  /** What decides who may call a service, as a namespace sees it: whoever asks decides by himself. */
  readonly access: (host: string, namespace: string | undefined) => unknown;
  /** Whom an identity may call and who may call it; by `namespace/account` or SPIFFE id. */
  readonly identity: (written: string) => unknown;
  readonly virtualIps: () => unknown;
  readonly proxies: () => unknown;
  /** `identity`: where callers of several state the same id. */
  readonly proxy: (id: string, identity?: string) => unknown;
  /** Node ids of connected proxies that are called so for short: by the name of their workload, say. */
  readonly calledProxies: (name: string) => readonly string[];
  readonly proxyConfig: (id: string, type: string, identity?: string) => unknown;
  readonly registries: () => unknown;
  /** What a registry holds, service by service. */
  readonly registryServices: (registry: string) => unknown;
  readonly registrySnapshot: (registry: string) => unknown;
  /** Carries out what is held: of one service, or of all. */
  readonly releaseRegistry: (registry: string, service: string | undefined) => Promise<unknown>;
  readonly migrations: () => unknown;
  /** One, with what the step to a position would change, where one is asked for. */
  readonly migration: (namespace: string, name: string, position: MigrationPosition | undefined) => unknown;
  /** A signing request, of who shows a bootstrap token. */
  readonly postCertificate: (body: Uint8Array, authorization: string) => Promise<HttpAnswer>;
  readonly certificates: CertificateViews;
  readonly clusterWrites: ClusterWriteViews;
  readonly collections: () => unknown;
  readonly collection: (name: string, key: string) => unknown;
}

interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const MAX_BODY_BYTES = 64 * 1024;

export interface AdminServer {
  readonly address: string;
  close(): Promise<void>;
}

export function createAdminApp(views: AdminViews, token: string | undefined): Hono {
  const app = new Hono();
  app.use('*', async (context, next) => {
    if (token === undefined && !isForLoopback(context.req.header('host')))
      return context.text('Ask by a loopback address: without a token, no other Host is answered.\n', 403);
    return next();
  });
  app.get('/healthz', (context) => context.text('ok\n'));
  app.get('/readyz', (context) => {
    const unready = views.unready();
    if (unready.length === 0) return context.text('ok\n');
    return context.text(`${unready.map(({ part, reason }) => `${part}: ${reason}`).join('\n')}\n`, 503);
  });
  // Before the admin token is asked for: who asks shows a token of his own.
  app.post('/api/v1/certificates', async ({ req }) => {
    const length = Number(req.header('content-length') ?? Number.NaN);
    if (!(length <= MAX_BODY_BYTES))
      return new Response('The request is too long, or has no length.\n', { status: 413 });
    const body = new Uint8Array(await req.arrayBuffer());
    const { status, headers, body: answer } = await views.postCertificate(body, req.header('authorization') ?? '');
    return new Response(answer, { status, headers });
  });
  app.use('*', async (context, next) => {
    if (token !== undefined && !hasToken(context.req.header('authorization'), token))
      return context.text('A token is needed.\n', 401);
    return next();
  });
  app.get('/metrics', async (context) => context.text(await views.metrics()));
  const found = (value: unknown, what: string): Response =>
    value === undefined ? new Response(`There is no ${what}.\n`, { status: 404 }) : Response.json(value);
  app.get('/api/v1/findings', async () => found(await views.findings(), 'finding'));
  app.get('/api/v1/services', () => found(views.services(), 'service'));
  app.get('/api/v1/service-summaries', () => found(views.serviceSummaries(), 'service'));
  const foundService = (value: unknown, host: string): Response => {
    if (value !== undefined) return Response.json(value);
    const near = views.nearHosts(host);
    const hint = near.length === 0 ? '"isthmus services" lists what there is.' : `Did you mean ${near.join(' or ')}?`;
    return new Response(`There is no service "${host}". ${hint}\n`, { status: 404 });
  };
  app.get('/api/v1/services/:host{.+}', ({ req }) => {
    const host = req.param('host');
    return foundService(views.service(host), host);
  });
  app.get('/api/v1/access-policies/:host{.+}', ({ req }) => {
    const host = req.param('host');
    return foundService(views.access(host, req.query('namespace')), host);
  });
  app.get('/api/v1/identities/:identity{.+}', ({ req }) =>
    found(views.identity(req.param('identity')), 'such identity: write NAMESPACE/SERVICEACCOUNT or a SPIFFE id'),
  );
  app.get('/api/v1/virtual-ips', () => found(views.virtualIps(), 'lease'));
  app.get('/api/v1/proxies', () => found(views.proxies(), 'proxy'));
  const ofProxy = (written: string, show: (id: string) => unknown): Response => {
    const called = views.calledProxies(written);
    const value = show(written) ?? (called.length === 1 ? show(called.join()) : undefined);
    if (value !== undefined) return Response.json(value);
    const hint =
      called.length === 0 ? '"isthmus proxy-status" lists those there are.' : `Did you mean ${called.join(' or ')}?`;
    return new Response(`There is no connected proxy "${written}". ${hint}\n`, { status: 404 });
  };
  app.get('/api/v1/proxies/:id', ({ req }) => ofProxy(req.param('id'), (id) => views.proxy(id, req.query('identity'))));
  app.get('/api/v1/proxies/:id/config', ({ req }) =>
    ofProxy(req.param('id'), (id) => views.proxyConfig(id, req.query('type') ?? 'all', req.query('identity'))),
  );
  const registry = (req: { param: (name: 'name') => string }): string => `registry "${req.param('name')}"`;
  app.get('/api/v1/registries', () => found(views.registries(), 'registry'));
  app.get('/api/v1/registries/:name/services', ({ req }) =>
    found(views.registryServices(req.param('name')), registry(req)),
  );
  app.get('/api/v1/registries/:name/snapshot', ({ req }) =>
    found(views.registrySnapshot(req.param('name')), registry(req)),
  );
  app.post('/api/v1/registries/:name/release', async ({ req, text }) => {
    // A web page can send a POST to loopback; it cannot leave out where it comes from.
    if (req.header('origin') !== undefined) return text('Not from a web page.\n', 403);
    const elsewhere = views.clusterWrites.writesElsewhere();
    if (elsewhere !== undefined)
      return text(`This replica does not write, and nothing was released: ${elsewhere}.\n`, 409);
    return found(await views.releaseRegistry(req.param('name'), req.query('service')), registry(req));
  });
  addCertificateRoutes(app, views.certificates);
  addClusterWriteRoutes(app, views.clusterWrites);
  app.get('/api/v1/migrations', () => found(views.migrations(), 'migration'));
  app.get('/api/v1/migrations/:namespace/:name', ({ req, text }) => {
    const { namespace, name } = req.param();
    const position = readPosition(req.query('stage'), req.query('share'));
    if (position === 'invalid') return text('There is no such stage or share.\n', 400);
    return found(views.migration(namespace, name, position), `MigrationPlan "${namespace}/${name}"`);
  });
  app.get('/debug/collections', ({ req }) => {
    const name = req.query('name');
    if (name === undefined) return found(views.collections(), 'collection');
    return found(
      views.collection(name, req.query('key') ?? ''),
      `key "${req.query('key') ?? ''}" in collection "${name}"`,
    );
  });
  app.route('/', trafficMetricsApi(views));
  app.notFound((context) => context.text(`There is nothing at ${context.req.path}.\n`, 404));
  app.onError((error, context) =>
    error instanceof IsthmusError && error.code !== 'INTERNAL'
      ? context.text(`${error.message}\n`, 503)
      : context.text(`This is a fault of isthmus itself: ${error.message}\n`, 500),
  );
  return app;
}

function readPosition(stage: string | undefined, share: string | undefined): MigrationPosition | 'invalid' | undefined {
  if (stage === undefined) return share === undefined ? undefined : 'invalid';
  const known = migrationStages.find((one) => one === stage);
  if (known === undefined) return 'invalid';
  if (share === undefined) return { stage: known };
  const percent = Number(share);
  return Number.isInteger(percent) && percent >= 1 && percent <= 99 ? { stage: known, share: percent } : 'invalid';
}

/** Serves until closed. Throws USAGE when the address is not loopback and no token guards it. */
export async function startAdmin(address: string, views: AdminViews, token: string | undefined): Promise<AdminServer> {
  const { host, port } = parseAdminAddress(address, token);
  const app = createAdminApp(views, token);
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, (info) => {
      resolve({
        address: formatAddress(host, info.port),
        close: () => closeWithin(server, CLOSE_GRACE_MS),
      });
    });
    server.once('error', (error) =>
      reject(
        new IsthmusError('UNAVAILABLE', `Cannot listen on --admin ${address}: ${error.message}.`, { cause: error }),
      ),
    );
  });
}

const CLOSE_GRACE_MS = 2_000;

/** Answers what has been asked; a peer that asks half a question, or does not read, is not waited for. */
async function closeWithin(server: ReturnType<typeof serve>, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const cut = setTimeout(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
  }, graceMs);
  await closed;
  clearTimeout(cut);
}
