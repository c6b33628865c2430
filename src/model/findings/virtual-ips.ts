/** 04: virtual IPs. */
import { entry } from './entry.ts';

export const virtualIps = {
  ISTH0401: entry('error', 'No virtual IP is left', 'Widen the ranges of virtual IPs, or remove hosts that need none.'),
  ISTH0402: entry(
    'error',
    'Written address is leased to another host',
    'Write another address: an address that callers use already does not move.',
  ),
  ISTH0403: entry(
    'warning',
    'Virtual IP lies outside the ranges',
    'Nothing, if callers reach it there; otherwise name its range in the MeshConfig too. It stays as long as its host: to move it, remove the host for longer than the quarantine.',
  ),
  ISTH0404: entry(
    'warning',
    'Virtual IPs of others lie in a written range',
    'Choose ranges of virtual IPs that nobody writes: one in a written range is handed out where no other is free, and goes before the range.',
  ),
};
