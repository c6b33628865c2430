/** Addresses to listen on, as text and compared. */
import type { ListenAddress } from '../config/listener-plan.ts';

/** `host:port`, an IPv6 host in brackets, or the path of a unix socket. */
export function formatAddress(address: ListenAddress): string {
  if ('path' in address) return address.path;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

export function sameAddress(a: ListenAddress, b: ListenAddress): boolean {
  return formatAddress(a) === formatAddress(b);
}
