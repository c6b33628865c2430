/** Who may ask at an admin address: over loopback, or with a token. */
import { timingSafeEqual } from 'node:crypto';
import { IsthmusError } from './errors.ts';
import { isLoopback } from './loopback.ts';
import { parseAddress, type TcpAddress } from './tcp-address.ts';

/** Throws USAGE when the text is no address, or one beyond loopback that no token guards; `from` says who wrote it. */
export function parseAdminAddress(text: string, token: string | undefined, from = '--admin'): TcpAddress {
  const address = parseAddress(text, from);
  if (!isLoopback(address.host) && token === undefined)
    throw new IsthmusError(
      'USAGE',
      `${from} ${text} is not loopback: guard it with --admin-token-file FILE${elsewhere(from)}.`,
    );
  return address;
}

function elsewhere(from: string): string {
  return from === '--admin' ? '' : ', or give --admin 127.0.0.1:PORT';
}

/** A web page whose name was pointed at loopback (DNS rebinding) still sends that name; it must not read what is here. */
export function isForLoopback(host: string | undefined): boolean {
  return host === undefined || isLoopback(host.replace(/:\d*$/, '').toLowerCase());
}

/** Whether the Authorization header carries the token. */
export function hasToken(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
