import { isIP } from 'node:net';

/** Whether an address, or `localhost`, never leaves this machine. Other names are taken to do so. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[(.*)\]$/, '$1').replace(/^::ffff:(?=\d+\.)/i, '');
  if (address === 'localhost') return true;
  const family = isIP(address);
  return family === 4 ? address.startsWith('127.') : family === 6 && /^(0{0,4}:){2,7}0{0,3}1$/.test(address);
}
