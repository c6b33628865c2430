/** Keeps a cluster's hosts in step with DNS. A name that cannot be resolved keeps the addresses that it last had. */
import type { EndpointSource } from '../config/cluster-plan.ts';
import { hostKey, type PlannedHost } from '../config/endpoint-plan.ts';

/** All addresses of a name; rejects when it has none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

export class DnsResolution {
  readonly #source: Extract<EndpointSource, { kind: 'dns' }>;
  readonly #lookup: Lookup;
  readonly #update: (hosts: readonly PlannedHost[]) => void;
  readonly #known = new Map<string, readonly string[]>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    source: Extract<EndpointSource, { kind: 'dns' }>,
    lookup: Lookup,
    update: (hosts: readonly PlannedHost[]) => void,
  ) {
    this.#source = source;
    this.#lookup = lookup;
    this.#update = update;
    void this.#refresh();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #refresh(): Promise<void> {
    const before = JSON.stringify([...this.#known]);
    await Promise.all(this.#source.hosts.map((host) => this.#resolve(host)));
    if (this.#stopped) return;
    if (JSON.stringify([...this.#known]) !== before) this.#update(this.#hosts());
    this.#timer = setTimeout(() => void this.#refresh(), this.#source.refreshMs).unref();
  }

  async #resolve({ address }: PlannedHost): Promise<void> {
    if ('path' in address) return;
    try {
      const addresses = [...(await this.#lookup(address.host))].sort();
      this.#known.set(address.host, this.#source.all ? addresses : addresses.slice(0, 1));
    } catch {
      // The last addresses stand.
    }
  }

  #hosts(): readonly PlannedHost[] {
    return this.#source.hosts.flatMap((host) => {
      const { address } = host;
      if ('path' in address) return [host];
      return (this.#known.get(address.host) ?? []).map((ip) => {
        const resolved = { host: ip, port: address.port };
        return { ...host, address: resolved, key: hostKey(resolved) };
      });
    });
  }
}
