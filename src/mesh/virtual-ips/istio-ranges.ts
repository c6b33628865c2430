/** Ranges from which Istio gives addresses to hosts without one: what we give must be none of them. */
import { overlap, parseRange } from '../../resources/addresses.ts';
import type { VirtualIpRanges } from './virtual-ips.ts';

/** Of its ipAutoAllocate controller, and of agents before there was one. */
export const istioRanges = ['240.240.0.0/16', '2001:2::/48'];

/** Pairs of ranges that share an address, ours first. */
export function rangesOfIstioToo({ ipv4, ipv6 }: VirtualIpRanges): readonly (readonly [string, string])[] {
  return [...ipv4, ...ipv6].flatMap((own) =>
    istioRanges.flatMap((theirs) => (doOverlap(own, theirs) ? [[own, theirs] as const] : [])),
  );
}

/** Of two ranges as they are written: one that is none has no address. */
export function doOverlap(a: string, b: string): boolean {
  const [one, other] = [parseRange(a), parseRange(b)];
  return one !== undefined && other !== undefined && overlap(one, other);
}
