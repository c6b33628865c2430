/** Compiles a ProtocolCodec's spec into a codec. */
import type { Codec } from '../codec.ts';

export interface DescriptionProblem {
  /** Path in the description, e.g. `frame.length.parts[0].offset`; empty for the whole. */
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
}

export type Compiled = { readonly codec: Codec } | { readonly problems: readonly DescriptionProblem[] };

export function compileDescription(_description: unknown, name: string): Compiled {
  return {
    problems: [{ path: '', message: `"${name}" cannot be compiled yet.`, remedy: 'Use a built-in codec for now.' }],
  };
}
