/** Who may ask: an open resolver is a weapon in the hands of others, so that only near networks may unless told otherwise. */
import { BlockList, isIP } from 'node:net';
import { IsthmusError } from '../../model/errors.ts';
import { unmapped } from './addresses.ts';

/** Loopback, private, shared (RFC 6598), link-local and unique local addresses. */
export const nearNetworks: readonly string[] = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
];

const MAX_REMEMBERED = 4096;

export class AccessList {
  readonly #networks = new BlockList();
  /** A check takes a microsecond, and the same few ask again and again. */
  readonly #remembered = new Map<string, boolean>();

  /** Throws USAGE for what is no network. */
  constructor(networks: readonly string[]) {
    for (const network of networks) this.#add(network);
  }

  allows(address: string): boolean {
    const known = this.#remembered.get(address);
    if (known !== undefined) return known;
    const allowed = this.#check(unmapped(address).replace(/%.*$/, ''));
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(address, allowed);
    return allowed;
  }

  #check(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#networks.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }

  #add(network: string): void {
    const [address = '', length] = network.split('/');
    const family = isIP(address);
    const bits = family === 6 ? 128 : 32;
    const prefix = length === undefined ? bits : Number(length);
    if (family === 0 || length === '' || !Number.isInteger(prefix) || prefix < 0 || prefix > bits)
      throw new IsthmusError('USAGE', `"${network}" is no network: expected ADDRESS/LENGTH.`);
    this.#networks.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
  }
}
