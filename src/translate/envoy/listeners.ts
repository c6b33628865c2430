/** Listeners: one chain of filters behind one address and port. */
import { enumValue, type envoy } from '../../xds-api/messages.ts';
import { type EncodedResource, encodeResource } from '../encoded-resource.ts';
import { listenerName } from '../names/resource-names.ts';
import { socketAddress } from './values.ts';

const DIRECTION = {
  inbound: enumValue('envoy.config.core.v3.TrafficDirection', 'INBOUND'),
  outbound: enumValue('envoy.config.core.v3.TrafficDirection', 'OUTBOUND'),
};

export function listener(
  address: string,
  port: number,
  direction: keyof typeof DIRECTION,
  filters: readonly envoy.config.listener.v3.Filter[],
  transportSocket?: envoy.config.core.v3.TransportSocket,
): EncodedResource {
  const name = listenerName(address, port);
  return encodeResource('envoy.config.listener.v3.Listener', name, {
    name,
    address: socketAddress(address, port),
    filterChains: [{ filters: [...filters], ...(transportSocket === undefined ? {} : { transportSocket }) }],
    trafficDirection: DIRECTION[direction],
  });
}
