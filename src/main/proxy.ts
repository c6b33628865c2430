/** `isthmus proxy`: starts metaproxy from a control plane or a bootstrap file, and drains it when asked to stop. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { load } from 'js-yaml';
import { DEFAULT_PROXY_ADMIN, type ProxyRunOptions } from '../cli/actions.ts';
import { readNamedFile, requireReadable } from '../cli/named-files.ts';
import { ExitCode, IsthmusError, messageOf } from '../model/errors.ts';
import type { Identity } from '../model/identity.ts';
import { parseAddress } from '../model/tcp-address.ts';
import { createLogger, type Logger } from '../operations/log.ts';
import { startHealth } from '../proxy/admin/health-server.ts';
import { type MetaproxyOptions, startMetaproxy } from '../proxy/metaproxy.ts';
import { readAdminToken } from './admin-token.ts';
import { ProxyIdentity } from './certificates/proxy-identity.ts';
import { proxyNews } from './proxy-news.ts';
import { untilSignalled } from './shutdown.ts';

export async function proxy(options: ProxyRunOptions): Promise<ExitCode> {
  const log = createLogger({ format: options.logFormat, level: options.logLevel });
  outliveStandardOutput();
  const identity = await ProxyIdentity.open(options, log);
  const running = await startMetaproxy(await metaproxyOptions(options, identity, log));
  const health = options.healthPort === undefined ? undefined : await startHealth(options.healthPort, running);
  await identity?.keepFresh(running, options);
  log.info({ admin: running.admin, concurrency: options.concurrency }, 'started');
  running.ready.then(
    () => log.info('ready: the first whole configuration is in force'),
    (error: unknown) => log.error({ err: error }, 'no configuration'),
  );
  const signal = await untilSignalled();
  log.info({ signal, drainSeconds: options.drainSeconds }, 'draining');
  await Promise.all([identity?.close(), running.stop()]);
  await health?.close();
  log.info('stopped');
  return ExitCode.ok;
}

/** An access log can go there: a full disk behind it costs lines, which are counted and told, and no connection. */
function outliveStandardOutput(): void {
  process.stdout.removeAllListeners('error');
  process.stdout.on('error', () => {});
}

async function metaproxyOptions(
  options: ProxyRunOptions,
  identity: ProxyIdentity | undefined,
  log: Logger,
): Promise<MetaproxyOptions> {
  if (options.xds !== undefined) parseAddress(options.xds, '--xds');
  const adminToken = await readAdminToken(options.adminTokenFile);
  await requireReadable(options.codecs, '--codec');
  return {
    ...(options.xds === undefined ? {} : { xds: { address: options.xds } }),
    ...(identity === undefined
      ? {}
      : {
          xds: { address: identity.address, secure: () => identity.channel() },
          certificate: await identity.certificate(),
        }),
    ...(options.bootstrap === undefined ? {} : { bootstrap: await readBootstrapFile(options.bootstrap) }),
    ...(options.node === undefined ? {} : { node: nodeOf(options, options.node, identity?.identity) }),
    ...(options.admin === undefined ? {} : { admin: options.admin }),
    defaultAdmin: DEFAULT_PROXY_ADMIN,
    ...(adminToken === undefined ? {} : { adminToken }),
    concurrency: options.concurrency,
    codecModules: options.codecs.map((file) => pathToFileURL(path.resolve(file)).href),
    ...workerModule(),
    limits: { drainMs: options.drainSeconds * 1000 },
    observer: proxyNews(log),
  };
}

/** In the bundle the worker's module has a file of its own beside this one. */
function workerModule(): { readonly workerModule?: URL } {
  return import.meta.url.endsWith('.ts') ? {} : { workerModule: new URL('./proxy-worker.mjs', import.meta.url) };
}

/** What is not said stands in the certificate. */
function nodeOf({ addresses, labels, ...said }: ProxyRunOptions, id: string, certified: Identity | undefined) {
  const serviceAccount = said.serviceAccount ?? certified?.serviceAccount;
  return {
    id,
    namespace: said.namespace ?? certified?.namespace ?? 'default',
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
    addresses,
    labels,
  };
}

async function readBootstrapFile(file: string): Promise<unknown> {
  const text = (await readNamedFile(file, '--bootstrap')).toString('utf8');
  try {
    return load(text, { filename: file });
  } catch (error) {
    throw new IsthmusError('BAD_DATA', `--bootstrap ${file} is no YAML or JSON: ${messageOf(error)}`, { cause: error });
  }
}
