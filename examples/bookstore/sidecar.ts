/** A stock Envoy beside a workload, started by nothing but what the product prints for it. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Role } from './cast.ts';
import { hasEnded, kill } from './children.ts';
import { type ControlPlane, logTo, startKeeping, XDS } from './control-plane.ts';
import type { Place } from './network.ts';
import { until } from './until.ts';
import type { Visitor } from './visitor.ts';

const ADMIN = '127.0.0.1:15000';
/** Of what a sidecar sends that is handed all that others send. */
export const MARK = '1337';

export interface SidecarSetting {
  readonly role: Role;
  readonly place: Place;
  readonly visitor: Visitor;
  /** Where its files are. */
  readonly folder: string;
  /** Its command. */
  readonly envoy: string;
  /** What it reads in place of /etc/hosts. */
  readonly hosts: string;
}

export class Sidecar {
  readonly #setting: SidecarSetting;
  /** Envoy, and who keeps its certificate fresh. */
  #processes: readonly ChildProcess[] = [];

  private constructor(setting: SidecarSetting) {
    this.#setting = setting;
  }

  /** With its first certificate, and not started yet. */
  static async prepare(setting: SidecarSetting, controlPlane: ControlPlane): Promise<Sidecar> {
    const { role, place } = setting;
    const sidecar = new Sidecar(setting);
    const token = sidecar.#file('token');
    const whose = ['-n', role.namespace, '--service-account', role.serviceAccount];
    writeFileSync(token, await controlPlane.isthmus('token', 'create', '--state', controlPlane.state, ...whose));
    const who = ['--kind', 'envoy', '--name', `${role.name}-1`, ...whose, '--address', role.address];
    const where = ['--xds-tls', XDS, '--certificates', sidecar.certificates];
    const how = ['--token-file', token, '--roots', controlPlane.roots, '--admin', ADMIN, '--strict'];
    const handed = role.isRedirected === true ? ['--interception', 'redirect', '--mark', MARK] : [];
    const bootstrap = await controlPlane.isthmusAt(place, 'proxy', 'bootstrap', ...who, ...where, ...how, ...handed);
    writeFileSync(sidecar.#file('envoy.yaml'), bootstrap);
    return sidecar;
  }

  /** Resolves once it has its clusters and listeners. */
  async start(): Promise<void> {
    const { role, place, visitor, envoy, hosts } = this.#setting;
    const strict = ['--disable-hot-restart', '--reject-unknown-dynamic-fields', '--concurrency', '1', '-l', 'warning'];
    // Programs find virtual IPs under the names of the world outside; it has to find the world.
    const apart = ['unshare', '--mount', 'sh', '-e', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', hosts];
    const command = [...apart, envoy, '-c', this.#file('envoy.yaml'), ...strict];
    const child = place.start(command, { stdio: logTo(this.#file('envoy.log')) });
    this.#processes = [child, startKeeping(place, this.certificates, this.#file('certificates.log'))];
    await until(`the sidecar of ${role.name} is ready`, async () => {
      if (hasEnded(child)) throw new Error(`Envoy ended:\n${this.log()}`);
      return (await visitor.ask({ url: `http://${ADMIN}/ready` })).status === 200;
    });
  }

  /** Without a word of farewell. */
  async kill(): Promise<void> {
    const running = this.#processes;
    this.#processes = [];
    await kill(...running);
  }

  /** Whether it ended though nobody here had it end. */
  get hasFailed(): boolean {
    return this.#processes.some(hasEnded);
  }

  /** The folder of its certificate. */
  get certificates(): string {
    return this.#file('certificates');
  }

  /** What it said, warnings and worse. */
  log(): string {
    return readFileSync(this.#file('envoy.log'), 'utf8');
  }

  /** What its admin address says. */
  async ask(resource: string): Promise<string> {
    const { body } = await this.#setting.visitor.ask({ url: `http://${ADMIN}${resource}` });
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

  #file(name: string): string {
    return path.join(this.#setting.folder, name);
  }
}
