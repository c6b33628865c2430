/** IP addresses as the bytes of A and AAAA records, and those of clients. For addresses that were checked before. */

/** An IPv4 client as it is, where a socket of both families writes `::ffff:10.0.0.1`. */
export function unmapped(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

/** Writes four bytes. */
export function writeIpv4(text: string, into: Buffer, at: number): void {
  let octet = 0;
  let place = at;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x2e) {
      into[place++] = octet;
      octet = 0;
    } else {
      octet = octet * 10 + code - 0x30;
    }
  }
  into[place] = octet;
}

/** Writes sixteen bytes. The last two groups may be written as an IPv4 address. */
export function writeIpv6(text: string, into: Buffer, at: number): void {
  const [before = '', after] = text.split('::');
  const head = groupsOf(before);
  const tail = groupsOf(after ?? '');
  into.fill(0, at, at + 16);
  for (const [index, group] of head.entries()) into.writeUInt16BE(group, at + 2 * index);
  for (const [index, group] of tail.entries()) into.writeUInt16BE(group, at + 16 - 2 * (tail.length - index));
}

function groupsOf(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
