/** What metaproxy tells its operator of its own accord. Each callback says how often. */
import type { ResourceKind } from './config/resources.ts';
import type { MissedMutation } from './connections/missed-mutations.ts';
import type { UnwritableLog } from './observation/access-log.ts';

export interface ContactTrouble {
  /** The control plane's. */
  readonly address: string;
  readonly reason: string;
  /** Listeners that the bootstrap file itself has, which are served whatever becomes of the control plane. */
  readonly staticListeners: number;
}

/** What an operator is told. */
export interface MetaproxyObserver {
  connected(address: string): void;
  /** The control plane has never answered; it is tried again. Told once until it does, and of each reason to refuse. */
  unreached(trouble: ContactTrouble): void;
  /** The control plane answered and is lost; it is tried again. Told once until it is heard again. */
  disconnected(trouble: ContactTrouble): void;
  /** Resources were refused; the last good ones stay in force. */
  refused(kind: ResourceKind, reason: string): void;
  /** A kind of filter was passed over, which does nothing here; told once for each. */
  inertFilter(filter: string, listener: string): void;
  /** Fields of the bootstrap file that this proxy does not know and leaves out. */
  unknownFields(paths: readonly string[]): void;
  /** A codec has a bug, which has cost a connection or a request; told once for each. */
  fault(message: string): void;
  /** A change that a route asks for is not made; told once for each route and reason. */
  mutationMissed(missed: MissedMutation): void;
  /** Lines of an access log are lost; told once for each path and reason. */
  logUnwritable(log: UnwritableLog): void;
  /** A worker thread has died; a new one is started after so many milliseconds. */
  workerDied(reason: string, restartMs: number): void;
}

/** Tells nobody. */
export const silent: MetaproxyObserver = {
  connected: () => {},
  unreached: () => {},
  disconnected: () => {},
  refused: () => {},
  inertFilter: () => {},
  unknownFields: () => {},
  fault: () => {},
  mutationMissed: () => {},
  logUnwritable: () => {},
  workerDied: () => {},
};
