/** What a running Envoy says of itself at its admin address. */

/** Versions by name, as `/config_dump` has them. */
export interface Configuration {
  /** Of the last update that changed anything, for all clusters and all listeners. */
  readonly latest: { readonly clusters: string; readonly listeners: string };
  readonly clusters: Readonly<Record<string, string>>;
  readonly listeners: Readonly<Record<string, string>>;
}

interface Stats {
  readonly stats: readonly { readonly name?: string; readonly value?: number | string }[];
}

interface ClustersDump {
  readonly version_info: string;
  readonly dynamic_active_clusters?: readonly {
    readonly version_info: string;
    readonly cluster: { readonly name: string };
  }[];
}

interface ListenersDump {
  readonly version_info: string;
  readonly dynamic_listeners?: readonly {
    readonly name: string;
    readonly active_state?: { readonly version_info: string };
  }[];
}

interface Certificates {
  readonly certificates: readonly { readonly cert_chain?: readonly { readonly serial_number: string }[] }[];
}

export class EnvoyAdmin {
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  async isReady(): Promise<boolean> {
    return (await this.#ask('ready').catch(() => '')).trim() === 'LIVE';
  }

  /** A counter or gauge; 0 when it was never touched. */
  async stat(name: string): Promise<number> {
    const pattern = encodeURIComponent(`^${name.replaceAll(/[.|]/g, '\\$&')}$`);
    const line = (await this.#ask(`stats?filter=${pattern}`)).trim();
    return line === '' ? 0 : Number(line.slice(line.indexOf(':') + 1));
  }

  /** Of all counters whose name matches. */
  async total(name: RegExp): Promise<number> {
    const { stats }: Stats = JSON.parse(await this.#ask('stats?format=json'));
    return stats.reduce((sum, one) => (name.test(one.name ?? '') ? sum + Number(one.value) : sum), 0);
  }

  /** Serial numbers of the certificates that it shows of itself, each once, in order. */
  async serials(): Promise<readonly string[]> {
    const { certificates }: Certificates = JSON.parse(await this.#ask('certs'));
    const shown = certificates.flatMap(({ cert_chain: chain = [] }) => chain.map(({ serial_number }) => serial_number));
    return [...new Set(shown)].sort();
  }

  /** All that moves when Envoy changes its clusters, their endpoints or its listeners, by name. */
  async changes(): Promise<Readonly<Record<string, number | string>>> {
    const kinds = 'added|modified|removed|updated|rejected|membership_change|config_reload';
    const managers = '(cluster_manager|listener_manager)\\..*version_text';
    const filter = `^((cluster_manager|listener_manager|cluster\\.outbound).*(${kinds})|${managers})$`;
    const answer = await this.#ask(`stats?format=json&filter=${encodeURIComponent(filter)}`);
    const { stats }: Stats = JSON.parse(answer);
    return Object.fromEntries(stats.flatMap(({ name, value }) => (name && value !== undefined ? [[name, value]] : [])));
  }

  async configuration(): Promise<Configuration> {
    const clusters: ClustersDump = await this.#dump('ClustersConfigDump');
    const listeners: ListenersDump = await this.#dump('ListenersConfigDump');
    return {
      latest: { clusters: clusters.version_info, listeners: listeners.version_info },
      clusters: Object.fromEntries(
        (clusters.dynamic_active_clusters ?? []).map((one) => [one.cluster.name, one.version_info]),
      ),
      listeners: Object.fromEntries(
        (listeners.dynamic_listeners ?? []).flatMap(({ name, active_state: active }) =>
          active === undefined ? [] : [[name, active.version_info]],
        ),
      ),
    };
  }

  async #dump<Dump>(type: string): Promise<Dump> {
    const { configs } = JSON.parse(await this.#ask('config_dump'));
    return configs.find((config: { readonly '@type': string }) => config['@type'].endsWith(type));
  }

  async #ask(resource: string): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.#port}/${resource}`)).text();
  }
}
