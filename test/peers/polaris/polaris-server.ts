/** A Polaris server of its own, on loopback and free ports, with an empty store. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import { goModuleFolder, goPeer } from '../go-peer.ts';
import { ServerProcess } from '../server-process.ts';

export const polarisPeer = goPeer({
  name: 'polaris',
  purpose: 'Polaris 1.18, a registry',
  folder: import.meta.dirname,
  source: 'github.com/polarismesh/polaris',
});

/** An instance as Polaris' own clients register it. */
export interface RegisteredInstance {
  readonly service: string;
  readonly namespace: string;
  readonly host: string;
  readonly port: number;
  readonly [field: string]: unknown;
}

export class PolarisServer {
  /** Of discovery over gRPC. */
  readonly address: string;
  /** Of the HTTP API. */
  readonly http: string;
  readonly #start: () => Promise<ServerProcess>;
  readonly #folder: string;
  #process: ServerProcess | undefined;
  #token = '';

  private constructor(folder: string, grpc: number, http: number, start: () => Promise<ServerProcess>) {
    this.#folder = folder;
    this.address = `127.0.0.1:${grpc}`;
    this.http = `http://127.0.0.1:${http}`;
    this.#start = start;
  }

  /** `asksForTokens`: clients have to authenticate themselves. */
  static async start({ asksForTokens = false } = {}): Promise<PolarisServer> {
    const program = polarisPeer.find();
    if (program === undefined) throw new Error('polaris is not installed');
    const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-polaris-'));
    const [grpc = 0, http = 0, ...others] = await freePorts(6);
    const module = goModuleFolder(path.dirname(program), 'github.com/polarismesh/polaris');
    cpSync(path.join(module, 'release/conf'), path.join(folder, 'conf'), { recursive: true });
    configure(path.join(folder, 'conf/polaris-server.yaml'), { grpc, http, others, asksForTokens });
    const server = new PolarisServer(folder, grpc, http, async () =>
      ServerProcess.start({
        command: program,
        parameters: ['start'],
        cwd: folder,
        isReady: async () => (await fetch(`http://127.0.0.1:${http}/`)).ok,
      }),
    );
    await server.restart();
    return server;
  }

  /** Starts it again with the store that it has. */
  async restart(): Promise<void> {
    await this.#process?.kill();
    this.#process = await this.#start();
  }

  /** Starts it again with nothing in its store. */
  async restartEmpty(): Promise<void> {
    await this.#process?.kill();
    rmSync(path.join(this.#folder, 'polaris.bolt'), { force: true });
    this.#process = await this.#start();
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

  async register(instance: RegisteredInstance): Promise<void> {
    await this.#post('/v1/RegisterInstance', instance);
  }

  async deregister(instance: RegisteredInstance): Promise<void> {
    await this.#post('/v1/DeregisterInstance', instance);
  }

  /** A service by another name of the same namespace. */
  async alias(service: string, namespace: string, alias: string): Promise<void> {
    await this.#post('/naming/v1/service/alias', { service, namespace, alias, alias_namespace: namespace, type: 0 });
  }

  /** Takes the token of the user that a fresh store has, for what is asked from now on, and gives it. */
  async login(): Promise<string> {
    const answer = await this.#post('/core/v1/user/login', { name: 'polaris', password: 'polaris' });
    const token = /"token": "([^"]+)"/.exec(answer)?.[1];
    if (token === undefined) throw new Error(`no token: ${answer}`);
    this.#token = token;
    return token;
  }

  async stop(): Promise<void> {
    await this.#process?.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #post(call: string, body: unknown): Promise<string> {
    const headers = { 'content-type': 'application/json', 'x-polaris-token': this.#token };
    const response = await fetch(this.http + call, { method: 'POST', headers, body: JSON.stringify(body) });
    const answer = await response.text();
    if (!response.ok && !answer.includes('existed resource')) throw new Error(`${call}: ${response.status} ${answer}`);
    return answer;
  }
}

interface Setup {
  readonly grpc: number;
  readonly http: number;
  readonly others: readonly number[];
  readonly asksForTokens: boolean;
}

/** Loopback only, ports of our own, and a store that does not forget what was deregistered a moment ago. */
function configure(file: string, { grpc, http, others, asksForTokens }: Setup): void {
  const ports = new Map([
    ['8091', grpc],
    ['8090', http],
    ['8761', others[0]],
    ['8093', others[1]],
    ['15010', others[2]],
    ['8848', others[3]],
  ]);
  const text = readFileSync(file, 'utf8')
    .replaceAll('"0.0.0.0"', '"127.0.0.1"')
    .replace(/# *self_address: 127\.0\.0\.1/, 'self_address: 127.0.0.1')
    .replace('diffTime: 5s', 'diffTime: 8760h')
    .replace(/client(Open|Strict): false/g, (line) => (asksForTokens ? line.replace('false', 'true') : line))
    .replace(/listenPort: (\d+)/g, (line, port: string) => line.replace(port, String(ports.get(port) ?? port)));
  writeFileSync(file, text, { mode: 0o600 });
}
