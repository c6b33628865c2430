/** A registry that says by itself what changed, for registry-push.bench.ts: with many services, of which one changes. */
export interface PushingRegistry {
  /** Of a ServiceRegistry. */
  readonly spec: object;
  /** What the registry's own notification is taken from. */
  readonly notified: string;
  /** Milliseconds between changes: a client may ask more rarely for what changes all the time. */
  readonly restMs?: number;
  /** Changes one instance of `service-0`; resolves at the time at which the registry told its own watcher. */
  readonly change: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

export interface RegistryShape {
  readonly services: number;
  readonly instances: number;
}

/** Of each instance one of its own. */
export function addressOf(service: number, instance: number): string {
  return `10.${service >> 8}.${service & 255}.${instance + 1}`;
}

/** Of the instance that changes; never what it was before, nor that of the others, which is 100. */
export function weightIn(round: number): number {
  return 1 + (round % 50);
}
