/** An istiod of its own on an API server of tests, on loopback and free ports. It injects nothing and validates nothing. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import type { KubernetesServer } from '../kubernetes/kubernetes-server.ts';
import { ServerProcess } from '../server-process.ts';
import { istiodPeer, istioManifests } from './istiod-peer.ts';

const namespaces = ['istio-system', 'isthmus-system']
  .map((name) => JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
  .join('\n---\n');

export class Istiod {
  /** Of plain xDS, `host:port`. */
  readonly xds: string;
  /** Of xDS and of its authority, over TLS. */
  readonly secured: string;
  /** Milliseconds of performance.now() at which its process was started. */
  readonly startedAt: number;
  readonly #http: string;
  readonly #monitoring: string;
  readonly #running: ServerProcess;
  readonly #folder: string;

  private constructor(startedAt: number, ports: readonly number[], running: ServerProcess, folder: string) {
    this.startedAt = startedAt;
    const [http, , xds, secured, monitoring] = ports.map((port) => `127.0.0.1:${port}`);
    this.#http = http ?? '';
    this.xds = xds ?? '';
    this.secured = secured ?? '';
    this.#monitoring = monitoring ?? '';
    this.#running = running;
    this.#folder = folder;
  }

  /** Applies Istio's definitions first. `environment`: of its process, beside what it needs. */
  static async start(server: KubernetesServer, environment: Readonly<Record<string, string>> = {}): Promise<Istiod> {
    const command = istiodPeer.find();
    if (command === undefined) throw new Error('istiod is not built: node test/peers/istio/install.ts');
    await server.apply(`${istioManifests()}\n---\n${namespaces}`);
    const waited = await server.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
    if (waited.code !== 0) throw new Error(waited.stderr);
    const ports = await freePorts(5);
    const [http, https, xds, secured, monitoring] = ports;
    const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-istiod-'));
    const startedAt = performance.now();
    const running = await ServerProcess.start({
      command,
      cwd: folder,
      parameters: [
        'discovery',
        `--kubeconfig=${server.kubeconfig()}`,
        '--registries=Kubernetes',
        `--httpAddr=127.0.0.1:${http}`,
        `--httpsAddr=127.0.0.1:${https}`,
        `--grpcAddr=127.0.0.1:${xds}`,
        `--secureGRPCAddr=127.0.0.1:${secured}`,
        `--monitoringAddr=127.0.0.1:${monitoring}`,
        '--ctrlz_address=127.0.0.1',
        '--ctrlz_port=0',
        `--log_target=${path.join(folder, 'log')}`,
      ],
      environment: { POD_NAME: 'istiod-0', POD_NAMESPACE: 'istio-system', INJECT_ENABLED: 'false', ...environment },
      isReady: async () => (await fetch(`http://127.0.0.1:${http}/ready`)).ok,
    });
    return new Istiod(startedAt, ports, running, folder);
  }

  get pid(): number {
    return this.#running.pid;
  }

  /** Lines of its log that tell of something that it did not like, and name one of these. */
  complaintsAbout(...names: readonly string[]): readonly string[] {
    return readFileSync(path.join(this.#folder, 'log'), 'utf8')
      .split('\n')
      .filter((line) => /\t(warn|error|fatal)\t/.test(line) && names.some((name) => line.includes(name)));
  }

  /** A counter of its own, all labels added up. */
  async counted(metric: string): Promise<number> {
    const text = await (await fetch(`http://${this.#monitoring}/metrics`)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Of its debugging addresses. */
  async debug(from: string): Promise<unknown> {
    return JSON.parse(await (await fetch(`http://${this.#http}/debug/${from}`)).text());
  }

  async stop(): Promise<void> {
    await this.#running.terminate();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
