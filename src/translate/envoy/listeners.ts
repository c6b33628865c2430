/** Listeners: chains of filters behind one address and port, mostly a single one. */
import { enumValue, type envoy, pack } from '../../xds-api/messages.ts';
import { type EncodedResource, encodeResource, overriddenResource } from '../encoded-resource.ts';
import { listenerName } from '../names/resource-names.ts';
import { framesAtOnce, GENERIC_PROXY } from './dubbo-proxies.ts';
import { socketAddress } from './values.ts';

const LISTENER = 'envoy.config.listener.v3.Listener';
const DIRECTION = {
  inbound: enumValue('envoy.config.core.v3.TrafficDirection', 'INBOUND'),
  outbound: enumValue('envoy.config.core.v3.TrafficDirection', 'OUTBOUND'),
};

/** Outbound, for an address that is not the machine's own: connections are handed to it. */
export function unboundListener(
  address: string,
  port: number,
  filter: envoy.config.listener.v3.Filter,
): EncodedResource {
  return unbound(listener(address, port, 'outbound', [filter]));
}

/** The listener, where its connections are handed to it. */
export function unbound(bound: EncodedResource): EncodedResource {
  return overriddenResource(bound, LISTENER, { bindToPort: {} });
}

export function listener(
  address: string,
  port: number,
  direction: keyof typeof DIRECTION,
  filters: readonly envoy.config.listener.v3.Filter[],
  transportSocket?: envoy.config.core.v3.TransportSocket,
): EncodedResource {
  const chain = { filters: [...filters], ...(transportSocket === undefined ? {} : { transportSocket }) };
  return chainedListener(address, port, direction, [chain]);
}

/** A connection that fits no chain is closed. `inspectors`: what tells the chains apart. */
export function chainedListener(
  address: string,
  port: number,
  direction: keyof typeof DIRECTION,
  chains: readonly envoy.config.listener.v3.FilterChain[],
  inspectors: readonly envoy.config.listener.v3.ListenerFilter[] = [],
): EncodedResource {
  const name = listenerName(address, port);
  return encodeResource(LISTENER, name, {
    name,
    address: socketAddress(address, port),
    filterChains: [...chains],
    ...framesAtOnce(chains.some(({ filters = [] }) => filters.some(holdsFrames))),
    ...(inspectors.length === 0 ? {} : { listenerFilters: [...inspectors] }),
    trafficDirection: DIRECTION[direction],
  });
}

function holdsFrames({ name }: envoy.config.listener.v3.Filter): boolean {
  return name === GENERIC_PROXY;
}

/** Tells TLS from plain text, and reads the server name that a client asks for. */
export const tlsInspector: envoy.config.listener.v3.ListenerFilter = {
  name: 'envoy.filters.listener.tls_inspector',
  typedConfig: pack('envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector', {}),
};
