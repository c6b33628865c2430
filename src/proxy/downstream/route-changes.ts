/**
 * Requests and replies as their route wants them. What a route asks for is made whole or answered with an error; only
 * frames of a flavour that has no place for changes go on as they are. Either is counted, and told once.
 */
import { Frame, type Mutation } from '../../../codecs/codec.ts';
import type { Call, CallRoute } from '../connections/call.ts';
import type { MissedNote } from '../connections/missed-mutations.ts';
import { decodeAgain, mutate } from './reworked-frame.ts';
import type { Site } from './site.ts';

const changed = new Frame();

/**
 * Puts the changed request into the call and describes it; undefined when it cannot be changed as its route asks. An
 * x-request-id, which no route asked for, is left out where it cannot be set.
 */
export function changeRequest(site: Site, call: Call, frame: Frame, mutation: Mutation): Frame | undefined {
  const asked = call.route?.requestMutation ?? [];
  let why = tryChange(site, call, frame, mutation);
  if (why !== undefined && mutation !== asked) {
    if (asked.length === 0) return frame;
    why = tryChange(site, call, frame, asked);
  }
  if (why === undefined) return changed;
  site.stats.requestMutationRefused++;
  note(site, call.route, 'request', { mutation: asked, reason: why, forwarded: false });
  return undefined;
}

/** The reply as it is to leave; undefined when it cannot be changed as its route asks. */
export function changeReply(
  site: Site,
  call: Call,
  bytes: Buffer,
  start: number,
  frame: Frame,
  mutation: Mutation,
): Buffer | undefined {
  if (site.codec.canMutate?.(frame) === false) {
    site.stats.responseMutationLeftOut++;
    noteLeftOut(site, call.route, 'response', mutation);
    return bytes.subarray(start, start + frame.length);
  }
  const reply = mutate(site, bytes, start, frame, mutation);
  if (typeof reply !== 'string') return reply;
  site.stats.responseMutationRefused++;
  note(site, call.route, 'response', { mutation, reason: reply, forwarded: false });
  return undefined;
}

export function leaveRequestUnchanged(site: Site, route: CallRoute): void {
  site.stats.requestMutationLeftOut++;
  noteLeftOut(site, route, 'request', route.requestMutation);
}

/** Why it cannot be done; undefined when it was. */
function tryChange(site: Site, call: Call, frame: Frame, mutation: Mutation): string | undefined {
  const request = mutate(site, call.bytes, call.start, frame, mutation);
  if (typeof request === 'string') return request;
  if (!decodeAgain(site, request, 0, request.length, changed)) return 'The changed frame would be no frame any more.';
  call.bytes = request;
  call.start = 0;
  call.length = request.length;
  site.logs?.noteSent(call, changed);
  return undefined;
}

function noteLeftOut(site: Site, route: CallRoute | undefined, side: 'request' | 'response', mutation: Mutation): void {
  note(site, route, side, { mutation, reason: 'Frames of this flavour have no place for it.', forwarded: true });
}

function note(
  { listener, plan, runtime }: Site,
  route: CallRoute | undefined,
  side: 'request' | 'response',
  missed: MissedNote,
): void {
  const where = { listener, protocol: plan.applicationProtocol, route: route?.name ?? '', side };
  runtime.missedMutations.note(where, missed);
}
