/**
 * An API server of Kubernetes with an etcd of its own, on loopback and free ports: no nodes, no controllers. So namespaces
 * stay Terminating, and nobody makes EndpointSlices or default ServiceAccounts.
 */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import { type ApiServer, serverSideApply } from '../../../src/kubernetes-api/api-server.ts';
import { openClusterAccess } from '../../../src/kubernetes-api/cluster-access.ts';
import { EtcdServer } from '../etcd/etcd-server.ts';
import { ServerProcess } from '../server-process.ts';
import { apiServerPeer, kubectlPeer } from './kubernetes-programs.ts';

/** Who may do everything, and who may do what RBAC lets them. */
export type KubernetesUser = 'admin' | 'isthmus';

export interface KubernetesServerOptions {
  /** Of the API server, beside ours. */
  readonly parameters?: readonly string[];
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** ServiceAccount isthmus-system/isthmus, by a token that does not end. */
const serviceAccount = { name: 'system:serviceaccount:isthmus-system:isthmus', groups: ['system:serviceaccounts'] };
const tokens: Readonly<Record<KubernetesUser, string>> = { admin: 'admin-token', isthmus: 'isthmus-token' };

export class KubernetesServer {
  /** Its store. To compact it, kill it. */
  readonly etcd: EtcdServer;
  readonly #folder: string;
  readonly #port: number;
  readonly #parameters: readonly string[];
  #running: ServerProcess | undefined;

  private constructor(etcd: EtcdServer, folder: string, port: number, parameters: readonly string[]) {
    this.etcd = etcd;
    this.#folder = folder;
    this.#port = port;
    this.#parameters = parameters;
  }

  static async start({ parameters = [] }: KubernetesServerOptions = {}): Promise<KubernetesServer> {
    const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-kubernetes-'));
    writeCredentials(folder);
    const [port = 0] = await freePorts(1);
    const etcd = await EtcdServer.start();
    const server = new KubernetesServer(etcd, folder, port, parameters);
    try {
      await server.restart();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** Path of a kubeconfig. */
  kubeconfig(user: KubernetesUser = 'admin'): string {
    const file = path.join(this.#folder, `${user}.kubeconfig`);
    if (!existsSync(file)) writeFileSync(file, JSON.stringify(this.#kubeconfigOf(user)));
    return file;
  }

  /** To be closed by whoever asks for it. */
  async access(user: KubernetesUser = 'admin'): Promise<ApiServer> {
    return (await openClusterAccess({ kubeconfig: this.kubeconfig(user) })).server;
  }

  /** kubectl, which nobody here wrote; what it reads on standard input is `input`. */
  async kubectl(parameters: readonly string[], input?: string): Promise<CommandResult> {
    const program = kubectlPeer.find();
    if (program === undefined) throw new Error('kubectl is not installed');
    const { promise, resolve } = Promise.withResolvers<CommandResult>();
    const options = {
      env: { ...process.env, KUBECONFIG: this.kubeconfig(), HOME: this.#folder },
      maxBuffer: 64 * 1024 * 1024,
    };
    const child = execFile(program, [...parameters], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
    child.stdin?.end(input ?? '');
    return promise;
  }

  /** Applies manifests as a user does, YAML or JSON text. Rejects with kubectl's words. */
  async apply(manifests: string): Promise<void> {
    const { code, stderr } = await this.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], manifests);
    if (code !== 0) throw new Error(stderr);
  }

  /** The CRDs in a folder of this repository, established. */
  async applyDefinitions(folder: string): Promise<void> {
    const { code, stderr } = await this.kubectl(['apply', '--server-side', '-f', folder]);
    if (code !== 0) throw new Error(stderr);
    const waited = await this.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
    if (waited.code !== 0) throw new Error(waited.stderr);
  }

  async kill(): Promise<void> {
    await this.#running?.kill();
    this.#running = undefined;
  }

  freeze(): void {
    this.#running?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#running?.signal('SIGCONT');
  }

  /** Starts it again, with what its store has. */
  async restart(): Promise<void> {
    await this.kill();
    const command = apiServerPeer.find();
    if (command === undefined) throw new Error('kube-apiserver is not installed');
    this.#running = await ServerProcess.start({
      command,
      parameters: this.#serverParameters(),
      isReady: async () => this.#isReady(),
    });
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.etcd.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #isReady(): Promise<boolean> {
    if (!this.#hasCertificate()) return false;
    const api = await this.access();
    try {
      // After readyz a LIST may still be told to come again.
      await api.get('/api/v1/namespaces/default');
      await api.get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
      return true;
    } finally {
      api.close();
    }
  }

  /** It makes its certificate when it starts, as an empty file at first: a kubeconfig made of that trusts nobody. */
  #hasCertificate(): boolean {
    return (
      existsSync(this.#certificate) &&
      readFileSync(this.#certificate, 'utf8').trimEnd().endsWith('-----END CERTIFICATE-----')
    );
  }

  get #certificate(): string {
    return path.join(this.#folder, 'certificates/apiserver.crt');
  }

  #kubeconfigOf(user: KubernetesUser): object {
    const authority = readFileSync(this.#certificate).toString('base64');
    return {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': user,
      clusters: [{ name: 'test', cluster: { server: this.url, 'certificate-authority-data': authority } }],
      users: [{ name: user, user: { token: tokens[user] } }],
      contexts: [{ name: user, context: { cluster: 'test', user } }],
    };
  }

  #serverParameters(): readonly string[] {
    const file = (name: string): string => path.join(this.#folder, name);
    const [store = ''] = this.etcd.addresses;
    return [
      `--etcd-servers=http://${store}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${this.#port}`,
      `--cert-dir=${file('certificates')}`,
      '--endpoint-reconciler-type=none',
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${file('service-accounts.pub')}`,
      `--service-account-signing-key-file=${file('service-accounts.key')}`,
      `--token-auth-file=${file('tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--disable-admission-plugins=ServiceAccount',
      ...this.#parameters,
    ];
  }
}

/** Applies one object as a field manager does, whoever owns its fields. */
export async function applyAs(
  api: ApiServer,
  path: string,
  body: object,
  fieldManager = 'somebody-else',
): Promise<unknown> {
  const query = new URLSearchParams({ fieldManager, force: 'true' });
  return api.send({ method: 'PATCH', path: `${path}?${query}`, body, contentType: serverSideApply });
}

function writeCredentials(folder: string): void {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(path.join(folder, 'service-accounts.key'), keys.privateKey.export({ type: 'pkcs1', format: 'pem' }), {
    mode: 0o600,
  });
  writeFileSync(path.join(folder, 'service-accounts.pub'), keys.publicKey.export({ type: 'spki', format: 'pem' }));
  const users = [
    [tokens.admin, 'admin', 'admin', '"system:masters"'],
    [tokens.isthmus, serviceAccount.name, 'isthmus', `"${serviceAccount.groups.join(',')}"`],
  ];
  writeFileSync(path.join(folder, 'tokens.csv'), users.map((user) => `${user.join(',')}\n`).join(''), { mode: 0o600 });
}
