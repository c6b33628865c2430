/** A workload: a network namespace in which its program and its sidecar run, and a visitor who asks there. */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Role } from './cast.ts';
import { hasEnded, kill } from './children.ts';
import { type ControlPlane, logTo, XDS } from './control-plane.ts';
import { databaseCommand } from './database.ts';
import type { Network, Place } from './network.ts';
import { MARK, Sidecar } from './sidecar.ts';
import { Visitor } from './visitor.ts';

const here = import.meta.dirname;
const interception = path.join(here, '../interception');

/** What all actors share. */
export interface Stage {
  /** Holds all files; a new one. */
  readonly folder: string;
  /** The command of the sidecars. */
  readonly envoy: string;
  /** Without MariaDB the warehouse keeps its books in memory. */
  readonly hasDatabase: boolean;
}

export class Actor {
  readonly role: Role;
  readonly place: Place;
  readonly visitor: Visitor;
  readonly sidecar: Sidecar;
  readonly #stage: Stage;
  #program: ChildProcess | undefined;

  private constructor(role: Role, place: Place, visitor: Visitor, sidecar: Sidecar, stage: Stage) {
    this.role = role;
    this.place = place;
    this.visitor = visitor;
    this.sidecar = sidecar;
    this.#stage = stage;
  }

  static async start(played: Role, network: Network, controlPlane: ControlPlane, stage: Stage): Promise<Actor> {
    // Without a database nobody calls a headless service, and nothing that redirects need be there.
    const role = { ...played, isRedirected: played.isRedirected === true && stage.hasDatabase };
    const place = await network.join(role.address);
    await place.run('sh', ...interceptionOf(role));
    const folder = path.join(stage.folder, role.name);
    mkdirSync(folder);
    const visitor = new Visitor(place);
    const hosts = path.join(stage.folder, 'outside-hosts');
    const sidecar = await Sidecar.prepare({ role, place, visitor, folder, envoy: stage.envoy, hosts }, controlPlane);
    const actor = new Actor(role, place, visitor, sidecar, stage);
    await actor.start();
    return actor;
  }

  get name(): string {
    return this.role.name;
  }

  /** Also once it was killed. */
  async start(): Promise<void> {
    if (this.role.isCustomer !== true) this.#program = this.#startProgram();
    await this.sidecar.start();
  }

  /** With its sidecar, as when its machine fails. */
  async kill(): Promise<void> {
    await this.sidecar.kill();
    if (this.#program !== undefined) await kill(this.#program);
    this.#program = undefined;
  }

  /** Whether something of it ended that nobody here had end. */
  get hasFailed(): boolean {
    return this.sidecar.hasFailed || (this.#program !== undefined && hasEnded(this.#program));
  }

  #startProgram(): ChildProcess {
    const folder = path.join(this.#stage.folder, this.role.name);
    const { program, environment } = this.role;
    const command = program === undefined ? databaseCommand(folder) : programCommand(program);
    const mysql = this.#stage.hasDatabase ? { MYSQL: 'mysql.bookwarehouse.svc.cluster.local' } : {};
    const env = { ...process.env, ...mysql, ...environment };
    return this.place.start(command, { stdio: logTo(path.join(folder, 'program.log')), env });
  }
}

/** The script that brings a workload's connections to its Envoy, but for those of who keeps its certificate. */
function interceptionOf({ isRedirected = false }: Role): readonly string[] {
  if (!isRedirected) return [path.join(interception, 'intercept.sh'), 'up'];
  const past = ['--proxy-mark', MARK, '--exclude-outbound', XDS.slice(XDS.lastIndexOf(':') + 1)];
  return [path.join(interception, 'redirect.sh'), 'up', ...past];
}

/** How one of programs/ is started. */
export function programCommand(program: string): readonly string[] {
  return [process.execPath, path.join(here, 'programs', program)];
}
