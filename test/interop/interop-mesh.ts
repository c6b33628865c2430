/** The product as its users run it, for tests with peers: `isthmus run` on manifests, `isthmus proxy` for callers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { Cleanup } from '../../examples/quickstart/cleanup.ts';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { startIsthmus } from '../../examples/quickstart/isthmus-process.ts';

const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');

/** The settings of the mesh, in `mesh.yaml`; `more` are further lines of the spec. */
export const meshConfig = (more = ''): string => `apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec:
  virtualIps: { ipv4: [127.241.0.0/16], ipv6: [] }
${more}`;

interface Lease {
  readonly key: string;
  readonly ipv4?: string;
}

export class InteropMesh {
  readonly cleanup = new Cleanup();
  readonly folder = mkdtempSync(path.join(tmpdir(), 'isthmus-interop-'));
  /** Addresses of the control plane. */
  readonly xds: string;
  readonly admin: string;
  #controlPlane: ChildProcess | undefined;

  constructor(xdsPort: number, adminPort: number) {
    this.xds = `127.0.0.1:${xdsPort}`;
    this.admin = `127.0.0.1:${adminPort}`;
    this.cleanup.own(
      () => mkdirSync(path.join(this.folder, 'manifests')),
      () => rmSync(this.folder, { recursive: true }),
    );
  }

  /** `settings`: further lines of the MeshConfig's spec. */
  static async start(manifests: Readonly<Record<string, string>>, settings = ''): Promise<InteropMesh> {
    const [xdsPort = 0, adminPort = 0] = await freePorts(2);
    const mesh = new InteropMesh(xdsPort, adminPort);
    for (const [file, text] of Object.entries({ ...manifests, 'mesh.yaml': meshConfig(settings) }))
      mesh.write(file, text);
    await mesh.startControlPlane();
    return mesh;
  }

  /** Also once it was killed: at its addresses, with its state folder. */
  async startControlPlane(): Promise<void> {
    const run = [
      'run',
      '--insecure-identities',
      '-f',
      path.join(this.folder, 'manifests'),
      '--state',
      path.join(this.folder, 'state'),
    ];
    const log = path.join(this.folder, 'control-plane.log');
    this.#controlPlane = await startIsthmus([...run, '--xds', this.xds], this.admin, log, this.cleanup);
  }

  /** Without a word of farewell. */
  async killControlPlane(): Promise<void> {
    if (this.#controlPlane === undefined) throw new Error('no control plane runs');
    const gone = once(this.#controlPlane, 'exit');
    this.#controlPlane.kill('SIGKILL');
    this.#controlPlane = undefined;
    await gone;
  }

  /** What a command that asks the control plane says and ends with. */
  async isthmus(...parameters: readonly string[]): Promise<{ readonly code: unknown; readonly output: string }> {
    const child = spawn(process.execPath, [program, ...parameters, '--admin', this.admin], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    return { code, output };
  }

  /** Replaces a manifest at one blow. */
  write(file: string, text: string): void {
    const temporary = path.join(this.folder, file);
    writeFileSync(temporary, text);
    renameSync(temporary, path.join(this.folder, 'manifests', file));
  }

  remove(file: string): void {
    rmSync(path.join(this.folder, 'manifests', file));
  }

  /** Where callers are, or beside the workloads at these addresses. */
  async startProxy(node: string, namespace: string, addresses: readonly string[] = []): Promise<void> {
    const [adminPort = 0] = await freePorts(1);
    const proxy = ['proxy', '--xds', this.xds, '--node', node, '--namespace', namespace];
    const beside = addresses.flatMap((address) => ['--address', address]);
    const log = path.join(this.folder, `${node}.log`);
    await startIsthmus([...proxy, ...beside], `127.0.0.1:${adminPort}`, log, this.cleanup);
  }

  /** What the control plane wrote since it was started last. */
  log(): string {
    return readFileSync(path.join(this.folder, 'control-plane.log'), 'utf8');
  }

  /** What the admin API says. */
  async get(resource: string): Promise<unknown> {
    const response = await fetch(`http://${this.admin}/api/v1/${resource}`);
    return response.json();
  }

  async virtualIp(host: string): Promise<string> {
    const response = await fetch(`http://${this.admin}/api/v1/virtual-ips`);
    const leases: readonly Lease[] = JSON.parse(await response.text());
    const address = leases.find(({ key }) => key.endsWith(`/${host}`))?.ipv4;
    if (address === undefined) throw new Error(`no virtual IP for ${host}`);
    return address;
  }

  async stop(): Promise<void> {
    await this.cleanup.run();
  }
}
