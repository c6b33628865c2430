/** How the watch of one kind of objects fares at an API server: for whoever looks after us. */

/** Why what is held had to be asked for again: history that is not kept, no such kind, no right, too busy, no answer, any other, our own too. */
export type WatchFault = 'expired' | 'absent' | 'forbidden' | 'busy' | 'unreachable' | 'refused';

export interface ReflectorSight {
  /** What it is read for: the mesh, what we write, our own state. */
  readonly purpose: 'mesh' | 'writes' | 'state';
  readonly kind: string;
  readonly isLive: boolean;
  /** How often it began anew, by why. A watch that ends in time is none of these. */
  readonly restarts: ReadonlyMap<WatchFault, number>;
  /** Why it did so last; absent where it never had to. */
  readonly lastFault?: WatchFault;
  /** How many are held; absent where they are not counted. */
  readonly objects?: number;
}
