/**
 * Compiles a ProtocolCodec's spec (README.md beside this describes it) into a codec.
 *
 * In: the description as YAML gave it, of any shape. Out: a codec whose every path is chosen at load, or all that is
 * wrong with the description. Nothing here throws for what a description says, keeps bytes, or makes code from text.
 */
import { type Codec, defaultLimits, FrameKind } from '../codec.ts';
import type { CompiledParts } from './compiled-parts.ts';
import { decoder, type FramePlan } from './decode.ts';
import { DocumentNode } from './document.ts';
import { readFraming } from './framing.ts';
import { readIdentity } from './identity.ts';
import { readKinds } from './kinds.ts';
import { readLayout } from './layout.ts';
import { readLimits } from './limits.ts';
import { type MutationPlan, readMutation } from './mutation.ts';
import { type DescriptionProblem, Problems } from './problems.ts';
import { readProperties } from './properties.ts';
import { propertyAccess } from './property-readers.ts';
import { readReplies } from './replies.ts';
import { checkByTrial } from './trial.ts';

export type { DescriptionProblem } from './problems.ts';

export type Compiled = { readonly codec: Codec } | { readonly problems: readonly DescriptionProblem[] };

export function compileDescription(description: unknown, name: string): Compiled {
  const problems = new Problems();
  const root = new DocumentNode(description, '', problems);
  const codec = compile(root, name);
  if (problems.found.length === 0) checkByTrial(codec, root);
  return problems.found.length === 0 ? { codec: codec.codec } : { problems: problems.found };
}

function compile(root: DocumentNode, name: string): CompiledParts {
  const part = root.members(
    'limits',
    'frame',
    'fields',
    'identity',
    'kind',
    'status',
    'sections',
    'properties',
    'mutation',
    'reply',
    'multiplexing',
  );
  const limits = readLimits(part('limits'));
  const framing = readFraming(part('frame'));
  const layout = readLayout(part('fields'), part('sections'), framing, limits);
  const { values, sections } = layout;
  const identity = readIdentity(part('identity'), values);
  const kinds = readKinds(part('kind'), part('status'), values);
  const properties = readProperties(part('properties'), values, limits);
  const mutation = readMutation(part('mutation'), framing, layout, properties.open);
  const replies = readReplies(part('reply'), { framing, layout, identity });
  const plan: FramePlan = { framing, limits, identity, kinds, sections, headEnd: replies.headEnd };
  const sharesConnections = readSharing(part('multiplexing'), plan);
  return {
    plan,
    replies,
    codec: {
      name,
      capabilities: {
        correlation: identity.correlation,
        sharesConnections,
        mutates: mutation.request !== undefined || mutation.response !== undefined,
        heartbeats: kinds.possible.has(FrameKind.heartbeat) && replies.heartbeat !== undefined,
      },
      ...propertyAccess(properties, framing.trailer.bytes.length),
      decoder: (direction, given = defaultLimits) => decoder(plan, direction, given),
      rewriteId: rewriter(plan),
      mutate: mutator(mutation),
      canMutate: (frame) => mutation[frame.d === 0 ? 'request' : 'response'] !== undefined,
      whyNotSettable: (side, key, value) => mutation[side]?.whyNotSettable(key, value),
      errorReply: (head, start, idHigh, idLow, reason, message) =>
        replies.error?.({ head, start, idHigh, idLow, reason }, message),
      heartbeatReply: (bytes, start, frame) => replies.heartbeat?.(bytes, start, frame),
    },
  };
}

/** Callers may share a connection when replies are matched by an id that can be rewritten on every frame. */
function readSharing(node: DocumentNode, { identity }: FramePlan): boolean {
  const wanted = node.flag();
  const possible = identity.correlation === 'id' && identity.rewrite !== undefined;
  if (wanted === true && !possible) {
    node.problem(
      'Requests of several callers cannot share a connection: there is no id that can be rewritten in place.',
      'Set multiplexing to false, or name an id of a fixed width of 32 or 64 bits under identity.requestId.',
    );
  }
  return possible && wanted !== false;
}

function rewriter({ identity, framing }: FramePlan): Codec['rewriteId'] {
  const { rewrite } = identity;
  const trailerSize = framing.trailer.bytes.length;
  if (rewrite === undefined) return () => undefined;
  return (bytes, start, frame, idHigh, idLow) =>
    rewrite(bytes, start, start + frame.length - trailerSize, frame.d, idHigh, idLow);
}

function mutator({ request, response }: MutationPlan): Codec['mutate'] {
  return (bytes, start, frame, mutation) => {
    const side = frame.d === 0 ? request : response;
    return side?.mutate(bytes, start, frame, mutation) ?? Buffer.from(bytes.subarray(start, start + frame.length));
  };
}
