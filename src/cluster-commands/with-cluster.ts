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

export interface UnansweredRequest {
  /** Names the server. A sentence. */
  readonly message: string;
  /** What whoever runs a command can do. A sentence. */
  readonly remedy: string;
}

/**
 * Throws USAGE for a kubeconfig that cannot be used. What an API server says against it, unless the command has words of its own
 * for that, is thrown with the server's address: UNAVAILABLE, or as `codeOf` has it. That it says nothing is told in the same words
 * by all.
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
    const unanswered = unansweredIn(error, url);
    if (unanswered !== undefined)
      throw new IsthmusError('UNAVAILABLE', `${unanswered.message} ${unanswered.remedy}`, { cause: error });
    if (!(error instanceof ApiFailure)) throw error;
    throw new IsthmusError(codeOf(error), `${nameServer(url, error.message)}.`, { cause: error });
  } finally {
    server.close();
  }
}

/** What an error tells of a server that did not answer, whatever was asked of it; undefined for every other error. */
export function unansweredIn(error: unknown, url: string): UnansweredRequest | undefined {
  if (!(error instanceof Error)) return undefined;
  if (!(error instanceof ApiFailure)) return unansweredIn(error.cause, url);
  if (!error.isUnanswered) return undefined;
  return {
    message: `${nameServer(url, error.message)}.`,
    remedy:
      'See that the API server runs, that this machine reaches it, and that it is the one that is meant (--kubeconfig, --context).',
  };
}
