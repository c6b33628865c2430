/** Where something of ours stands, so that no registry may have a service stand there. */
import { networkInterfaces } from 'node:os';
import { meshKey } from '../../mesh/settings.ts';
import { defaultRanges } from '../../mesh/virtual-ips/virtual-ips.ts';
import { isLoopback } from '../../model/loopback.ts';
import { formatAddress, parseAddress } from '../../model/tcp-address.ts';
import type { OwnAddresses } from '../../sources/registries/trust-policy.ts';
import type { Pipeline } from '../pipeline.ts';

/** `listening`: addresses as users write them, `0.0.0.0` and `[::]` for all of this machine. */
export function ownAddresses({ mesh }: Pipeline, listening: readonly string[] = []): OwnAddresses {
  const { ipv4, ipv6 } = mesh.virtualIpRanges.get(meshKey) ?? defaultRanges;
  return { ranges: [...ipv4, ...ipv6], places: listening.flatMap(placesOf) };
}

function placesOf(address: string): readonly string[] {
  const { host, port } = parseAddress(address, 'an address of this control plane');
  const isAll = host === '0.0.0.0' || host === '::';
  const hosts = isAll ? machineAddresses() : [host];
  return hosts.filter((one) => !isLoopback(one)).map((one) => formatAddress(one, port));
}

function machineAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
}
