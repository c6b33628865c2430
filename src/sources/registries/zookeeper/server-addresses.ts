/** host:port, or host:port/chroot as other clients of ZooKeeper have it: there the last address names it for all. */

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface ServerAddresses {
  readonly servers: readonly ServerAddress[];
  /** Empty, or a path without a slash at its end. */
  readonly chroot: string;
}

/** Gives why they are none, as text. */
export function parseServerAddresses(addresses: readonly string[]): ServerAddresses | string {
  const servers: ServerAddress[] = [];
  const chroots = new Set<string>();
  for (const address of addresses) {
    const [, inBrackets, plain, digits, path = ''] =
      /^(?:\[([^\]]+)\]|([^:/[\]]+)):(\d{1,5})(\/.*)?$/.exec(address) ?? [];
    const host = inBrackets ?? plain;
    const port = Number(digits);
    if (host === undefined || !(port >= 1 && port <= 65_535))
      return `${JSON.stringify(address)} is neither host:port nor host:port/path`;
    servers.push({ host, port });
    const chroot = path.replace(/\/+$/, '');
    if (chroot !== '') chroots.add(chroot);
  }
  if (chroots.size > 1) return `the addresses name several paths: ${[...chroots].join(' and ')}`;
  const [chroot = ''] = chroots;
  return { servers, chroot };
}
