/** A stock Envoy beside a workload, started by nothing but what the product prints for it. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Role } from './cast.ts';
import { type ControlPlane, logTo, XDS } from './control-plane.ts';
import type { Place } from './network.ts';
import { until } from './until.ts';
import type { Visitor } from './visitor.ts';

const ADMIN = '127.0.0.1:15000';

export class Sidecar {
  readonly certificates: string;
  readonly #log: string;
  readonly #process: ChildProcess;
  readonly #visitor: Visitor;

  private constructor(folder: string, envoy: ChildProcess, visitor: Visitor) {
    this.certificates = path.join(folder, 'certificates');
    this.#log = path.join(folder, 'envoy.log');
    this.#process = envoy;
    this.#visitor = visitor;
  }

  /** Resolves once it has its clusters and listeners. */
  static async start(
    role: Role,
    place: Place,
    visitor: Visitor,
    {
      folder,
      envoy,
      controlPlane,
    }: { readonly folder: string; readonly envoy: string; readonly controlPlane: ControlPlane },
  ): Promise<Sidecar> {
    mkdirSync(folder, { recursive: true });
    const bootstrap = path.join(folder, 'envoy.yaml');
    const token = path.join(folder, 'token');
    const whose = ['-n', role.namespace, '--service-account', role.serviceAccount];
    writeFileSync(token, await controlPlane.isthmus('token', 'create', '--state', controlPlane.state, ...whose));
    const who = ['--kind', 'envoy', '--name', `${role.name}-1`, ...whose, '--address', role.address];
    const where = ['--xds-tls', XDS, '--certificates', path.join(folder, 'certificates')];
    const how = ['--token-file', token, '--roots', controlPlane.roots, '--admin', ADMIN, '--strict'];
    writeFileSync(bootstrap, await controlPlane.isthmusAt(place, 'proxy', 'bootstrap', ...who, ...where, ...how));
    const strict = ['--disable-hot-restart', '--reject-unknown-dynamic-fields', '--concurrency', '1', '-l', 'warning'];
    const log = path.join(folder, 'envoy.log');
    const child = place.start([envoy, '-c', bootstrap, ...strict], { stdio: logTo(log) });
    const sidecar = new Sidecar(folder, child, visitor);
    await until(`the sidecar of ${role.name} is ready`, async () => {
      if (child.exitCode !== null) throw new Error(`Envoy ended:\n${sidecar.log()}`);
      return (await visitor.ask({ url: `http://${ADMIN}/ready` })).status === 200;
    });
    return sidecar;
  }

  log(): string {
    return readFileSync(this.#log, 'utf8');
  }

  /** What its admin address says. */
  async ask(resource: string): Promise<string> {
    const { body } = await this.#visitor.ask({ url: `http://${ADMIN}${resource}` });
    return body;
  }

  /** Counters and gauges whose names match, by name. */
  async stats(filter: string): Promise<ReadonlyMap<string, number>> {
    const lines = (await this.ask(`/stats?usedonly&filter=${encodeURIComponent(filter)}`)).split('\n');
    const pairs = lines.map((line) => line.split(': '));
    return new Map(
      pairs.map(([name = '', value = '']) => [name, Number(value)] as const).filter(([name]) => name !== ''),
    );
  }

  async kill(): Promise<void> {
    const gone = once(this.#process, 'exit');
    if (this.#process.exitCode === null && this.#process.kill('SIGKILL')) await gone;
  }
}
