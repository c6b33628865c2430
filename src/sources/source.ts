/** What fills the tables of resources: a folder of files, or an API server. */
import type { SourceState } from '../collections/collection.ts';

export interface Source {
  /** Told by the table of that name as well, in the batch in which it changes. */
  readonly state: SourceState;
  /** Live, and nothing is kept from us: only then may what follows from the tables be taken for all there is. */
  readonly isComplete: boolean;
  /** Resolves when all there is has been read, or it is clear that not all of it can be. */
  start(): Promise<void>;
  /** What is in the tables stays. */
  close(): Promise<void>;
}
