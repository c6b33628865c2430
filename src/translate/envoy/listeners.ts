/** Listeners: one filter behind one address and port. */
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
  filter: envoy.config.listener.v3.Filter,
): EncodedResource {
  const name = listenerName(address, port);
  return encodeResource('envoy.config.listener.v3.Listener', name, {
    name,
    address: socketAddress(address, port),
    filterChains: [{ filters: [filter] }],
    trafficDirection: DIRECTION[direction],
  });
}
