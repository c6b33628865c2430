/** A Consul server of its own, on loopback and free ports: in memory as `-dev` has it, or with a store on disk. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import { goPeer } from '../go-peer.ts';
import { ServerProcess } from '../server-process.ts';

export const consulPeer = goPeer({
  name: 'consul',
  purpose: 'Consul 1.21, a registry',
  folder: import.meta.dirname,
  source: 'github.com/hashicorp/consul',
});

/** As the catalog has it: an instance on a node that runs no agent, with checks that only we change. */
export interface CatalogEntry {
  readonly Node: string;
  readonly Address: string;
  readonly [field: string]: unknown;
}

export interface ConsulServerOptions {
  /** Keeps what it has when it is started again. */
  readonly isLasting?: boolean;
  /** Of a user who may do anything; with it, others may do nothing without a token. */
  readonly rootToken?: string;
  /** Also over TLS, to clients with a certificate: see tlsAddress and tlsFiles. */
  readonly tls?: boolean;
}

interface Ports {
  readonly http: number;
  readonly https: number;
}

export class ConsulServer {
  readonly address: string;
  readonly tlsAddress: string;
  readonly #folder: string;
  readonly #rootToken: string | undefined;
  readonly #start: () => Promise<ServerProcess>;
  #process: ServerProcess | undefined;

  private constructor(folder: string, ports: Ports, parameters: readonly string[], rootToken: string | undefined) {
    const program = consulPeer.find();
    if (program === undefined) throw new Error('consul is not installed');
    this.#folder = folder;
    this.address = `127.0.0.1:${ports.http}`;
    this.tlsAddress = `https://127.0.0.1:${ports.https}`;
    this.#rootToken = rootToken;
    this.#start = async () =>
      ServerProcess.start({ command: program, parameters, isReady: async () => this.#isReady() });
  }

  static async start({ isLasting = false, rootToken, tls = false }: ConsulServerOptions = {}): Promise<ConsulServer> {
    const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-consul-'));
    const [http = 0, server = 0, lan = 0, wan = 0, https = 0] = await freePorts(5);
    if (tls) makeCertificates(folder);
    const store = isLasting ? ['-server', '-bootstrap-expect=1', `-data-dir=${storeIn(folder)}`] : ['-dev'];
    const parameters = [
      ['agent', ...store, '-node=here', '-bind=127.0.0.1', '-client=127.0.0.1', '-log-level=warn'],
      [
        `-http-port=${http}`,
        ...(tls ? [`-https-port=${https}`] : []),
        `-server-port=${server}`,
        `-serf-lan-port=${lan}`,
        `-serf-wan-port=${wan}`,
      ],
      ['-dns-port=-1', '-grpc-port=-1', '-grpc-tls-port=-1'],
      [
        'disable_update_check = true',
        'ui_config { enabled = false }',
        'leave_on_terminate = false',
        'performance { raft_multiplier = 1 }',
      ]
        .concat(rootToken === undefined ? [] : [accessControl(rootToken)])
        .concat(tls ? [transportSecurity(folder)] : [])
        .flatMap((text) => ['-hcl', text]),
    ].flat();
    const consul = new ConsulServer(folder, { http, https }, parameters, rootToken);
    await consul.restart();
    return consul;
  }

  /** Of its authority, and of a client that it knows. */
  get tlsFiles(): { readonly caFile: string; readonly certFile: string; readonly keyFile: string } {
    const [caFile = '', certFile = '', keyFile = ''] = [
      'consul-agent-ca.pem',
      'dc1-client-consul-0.pem',
      'dc1-client-consul-0-key.pem',
    ].map((name) => path.join(this.#folder, name));
    return { caFile, certFile, keyFile };
  }

  /** Starts it again, with what it has where it is lasting, and with nothing where it is not. */
  async restart(): Promise<void> {
    await this.#process?.kill();
    this.#process = await this.#start();
  }

  async restartEmpty(): Promise<void> {
    await this.#process?.kill();
    rmSync(storeIn(this.#folder), { recursive: true, force: true });
    await this.restart();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  freeze(): void {
    this.#process?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#process?.signal('SIGCONT');
  }

  async register(entry: CatalogEntry): Promise<void> {
    await this.call('PUT', '/v1/catalog/register', entry);
  }

  /** `ServiceID` and `CheckID`, or else the whole node. */
  async deregister(entry: { readonly Node: string; readonly ServiceID?: string }): Promise<void> {
    await this.call('PUT', '/v1/catalog/deregister', entry);
  }

  async stop(): Promise<void> {
    await this.#process?.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async call(method: string, target: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`http://${this.address}${target}`, {
      method,
      ...(this.#rootToken === undefined ? {} : { headers: { 'x-consul-token': this.#rootToken } }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${target}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** It answers before it can write: its own node stands in the catalog once it has a leader that is settled. */
  async #isReady(): Promise<boolean> {
    const nodes = await this.call('GET', '/v1/health/state/passing');
    return Array.isArray(nodes) && nodes.some((check) => JSON.stringify(check).includes('"serfHealth"'));
  }
}

function storeIn(folder: string): string {
  return path.join(folder, 'store');
}

function accessControl(rootToken: string): string {
  return `acl { enabled = true, default_policy = "deny", tokens { initial_management = "${rootToken}", agent = "${rootToken}" } }`;
}

function makeCertificates(cwd: string): void {
  const program = consulPeer.find() ?? '';
  for (const parameters of [
    ['ca', 'create'],
    ['cert', 'create', '-server'],
    ['cert', 'create', '-client'],
  ])
    execFileSync(program, ['tls', ...parameters], { cwd, stdio: 'ignore' });
}

function transportSecurity(folder: string): string {
  const file = (name: string): string => JSON.stringify(path.join(folder, name));
  const own = `cert_file = ${file('dc1-server-consul-0.pem')}, key_file = ${file('dc1-server-consul-0-key.pem')}`;
  return `tls { https { ca_file = ${file('consul-agent-ca.pem')}, ${own}, verify_incoming = true } }`;
}
