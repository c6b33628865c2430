/** How the endpoints of a service come to a cluster. */
import type { Resolution, Service } from '../../model/service.ts';
import type { TrafficPolicy } from '../../model/traffic-policy.ts';

/**
 * `eds`: as resources of their own. `dns`: written into the cluster, and resolved by the proxy. `original`: whatever
 * address the caller dialled. `none`: no kind of proxy is served it.
 */
export type Discovery = 'eds' | 'dns' | 'original' | 'none';

export function discoveryOf(resolution: Resolution): Discovery {
  switch (resolution) {
    case 'static':
      return 'eds';
    case 'dns':
    case 'dns-round-robin':
      return 'dns';
    case 'none':
      return 'original';
    case 'dynamic-dns':
      return 'none';
  }
}

/** Whether connections go on to the address that the caller dialled, which only an Envoy does. */
export function followsDialled({ resolution }: Service, { loadBalancing }: TrafficPolicy): boolean {
  return discoveryOf(resolution) === 'original' || loadBalancing.kind === 'passthrough';
}
