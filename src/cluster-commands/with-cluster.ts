/** What a command does with a cluster: it is opened for it, and closed again whatever comes of it. */
import { ApiFailure } from '../kubernetes-api/api-failure.ts';
import {
  type ClusterAccess,
  type ClusterAccessOptions,
  nameServer,
  openClusterAccess,
} from '../kubernetes-api/cluster-access.ts';
import { type ErrorCode, IsthmusError } from '../model/errors.ts';

/** What it means to a command that the API server, or the way to it, said this. */
type CodeOf = (failure: ApiFailure) => ErrorCode;

/**
 * Throws USAGE for a kubeconfig that cannot be used. What an API server says against it, unless the command has words of its own
 * for that, is thrown with the server's address: UNAVAILABLE, or as `codeOf` has it.
 */
export async function withCluster<T>(
  target: ClusterAccessOptions,
  work: (cluster: ClusterAccess) => Promise<T>,
  codeOf: CodeOf = () => 'UNAVAILABLE',
): Promise<T> {
  const cluster = await openClusterAccess(target);
  const { server, url } = cluster;
  try {
    return await work(cluster);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    throw new IsthmusError(codeOf(error), `${nameServer(url, error.message)}.`, { cause: error });
  } finally {
    server.close();
  }
}
