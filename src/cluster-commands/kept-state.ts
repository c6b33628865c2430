/** What a control plane keeps in its cluster, to be read by a command: by whoever may read the Secrets of its namespace. */
import type { ClusterStateChoice } from '../cli/cluster-choice.ts';
import type { StateFolder } from '../delivery/files/state-folder.ts';
import { isSecret, objectNameOf, readStateObject } from '../delivery/kubernetes/records/state-object.ts';
import { ApiFailure } from '../kubernetes-api/api-failure.ts';
import { objectPath } from '../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../kubernetes-api/api-server.ts';
import { configMaps, secrets } from '../kubernetes-api/built-in-collections.ts';
import { IsthmusError } from '../model/errors.ts';
import { withCluster } from './with-cluster.ts';

/** Throws USAGE for a kubeconfig that cannot be used, UNAVAILABLE where the API server does not answer or refuses. */
export async function withKeptState<T>(
  choice: ClusterStateChoice,
  use: (state: StateFolder) => Promise<T>,
): Promise<T> {
  const target = { requestTimeout: 10_000, ...choice };
  return withCluster(target, async ({ server, url }) => use(new KeptState(server, url, choice)));
}

class KeptState implements StateFolder {
  readonly path: string;
  readonly #server: ApiServer;
  readonly #url: string;
  readonly #revision: string;

  constructor(server: ApiServer, url: string, { systemNamespace, revision }: ClusterStateChoice) {
    this.#server = server;
    this.#url = url;
    this.#revision = revision;
    this.path = systemNamespace;
  }

  placeOf(file: string): string {
    return `${isSecret(file) ? 'Secret' : 'ConfigMap'} ${this.path}/${objectNameOf(file, this.#revision)}`;
  }

  async read(file: string): Promise<Buffer | undefined> {
    const collection = isSecret(file) ? secrets : configMaps;
    const path = objectPath(collection, { namespace: this.path, name: objectNameOf(file, this.#revision) });
    try {
      return readStateObject(await this.#server.get(path))?.files.get(file);
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      if (error.isAbsent) return undefined;
      throw new IsthmusError('UNAVAILABLE', `${this.#url}: ${error.message}`, { cause: error });
    }
  }

  async replace(file: string): Promise<never> {
    throw new IsthmusError('INTERNAL', `${this.placeOf(file)} is the control plane's to write`);
  }

  async write(file: string): Promise<never> {
    return this.replace(file);
  }

  async keepCopy(file: string): Promise<never> {
    return this.replace(file);
  }
}
