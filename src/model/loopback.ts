/** Whether an address, or `localhost`, never leaves this machine. Other names are taken to do so. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1').replace(/^::ffff:(?=\d+\.)/i, '');
  if (address === 'localhost') return true;
  if (address.includes(':')) return /^(0{0,4}:){2,7}0{0,3}1$/.test(address);
  const parts = address.split('.');
  return (
    parts.length === 4 && parts[0] === '127' && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)
  );
}
