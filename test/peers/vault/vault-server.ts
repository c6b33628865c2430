/** A Vault of its own, in memory, on loopback and a free port, with a PKI and a role for the mesh. */
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import { ServerProcess } from '../server-process.ts';

export const rootToken = 'root';

export class VaultServer {
  readonly address: string;
  readonly #process: ServerProcess;

  private constructor(address: string, running: ServerProcess) {
    this.address = address;
    this.#process = running;
  }

  static async start(command: string): Promise<VaultServer> {
    const [port = 0] = await freePorts(1);
    const address = `http://127.0.0.1:${port}`;
    const isReady = async () => (await fetch(`${address}/v1/sys/health`)).ok;
    const parameters = [
      'server',
      '-dev',
      '-dev-no-store-token',
      `-dev-root-token-id=${rootToken}`,
      `-dev-listen-address=127.0.0.1:${port}`,
    ];
    const running = await ServerProcess.start({ command, parameters, isReady });
    const vault = new VaultServer(address, running);
    await vault.write('sys/mounts/pki', { type: 'pki', config: { max_lease_ttl: '87600h' } });
    await vault.addRoot();
    await vault.writeRole('mesh');
    return vault;
  }

  /** A role that takes names from the parameters of a request, unless told otherwise. */
  async writeRole(name: string, changes: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const names = { use_csr_sans: false, use_csr_common_name: false, require_cn: false, allow_any_name: true };
    const limits = { allowed_uri_sans: 'spiffe://mesh.example/*', key_type: 'any', max_ttl: '24h' };
    await this.write(`pki/roles/${name}`, { ...names, ...limits, ...changes });
  }

  /** Gives the id of the new issuer. The first becomes the default. */
  async addRoot(): Promise<string> {
    const data = await this.write('pki/root/generate/internal', { common_name: 'root', key_type: 'ec', ttl: '87600h' });
    return String(data.issuer_id);
  }

  async signWith(issuer: string): Promise<void> {
    await this.write('pki/config/issuers', { default: issuer });
  }

  async write(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
    const headers = { 'X-Vault-Token': rootToken, 'content-type': 'application/json' };
    const answer = await fetch(`${this.address}/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text).data ?? {});
  }

  async stop(): Promise<void> {
    await this.#process.terminate();
  }
}
