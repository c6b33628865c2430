/** IP addresses in text. (node:net is not for this folder: the model is made without input or output.) */
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const ipv6Characters = /^[0-9a-f:.]+$/i;

export function isIpAddress(text: string): boolean {
  if (text.includes(':')) return ipv6Characters.test(text) && URL.canParse(`http://[${text}]/`);
  return ipv4.test(text);
}

/** The address, without the prefix length of a single one (`/32`, `/128`); undefined for a range and for anything else. */
export function singleAddress(written: string): string | undefined {
  const address = written.replace(written.includes(':') ? /\/128$/ : /\/32$/, '');
  return isIpAddress(address) ? address : undefined;
}
