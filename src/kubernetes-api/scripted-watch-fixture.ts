/** For tests: what an API server streams of one collection, as a test says it. A stand-in: live tests ask a real one. */
import type { ApiServer } from './api-server.ts';

/** Ends a list that is streamed. */
const allSent = {
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: '5', annotations: { 'k8s.io/initial-events-end': 'true' } } },
};

export interface ScriptedWatch {
  readonly stream: ApiServer['stream'];
  /** To be called while somebody watches: of several at once the last is told. */
  say(event: object): void;
}

/** Gives the objects that are there as a list, and then whatever is said. `asked`: told of each path first, and may throw. */
export function scriptedWatch(there: readonly object[], asked: (path: string) => void = () => {}): ScriptedWatch {
  let tell: (event: object) => void = () => {};
  return {
    async *stream(path, _idleMs, signal) {
      asked(path);
      if (path.includes('sendInitialEvents')) {
        yield [...there.map((object) => ({ type: 'ADDED', object })), allSent];
        return;
      }
      while (!signal.aborted) {
        const next = Promise.withResolvers<object>();
        tell = next.resolve;
        signal.addEventListener('abort', () => next.resolve(allSent));
        yield [await next.promise];
      }
    },
    say: (event) => tell(event),
  };
}
