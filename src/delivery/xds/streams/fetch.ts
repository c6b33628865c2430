/**
 * A poll: one request, one answer, as the Fetch methods have it. The answer is what a stream would be sent first; a
 * client that is there only for a moment is admitted, counted and released as one that stays.
 */
import { IsthmusError } from '../../../model/errors.ts';
import type { ProxyNode } from '../../../model/proxy.ts';
import { ContentDigest } from '../resources/content-digest.ts';
import type { FrameCache } from '../resources/frame-cache.ts';
import type { EncodedResource, ResourceSource, ResourceView } from '../resources/resource-source.ts';
import { allowsLegacyWildcard } from '../resources/resource-types.ts';
import { nonceLength, tailOf } from '../resources/response-frame.ts';
import { type Call, type CallHandler, StatusCode } from '../transport/transport.ts';
import type { Admission } from './admission.ts';
import { type RequestBounds, readRequest } from './discovery-request.ts';
import type { XdsObserver } from './observer.ts';

export interface FetchSurroundings {
  readonly source: ResourceSource;
  readonly frames: FrameCache;
  readonly observer: XdsObserver;
  readonly bounds: RequestBounds;
  admit(node: Uint8Array): Admission | Promise<Admission>;
  release(node: ProxyNode): void;
}

/** Nothing answers a poll, so there is nothing to tell its answers apart by. */
const noNonce = '0'.repeat(nonceLength);

/** `typeUrl`: the one type of the service. */
export function serveFetch(call: Call, typeUrl: string, around: FetchSurroundings): CallHandler {
  let isAsked = false;
  return {
    message(bytes) {
      if (isAsked) return;
      isAsked = true;
      answer(bytes, call, typeUrl, around).catch((error: unknown) => {
        const isTheirs = error instanceof IsthmusError && error.code === 'BAD_DATA';
        const message = isTheirs ? error.message : 'A fault of isthmus ended this call.';
        call.end({ code: isTheirs ? StatusCode.invalidArgument : StatusCode.internal, message });
        if (!isTheirs) around.observer.failed(error);
      });
    },
    finished() {
      if (!isAsked) call.end({ code: StatusCode.invalidArgument, message: 'A poll needs a request.' });
    },
    drained() {},
    closed() {},
  };
}

async function answer(bytes: Uint8Array, call: Call, typeUrl: string, around: FetchSurroundings): Promise<void> {
  const { node, subscribe } = readRequest('sotw', bytes, around.bounds);
  if (node === undefined) throw new IsthmusError('BAD_DATA', 'A poll must carry the node.');
  const admission = await around.admit(node);
  if (admission.kind === 'refused') {
    call.end(admission.status);
    return;
  }
  const { observer, source, frames } = around;
  try {
    observer.streamOpened(admission.node);
    const resources = asked(source.view(admission.node), typeUrl, subscribe);
    const digest = new ContentDigest();
    for (const { name, version } of resources) digest.add(name, version);
    const frame = frames.frame('sotw', { typeUrl, resources, removed: [] });
    call.write([frame, tailOf(digest.toString(), noNonce)]);
    call.end({ code: StatusCode.ok, message: '' });
  } finally {
    around.release(admission.node);
    observer.streamClosed(admission.node);
  }
}

function asked(view: ResourceView, typeUrl: string, names: readonly string[]): readonly EncodedResource[] {
  if (names.includes('*') || (names.length === 0 && allowsLegacyWildcard(typeUrl))) return view.list(typeUrl);
  return [...new Set(names)].sort().flatMap((name) => view.get(typeUrl, name) ?? []);
}
