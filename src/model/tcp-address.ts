/** `host:port` as users write it. */
import { IsthmusError } from './errors.ts';

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port` or `[v6]:port`. Throws USAGE, naming the flag. */
export function parseAddress(address: string, flag: string): TcpAddress {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  const digits = address.slice(at + 1);
  const port = Number(digits);
  if (at < 1 || !isHost(host) || !/^\d{1,5}$/.test(digits) || port > 65_535)
    throw new IsthmusError('USAGE', `${flag} "${address}" is not an address: expected HOST:PORT.`);
  return { host, port };
}

/** A name, or an IP address. What is left of a URL is none of them. */
function isHost(text: string): boolean {
  return text.includes(':') ? /^[\da-f:.]+(%[\w.-]+)?$/i.test(text) : /^[\w.-]+$/.test(text);
}

/** What parseAddress reads. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
