/**
 * What codecs throw beside CodecError: a bug, mostly of a user's own codec. It costs the connection or the request at
 * hand and nobody else, and the operator is told of each bug once.
 */
import { CodecError } from '../../../codecs/codec.ts';
import { ToldOnce } from './told-once.ts';

export class CodecFaults {
  readonly #tell: (message: string) => void;
  readonly #told = new ToldOnce();

  /** `tell` is given the codec's name and the stack of the error. */
  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  /** A CodecError is the peer's fault, and no news. */
  note(codec: string, error: unknown): void {
    if (error instanceof CodecError) return;
    const what = `codec ${codec}: ${error instanceof Error ? error.message : String(error)}`;
    if (!this.#told.isNew(what)) return;
    this.#tell(error instanceof Error ? `codec ${codec}: ${error.stack ?? error.message}` : what);
  }
}
