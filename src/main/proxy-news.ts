/** What metaproxy tells of its own accord, as log lines. */
import type { Logger } from '../operations/log.ts';
import type { MetaproxyObserver } from '../proxy/metaproxy-observer.ts';

export function proxyNews(log: Logger): MetaproxyObserver {
  return {
    connected: (address) => log.info({ address }, 'the control plane answers'),
    unreached: ({ address, reason, staticListeners }) =>
      log.warn({ address, reason }, `the control plane cannot be reached; trying again, ${meanwhile(staticListeners)}`),
    disconnected: ({ address, reason }) =>
      log.warn({ address, reason }, 'the control plane is lost; trying again, and serving its last good configuration'),
    refused: (kind, reason) =>
      log.error({ kind, reason }, 'a configuration was refused; what was in force before stays so'),
    inertFilter: (filter, listener) =>
      log.info({ filter, listener }, 'metaproxy passes over a part of a listener that does nothing here'),
    unknownFields: (paths) =>
      log.warn({ paths }, 'the bootstrap file has fields that metaproxy does not know or heed; they are left out'),
    fault: (fault) => log.error({ fault }, 'a codec has a bug: the connection or request at hand was given up'),
    mutationMissed: (missed) =>
      log.warn(
        missed,
        missed.forwarded
          ? 'a change that a route asks for is left out: frames go on without it'
          : 'a change that a route asks for cannot be made: an error is answered instead',
      ),
    logUnwritable: ({ path, reason }) => log.error({ path, reason }, 'lines of an access log are lost'),
    workerDied: (reason, restartMs) => log.error({ reason, restartMs }, 'a worker has died; a new one is started'),
  };
}

function meanwhile(staticListeners: number): string {
  return staticListeners === 0
    ? 'and serving nothing until it answers'
    : `and serving only the bootstrap file's own listeners until it answers`;
}
