/** Which of several replicas writes to the API server, and how the others are kept from it. */
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import type { ApiChange, ApiServer } from '../../../kubernetes-api/api-server.ts';

export interface Writership {
  /** True only while nobody else can be. Asked anew before each write: it may end without anybody being told in time. */
  readonly isWriter: boolean;
  /** Told when it begins and when it ends. */
  onChange(listener: (isWriter: boolean) => void): () => void;
}

/**
 * An API server at which only the writer changes anything: for everybody else `send` rejects with an ApiFailure without a
 * status, and so does what was under way when it ended, of which nobody knows then whether it was done.
 */
export function writableBy(writership: Writership, server: ApiServer): ApiServer {
  const guard = (): void => {
    if (!writership.isWriter) throw new ApiFailure('another replica writes to the API server');
  };
  return {
    get: (path, signal) => server.get(path, signal),
    send: async (change, signal) => {
      guard();
      const ended = new AbortController();
      const stop = writership.onChange((isWriter) => {
        if (!isWriter) ended.abort(new ApiFailure('it may be that another replica writes to the API server now'));
      });
      const bound = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
      try {
        return await server.send({ ...change, guard: guardsOf(change, guard) }, bound);
      } finally {
        stop();
      }
    },
    stream: (path, idleMs, signal) => server.stream(path, idleMs, signal),
    get history() {
      return server.history ?? 0;
    },
    close: () => server.close(),
  };
}

function guardsOf(change: ApiChange, guard: () => void): () => void {
  return () => {
    guard();
    change.guard?.();
  };
}
