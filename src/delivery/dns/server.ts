/**
 * The DNS server: names of the mesh are answered from the table of names, all others by upstream servers.
 *
 *   UDP, TCP --packet--> query handler --name--> name table (the pipeline's collection of names)
 *                              |
 *                              +--what is not ours--> forwarder --> upstreams (a bounded cache between)
 *
 * A name that changes is answered anew as soon as its batch is through; nothing is rebuilt. Only near networks may ask.
 * What never happens: a name outside of our suffixes denied by us; an answer larger than the client takes; a query, packet,
 * client or upstream that holds up others; memory without a bound.
 */
import { IsthmusError, messageOf } from '../../model/errors.ts';
import { formatAddress } from '../../model/tcp-address.ts';
import { AccessList, nearNetworks } from './access-list.ts';
import { defaultForwarderLimits, Forwarder, type ForwarderLimits } from './forwarder.ts';
import type { Asker, NameTable } from './name-table.ts';
import { type DnsObserver, silentObserver } from './observer.ts';
import { QueryHandler } from './query-handler.ts';
import type { UpstreamAddress } from './resolv-conf.ts';
import type { Ttls } from './responses.ts';
import type { TcpLimits } from './tcp-connection.ts';
import { defaultTcpLimits, TcpListener } from './tcp-listener.ts';
import { UdpListener } from './udp-listener.ts';
import { UpstreamList } from './upstream-list.ts';

/** As Istio's, which forgets nothing sooner: a virtual IP does not move. Names that are not there may come any time. */
const defaultTtls: Ttls = { ttl: 30, negativeTtl: 5 };

export interface DnsServerOptions {
  readonly table: NameTable;
  /** Servers for what is not ours; those of resolv.conf when absent. */
  readonly upstreams?: readonly UpstreamAddress[];
  /** Read when needed, so that they may change. */
  readonly ttls?: () => Ttls;
  /** Networks that may ask; loopback and private ones when absent. */
  readonly allow?: readonly string[];
  /** Of the workload at an address: what short names and visibility go by. Of namespace `default` when absent. */
  readonly askerAt?: (address: string) => Asker;
  readonly observer?: Partial<DnsObserver>;
  readonly limits?: Partial<DnsLimits>;
}

export interface DnsLimits extends ForwarderLimits, TcpLimits {
  /** Clients that wait for an upstream at a time. */
  readonly waiting: number;
}

export interface DnsAddress {
  readonly host: string;
  readonly port: number;
}

export interface DnsServer {
  /** By UDP and TCP. Port 0 takes a free one. Throws UNAVAILABLE when the address cannot be had. */
  listen(address: DnsAddress): Promise<DnsAddress>;
  close(): Promise<void>;
}

const defaultLimits: DnsLimits = { ...defaultForwarderLimits, ...defaultTcpLimits, waiting: 4096 };

/** How often a port that is free for TCP is looked for which is free for UDP as well. */
const PORT_ATTEMPTS = 10;

/** Throws USAGE for networks and upstreams that are none. */
export function createDnsServer(options: DnsServerOptions): DnsServer {
  return new Server(options);
}

class Server implements DnsServer {
  readonly #limits: DnsLimits;
  readonly #observer: DnsObserver;
  readonly #upstreams: UpstreamList;
  readonly #forwarder: Forwarder;
  readonly #handler: QueryHandler;
  readonly #listeners: { close(): Promise<void> }[] = [];

  constructor(options: DnsServerOptions) {
    const limits = { ...defaultLimits, ...options.limits };
    const now = (): number => performance.now();
    this.#limits = limits;
    this.#observer = { ...silentObserver, ...options.observer };
    this.#upstreams = new UpstreamList(options.upstreams);
    this.#forwarder = new Forwarder({
      upstreams: () => this.#upstreams.current,
      unanswered: () => this.#upstreams.refresh(),
      limits,
      observer: this.#observer,
      now,
    });
    this.#handler = new QueryHandler({
      table: options.table,
      forwarder: this.#forwarder,
      access: new AccessList(options.allow ?? nearNetworks),
      ttls: options.ttls ?? (() => defaultTtls),
      ttlCap: limits.ttl,
      askerAt: options.askerAt ?? (() => ({ namespace: 'default' })),
      waiting: limits.waiting,
      observer: this.#observer,
      now,
    });
  }

  async listen(address: DnsAddress): Promise<DnsAddress> {
    for (let attempt = 1; ; attempt++) {
      try {
        const bound = await this.#bind(address);
        await this.#upstreams.exclude(bound);
        return bound;
      } catch (error) {
        if (address.port === 0 && attempt < PORT_ATTEMPTS) continue;
        const where = formatAddress(address.host, address.port);
        throw new IsthmusError('UNAVAILABLE', `Cannot listen on --dns ${where}: ${messageOf(error)}.`, {
          cause: error,
        });
      }
    }
  }

  async close(): Promise<void> {
    this.#forwarder.close();
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
  }

  async #bind({ host, port }: DnsAddress): Promise<DnsAddress> {
    const failed = (error: unknown): void => this.#observer.failed(error);
    const tcp = await TcpListener.bind({ host, port }, this.#handler, this.#limits, failed);
    try {
      this.#listeners.push(await UdpListener.bind({ host, port: tcp.port }, this.#handler, failed));
    } catch (error) {
      await tcp.close();
      throw error;
    }
    this.#listeners.push(tcp);
    return { host, port: tcp.port };
  }
}
