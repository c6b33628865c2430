/**
 * What a request is changed by before it is sent, or copied to a mirror: the route's mutation and, as the reference
 * does it, an x-request-id where the caller has sent none. Nothing, where protocol or frame cannot be changed; no
 * x-request-id, where the protocol has no place for one, and none by itself, where that would mean to walk through the
 * whole request.
 */
import { randomUUID } from 'node:crypto';
import type { Codec, Frame, Mutation, PropertyReader } from '../../../codecs/codec.ts';

const REQUEST_ID = 'x-request-id';
const none: Mutation = [];

export type RequestMutation = (bytes: Buffer, start: number, frame: Frame, ofRoute: Mutation) => Mutation;

/** Compiled once for a site. */
export function requestMutation(codec: Codec): RequestMutation {
  if (!codec.capabilities.mutates) return () => none;
  const readRequestId: PropertyReader = codec.reader(REQUEST_ID);
  const adds = codec.whyNotSettable?.('request', REQUEST_ID, randomUUID()) === undefined;
  return (bytes, start, frame, ofRoute) => {
    if (codec.capabilities.mutatesBody === true && ofRoute.length === 0) return none;
    if (codec.canMutate?.(frame) === false) return none;
    if (!adds || readRequestId(bytes, start, frame) !== undefined) return ofRoute;
    return [{ key: REQUEST_ID, value: randomUUID() }, ...ofRoute];
  };
}
