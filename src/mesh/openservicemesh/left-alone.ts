/** What of a service's addresses and ports proxies leave alone, by the exclusions of the mesh's settings. */
import type { MeshService, MeshSettings } from '../../model/mesh-service.ts';
import type { TrafficExclusions } from '../../model/proxy-settings.ts';
import type { Service } from '../../model/service.ts';
import { contains, parseRange } from '../../resources/addresses.ts';

/** Virtual IPs are the proxies' own: nothing answers there but they, and they are not left alone. */
export function leftAlone(
  { addresses: written, ports }: Service,
  addresses: readonly string[],
  { exclusions }: MeshSettings,
): Pick<MeshService, 'leftAlone'> {
  if (exclusions === undefined || written.length === 0) return {};
  const excluded = addresses.filter((address) => isExcluded(address, exclusions));
  const numbers = ports.map(({ number }) => number).filter((port) => exclusions.outboundPorts.includes(port));
  if (excluded.length + numbers.length === 0) return {};
  return { leftAlone: { addresses: excluded, ports: numbers } };
}

function isExcluded(address: string, { outboundRanges, outboundOnly }: TrafficExclusions): boolean {
  const isIn = (ranges: readonly string[]) => ranges.some((range) => isWithinRange(address, range));
  return isIn(outboundRanges) || (outboundOnly.length > 0 && !isIn(outboundOnly));
}

function isWithinRange(address: string, written: string): boolean {
  const range = parseRange(written);
  return range !== undefined && contains(range, address);
}
