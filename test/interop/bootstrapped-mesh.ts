/** A secured mesh with stock Envoys, by nothing but the commands that docs/envoy.md names. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { startIsthmus } from '../../examples/quickstart/isthmus-process.ts';
import { EnvoyAdmin } from './envoy-admin.ts';
import type { Workload } from './envoy-process.ts';
import { InteropMesh, meshConfig } from './interop-mesh.ts';

const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');
const READY_WITHIN_MS = 90_000;

export interface BootstrappedEnvoy {
  readonly adminPort: number;
  /** Its folder of certificates. */
  readonly certificates: string;
  readonly admin: EnvoyAdmin;
  log(): string;
  /** SIGSTOP, SIGCONT. */
  signal(name: NodeJS.Signals): void;
  /** Without a word of farewell; resolves when it is gone. */
  kill(): Promise<void>;
  /** Another process with the same files; resolves once its listeners stand. */
  again(): Promise<BootstrappedEnvoy>;
}

export class BootstrappedMesh {
  readonly #mesh: InteropMesh;
  readonly #envoy: string;
  readonly #xdsTls: string;
  #controlPlane: ChildProcess | undefined;

  private constructor(mesh: InteropMesh, envoy: string, xdsTls: string) {
    this.#mesh = mesh;
    this.#envoy = envoy;
    this.#xdsTls = xdsTls;
  }

  static async start(envoy: string, manifests: Readonly<Record<string, string>>): Promise<BootstrappedMesh> {
    const [xds = 0, xdsTls = 0, admin = 0] = await freePorts(3);
    const mesh = new InteropMesh(xds, admin);
    const started = new BootstrappedMesh(mesh, envoy, `127.0.0.1:${xdsTls}`);
    const all = { ...manifests, 'mesh.yaml': meshConfig('  access: { mode: Enforced }\n') };
    for (const [file, manifest] of Object.entries(all)) mesh.write(file, manifest);
    await started.startControlPlane();
    writeFileSync(started.at('roots.pem'), await started.#isthmus('token', 'roots', '--state', started.at('state')));
    return started;
  }

  at(name: string): string {
    return path.join(this.#mesh.folder, name);
  }

  /** What the admin address answers, JSON. */
  async get(resource: string): Promise<unknown> {
    return (await fetch(`http://${this.#mesh.admin}${resource}`)).json();
  }

  virtualIp(host: string): Promise<string> {
    return this.#mesh.virtualIp(host);
  }

  /** What the command prints; beside it the certificate, with a token of its own, is a new one. */
  async bootstrap({ address, namespace, serviceAccount }: Workload, adminPort: number): Promise<string> {
    const whose = ['-n', namespace, '--service-account', serviceAccount];
    const token = this.at(`${serviceAccount}.token`);
    writeFileSync(token, await this.#isthmus('token', 'create', '--state', this.at('state'), ...whose));
    const who = ['--kind', 'envoy', '--name', `${serviceAccount}-1`, ...whose, '--address', address];
    const where = ['--xds-tls', this.#xdsTls, '--certificates', this.#certificatesOf(serviceAccount)];
    const how = ['--token-file', token, '--roots', this.at('roots.pem'), '--admin', `127.0.0.1:${adminPort}`];
    return this.#isthmus('proxy', 'bootstrap', ...who, ...where, ...how, '--strict');
  }

  /** Resolves once its listeners stand. */
  async startEnvoy(workload: Workload): Promise<BootstrappedEnvoy> {
    const [adminPort = 0] = await freePorts(1);
    const file = this.at(`${workload.serviceAccount}.yaml`);
    writeFileSync(file, await this.bootstrap(workload, adminPort));
    execFileSync(this.#envoy, ['--mode', 'validate', '-c', file], { stdio: 'ignore' });
    return this.#runEnvoy(workload, adminPort, file);
  }

  async #runEnvoy(workload: Workload, adminPort: number, file: string): Promise<BootstrappedEnvoy> {
    const log = () => readFileSync(this.at(`${workload.serviceAccount}.log`), 'utf8');
    const child = this.#spawnEnvoy(file, this.at(`${workload.serviceAccount}.log`));
    const admin = new EnvoyAdmin(adminPort);
    const deadline = performance.now() + READY_WITHIN_MS;
    while (!(await admin.isReady())) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`Envoy is not ready. Its log:\n${log()}`);
      await sleep(20);
    }
    return {
      adminPort,
      admin,
      certificates: this.#certificatesOf(workload.serviceAccount),
      log,
      signal: (name) => void child.kill(name),
      kill: () => killed(child),
      again: () => this.#runEnvoy(workload, adminPort, file),
    };
  }

  async stop(): Promise<void> {
    await this.#mesh.stop();
  }

  /** As the machine below it does: the one before is gone without a word. */
  async restartControlPlane(): Promise<void> {
    await this.killControlPlane();
    await this.startControlPlane();
  }

  async killControlPlane(): Promise<void> {
    if (this.#controlPlane !== undefined) await killed(this.#controlPlane);
  }

  async startControlPlane(): Promise<void> {
    const files = ['-f', this.at('manifests'), '--state', this.at('state')];
    const run = ['run', ...files, '--xds', this.#mesh.xds, '--xds-tls', this.#xdsTls];
    const { admin, cleanup } = this.#mesh;
    this.#controlPlane = await startIsthmus(run, admin, this.at('control-plane.log'), cleanup);
  }

  write(file: string, manifest: string): void {
    this.#mesh.write(file, manifest);
  }

  remove(file: string): void {
    this.#mesh.remove(file);
  }

  /** What `isthmus proxy certificates` ends with when it is told to, once it has looked into the folder. */
  async keepFresh({ certificates }: BootstrappedEnvoy): Promise<unknown> {
    const keeping = ['proxy', 'certificates', '--xds-tls', this.#xdsTls, '--certificates', certificates];
    const child = spawn(process.execPath, [program, ...keeping], { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = once(child, 'exit');
    child.stderr.once('data', () => child.kill('SIGTERM'));
    const [code] = await ended;
    return code;
  }

  #certificatesOf(serviceAccount: string): string {
    return this.at(`${serviceAccount}-certificates`);
  }

  #spawnEnvoy(file: string, log: string): ChildProcess {
    const output = openSync(log, 'w');
    const strict = ['--disable-hot-restart', '--reject-unknown-dynamic-fields', '-l', 'warning'];
    const child = spawn(this.#envoy, ['-c', file, '--concurrency', '1', ...strict], {
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    this.#mesh.cleanup.own(() => child, killed);
    return child;
  }

  async #isthmus(...parameters: readonly string[]): Promise<string> {
    const child = spawn(process.execPath, [program, ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [output, said, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    if (code !== 0 || said !== '') throw new Error(`isthmus ${parameters.join(' ')}: ${code}\n${said}`);
    return output;
  }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
