/** For tests: a cluster that is followed, whose connections can be cut on the way. */
import { Engine } from '../../../src/collections/engine.ts';
import { ApiFailure } from '../../../src/kubernetes-api/api-failure.ts';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { parseLabelSelector } from '../../../src/model/label-selector.ts';
import type { Kind } from '../../../src/resources/kinds.ts';
import { createResourceReader } from '../../../src/resources/reader.ts';
import { KubernetesSource } from '../../../src/sources/kubernetes/kubernetes-source.ts';
import { createSourceTables, type SourceTables } from '../../../src/sources/resource-tables.ts';
import type { KubernetesServer, KubernetesUser } from '../../peers/kubernetes/kubernetes-server.ts';

export interface FollowOptions {
  readonly user?: KubernetesUser;
  readonly revision?: string;
  readonly namespaceSelector?: string;
}

export class FollowedCluster {
  readonly source: KubernetesSource;
  readonly tables: SourceTables;
  readonly #api: CuttableServer;
  readonly engine = new Engine();

  private constructor(api: ApiServer, url: string, { revision = 'default', namespaceSelector = '' }: FollowOptions) {
    this.tables = createSourceTables(this.engine);
    this.#api = new CuttableServer(api);
    const selector = parseLabelSelector(namespaceSelector);
    if (selector === undefined) throw new Error('no selector');
    this.source = new KubernetesSource({
      server: this.#api,
      url,
      tables: this.tables,
      batch: (change) => this.engine.batch(change),
      read: createResourceReader().read,
      revision,
      written: new Set(['ServiceEntry']),
      selector,
      doubtMs: 2000,
    });
  }

  static async start(server: KubernetesServer, options: FollowOptions = {}): Promise<FollowedCluster> {
    const api = await server.access(options.user ?? 'admin');
    const cluster = new FollowedCluster(api, server.url, options);
    await cluster.source.start();
    return cluster;
  }

  /** `namespace/name`, without what an API server has of its own. */
  names(kind: Kind): readonly string[] {
    const keys = [...this.tables.resources[kind].keys()].map((key) => key.slice(key.indexOf('/') + 1));
    return keys.filter((key) => !/^(default\/kubernetes|\/(default|kube-.*))$/.test(key)).toSorted();
  }

  findings(): readonly string[] {
    return [...this.tables.findings.values()].map(({ code, object }) => `${code} ${object.name}`).toSorted();
  }

  /** Nothing gets through any more, until it is mended. */
  cut(): void {
    this.#api.cut();
  }

  mend(): void {
    this.#api.mend();
  }

  async close(): Promise<void> {
    await this.source.close();
    this.#api.close();
  }
}

class CuttableServer implements ApiServer {
  readonly #server: ApiServer;
  #way = new AbortController();

  constructor(server: ApiServer) {
    this.#server = server;
  }

  cut(): void {
    this.#way.abort(new ApiFailure('the way is cut'));
  }

  mend(): void {
    this.#way = new AbortController();
  }

  get = async (path: string, signal?: AbortSignal): Promise<unknown> => this.#server.get(path, this.#bound(signal));

  send: ApiServer['send'] = async (change, signal) => this.#server.send(change, this.#bound(signal));

  stream: ApiServer['stream'] = (path, idleMs, signal) => this.#server.stream(path, idleMs, this.#bound(signal));

  close(): void {
    this.#server.close();
  }

  #bound(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#way.signal : AbortSignal.any([signal, this.#way.signal]);
  }
}
