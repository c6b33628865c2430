/** A compiled description with what the trial at load looks into. */
import type { Codec } from '../codec.ts';
import type { FramePlan } from './decode.ts';
import type { Replies } from './replies.ts';

export interface CompiledParts {
  readonly codec: Codec;
  readonly plan: FramePlan;
  readonly replies: Replies;
}
