/** The resolvers that this machine asks: the `nameserver` lines of resolv.conf(5). */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { IsthmusError } from '../../model/errors.ts';

const RESOLV_CONF = '/etc/resolv.conf';
const DNS_PORT = 53;
/** As the C library has it: what stands behind the third is not asked. */
const MAX_SERVERS = 3;

export interface UpstreamAddress {
  readonly host: string;
  readonly port: number;
}

export function parseResolvConf(text: string): readonly UpstreamAddress[] {
  const addresses = text
    .split('\n')
    .map((line) => /^nameserver[ \t]+([^\s#;]+)/.exec(line)?.[1] ?? '')
    .filter((address) => isIP(address) !== 0);
  return addresses.slice(0, MAX_SERVERS).map((host) => ({ host, port: DNS_PORT }));
}

/** None when the file cannot be read. */
export async function readResolvConf(file: string = RESOLV_CONF): Promise<readonly UpstreamAddress[]> {
  try {
    return parseResolvConf(await readFile(file, 'utf8'));
  } catch {
    return [];
  }
}

/** `ADDRESS`, `ADDRESS:PORT`, `[V6]:PORT`. Throws USAGE. */
export function parseUpstream(text: string): UpstreamAddress {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = isIP(text) === 6 ? text : (bracketed ?? plain ?? '');
  const port = digits === undefined ? DNS_PORT : Number(digits);
  if (isIP(host) === 0 || port < 1 || port > 65_535)
    throw new IsthmusError('USAGE', `"${text}" is no address of a DNS server: expected IP or IP:PORT.`);
  return { host, port };
}
