/** The API server that a kubeconfig names, or the one of the cluster that we run in: found as kubectl finds it. */
import type https from 'node:https';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { type ApiServer, HttpApiServer } from './api-server.ts';

export interface ClusterAccessOptions {
  /** A file; absent: KUBECONFIG, then ~/.kube/config, then the service account of our own Pod. */
  readonly kubeconfig?: string;
  /** Absent: the file's current one. */
  readonly context?: string;
  /** How long a whole answer may take, in milliseconds; absent: as suits whoever asks for ever. */
  readonly requestTimeout?: number;
}

export interface ClusterAccess {
  readonly server: ApiServer;
  /** Of the server, for messages. */
  readonly url: string;
  /** Which the context names; empty where it names none. */
  readonly namespace: string;
}

/** Asks nobody yet. Throws USAGE for a kubeconfig that cannot be used. */
export async function openClusterAccess({
  kubeconfig,
  context,
  requestTimeout,
}: ClusterAccessOptions): Promise<ClusterAccess> {
  // It takes half a second to load, which is nobody's business who runs no controller.
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw unusable(kubeconfig, messageOf(error), error);
  }
  if (context !== undefined) {
    const known = config.getContexts().map(({ name }) => name);
    if (!known.includes(context))
      throw unusable(kubeconfig, `there is no context "${context}"; ${contextsThere(known)}`);
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw unusable(kubeconfig, 'its current context names no cluster');
  if (kubeconfig === undefined && cluster.server === whereNothingIsFound)
    throw unusable(undefined, 'there is none, neither by KUBECONFIG nor in ~/.kube/config, and this is no Pod');
  if (cluster.server.startsWith('http://') && !cluster.skipTLSVerify)
    throw unusable(kubeconfig, `${cluster.server} is plain HTTP, by which no credentials are shown to anybody`);
  const authenticate = async (): Promise<https.RequestOptions> => {
    const options: https.RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    // Its agent matters only where it leads through a proxy: ours keeps its connections.
    if (cluster.proxyUrl !== undefined) return options;
    const { agent: _, ...rest } = options;
    return rest;
  };
  return {
    server: new HttpApiServer(urlOf(cluster.server, kubeconfig), authenticate, requestTimeout),
    url: cluster.server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? '',
  };
}

/** What the client library makes of nothing at all, as kubectl did once. */
const whereNothingIsFound = 'http://localhost:8080';

/** A message that names the server, which it may do already. */
export function nameServer(url: string, message: string): string {
  return message.includes(url) ? message : `${url}: ${message}`;
}

function contextsThere(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`).join(', ');
  if (names.length === 0) return 'there is none at all';
  return names.length === 1 ? `the only one is ${quoted}` : `there are ${quoted}`;
}

function urlOf(server: string, kubeconfig: string | undefined): URL {
  try {
    return new URL(server);
  } catch (error) {
    throw unusable(kubeconfig, `"${server}" is no address of a server`, error);
  }
}

function unusable(kubeconfig: string | undefined, reason: string, cause?: unknown): IsthmusError {
  const where = kubeconfig === undefined ? 'the kubeconfig' : `the kubeconfig ${kubeconfig}`;
  return new IsthmusError('USAGE', `${where} cannot be used: ${reason}. Give one with --kubeconfig.`, { cause });
}
