/** IP addresses in text. (node:net is not for this folder: the model is made without input or output.) */
import { formatterOfIpv6, parseIpv6 } from '../virtual-ips/ip-words.ts';

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const unspecified = /^(?:::ffff:)?[0:.]+$/i;
const ipv6Characters = /^[0-9a-f:.]+$/i;

export function isIpAddress(text: string): boolean {
  if (text.includes(':')) return ipv6Characters.test(text) && URL.canParse(`http://[${text}]/`);
  return ipv4.test(text);
}

/**
 * The address, without the prefix length of a single one (`/32`, `/128`); undefined for a range and for anything else, such as
 * 0.0.0.0 and ::, which stand for all addresses: nobody dials them, and who listens there takes what is for others.
 */
export function singleAddress(written: string): string | undefined {
  const address = written.replace(written.includes(':') ? /\/128$/ : /\/32$/, '');
  return isIpAddress(address) && !unspecified.test(address) ? address : undefined;
}

/** One text for each address, as RFC 5952 has it, without the prefix length of a single one. What is no address is left as it is. */
export function plainAddress(written: string): string {
  const address = singleAddress(written);
  if (address === undefined || !address.includes(':')) return address ?? written;
  const words = parseIpv6(address);
  return words === undefined ? address.toLowerCase() : formatterOfIpv6(words)(words.low);
}
