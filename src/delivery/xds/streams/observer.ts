/** What the xDS server tells those who count. Calls are synchronous and must be cheap. */
import type { ProxyNode } from '../../../model/proxy.ts';

export interface XdsObserver {
  streamOpened(proxy: ProxyNode): void;
  streamClosed(proxy: ProxyNode): void;
  /** The first request for a type on a stream, before it is answered: what is made on demand is made now. */
  asked(typeUrl: string, proxy: ProxyNode): void;
  /** A response handed to the transport. */
  pushed(push: { readonly typeUrl: string; readonly resources: number; readonly bytes: number }): void;
  /** `seconds` from the oldest change in a response, or from the request for it, to its acknowledgement. */
  acknowledged(typeUrl: string, seconds: number, proxy: ProxyNode | undefined): void;
  refused(typeUrl: string): void;
  /** A request whose nonce belongs to no response that awaits an answer. */
  nonceIgnored(typeUrl: string, kind: 'repeated' | 'stale'): void;
  /** The server's findings are no longer those that it gave last. */
  findingsChanged(): void;
  /** A stream was ended by a fault of this program; others go on. */
  failed(error: unknown): void;
}

export const silentObserver: XdsObserver = {
  streamOpened() {},
  streamClosed() {},
  asked() {},
  pushed() {},
  acknowledged() {},
  refused() {},
  nonceIgnored() {},
  findingsChanged() {},
  failed() {},
};
