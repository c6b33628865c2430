/** `isthmus run` at the hub of the network, and the commands that go with it. */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hasEnded, kill } from './children.ts';
import { HUB, type Place } from './network.ts';
import { until } from './until.ts';
import type { Visitor } from './visitor.ts';

const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');
export const XDS = `${HUB}:15012`;
const ADMIN = '127.0.0.1:15014';

export class ControlPlane {
  readonly #folder: string;
  readonly #hub: Place;
  readonly #visitor: Visitor;
  #process: ChildProcess | undefined;

  constructor(folder: string, hub: Place, visitor: Visitor) {
    if (!existsSync(program)) throw new Error(`${program} is not there; "npm run build" makes it`);
    this.#folder = folder;
    this.#hub = hub;
    this.#visitor = visitor;
  }

  get name(): string {
    return 'the control plane';
  }

  /** Where it runs. */
  get place(): Place {
    return this.#hub;
  }

  get log(): string {
    return path.join(this.#folder, 'control-plane.log');
  }

  get state(): string {
    return path.join(this.#folder, 'state');
  }

  async start(): Promise<void> {
    const files = ['-f', path.join(this.#folder, 'manifests'), '--state', this.state];
    const addresses = ['--xds-tls', XDS, '--dns', `${HUB}:53`, '--admin', ADMIN];
    const command = [process.execPath, program, 'run', ...files, ...addresses, '--log-format', 'text'];
    const started = this.#hub.start(command, { stdio: logTo(this.log) });
    this.#process = started;
    await until('the control plane is ready', async () => {
      if (hasEnded(started)) throw new Error(`the control plane ended:\n${readFileSync(this.log, 'utf8')}`);
      return (await this.#visitor.ask({ url: `http://${ADMIN}/readyz` })).status === 200;
    });
    writeFileSync(this.roots, await this.isthmus('token', 'roots', '--state', this.state));
  }

  get roots(): string {
    return path.join(this.#folder, 'roots.pem');
  }

  /** Without a word of farewell. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running !== undefined) await kill(running);
  }

  /** Whether it ended though nobody here had it end. */
  get hasFailed(): boolean {
    return this.#process !== undefined && hasEnded(this.#process);
  }

  /** What a command of the product prints, run at the hub. */
  isthmus(...parameters: readonly string[]): Promise<string> {
    return this.#hub.run(process.execPath, program, ...parameters);
  }

  /** The same, where a workload is. */
  isthmusAt(place: Place, ...parameters: readonly string[]): Promise<string> {
    return place.run(process.execPath, program, ...parameters);
  }
}

/** Keeps the certificate of a sidecar fresh, and the roots that it knows: a program that stays. */
export function startKeeping(place: Place, certificates: string, log: string): ChildProcess {
  const keep = ['proxy', 'certificates', '--xds-tls', XDS, '--certificates', certificates, '--log-format', 'text'];
  return place.start([process.execPath, program, ...keep], { stdio: logTo(log) });
}

/** For a child that writes to a file, also after this program has ended. */
export function logTo(file: string): SpawnOptions['stdio'] {
  const output = openSync(file, 'a');
  setImmediate(() => closeSync(output));
  return ['ignore', output, output];
}
