/** The filters of stock Envoys that read requests. A build may leave some out, and says in its node which it has. */
import type { ProxyNode } from '../model/proxy.ts';

const nativeFilters = ['envoy.filters.network.thrift_proxy', 'envoy.filters.network.generic_proxy'];

/** Whether it is an Envoy that says what it has, and has not all of them. One that says nothing is taken for a whole build. */
export function lacksNativeFilters({ kind, extensions }: ProxyNode): boolean {
  return kind === 'envoy' && extensions.length > 0 && !nativeFilters.every((name) => extensions.includes(name));
}
