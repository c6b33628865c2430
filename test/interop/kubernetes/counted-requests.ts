/** An API server that remembers what was asked of it. */
import type { ApiChange, ApiServer } from '../../../src/kubernetes-api/api-server.ts';

export interface CountedRequests extends ApiServer {
  /** Changes that were sent since the last look, as `METHOD path` without its query. */
  changes(): readonly string[];
  /** Reads since the last look; of a watch, the path alone. */
  reads(): readonly string[];
}

export function countRequests(server: ApiServer): CountedRequests {
  const changes: string[] = [];
  const reads: string[] = [];
  return {
    get: async (path, signal) => {
      reads.push(path);
      return server.get(path, signal);
    },
    send: async (change: ApiChange, signal) => {
      changes.push(`${change.method} ${change.path.replace(/\?.*/, '')}`);
      return server.send(change, signal);
    },
    stream: (path, idleMs, signal) => {
      reads.push(path.replace(/\?.*/, ''));
      return server.stream(path, idleMs, signal);
    },
    close: () => server.close(),
    changes: () => changes.splice(0),
    reads: () => reads.splice(0),
  };
}
