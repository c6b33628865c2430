/**
 * The bookstore, whole: a network of six workloads, each with a stock Envoy beside it, one control plane, and customers.
 *
 *   bookbuyer --+--> bookstore (v1, v2) --> bookwarehouse --> mysql
 *   bookthief --+
 *
 * Each arrow goes through two Envoys and mutual TLS. Programs dial names; what they come to is a virtual IP, local in
 * each workload's network namespace, on which its Envoy listens.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Cleanup } from '../quickstart/cleanup.ts';
import { cast, type Player, type Role } from './cast.ts';
import { ControlPlane, logTo } from './control-plane.ts';
import { databaseCommand } from './database.ts';
import { Ledger } from './ledger.ts';
import { HUB, Network, type Place } from './network.ts';
import { Sidecar } from './sidecar.ts';
import { Visitor } from './visitor.ts';

const here = import.meta.dirname;
const intercept = path.join(here, '../interception/intercept.sh');
const STRANGER = '10.42.0.99';

export interface Stage {
  /** Holds all files; a new one. */
  readonly folder: string;
  /** Its command. */
  readonly envoy: string;
  /** Without MariaDB the warehouse keeps its books in memory. */
  readonly hasDatabase: boolean;
}

export interface Actor {
  readonly role: Role;
  readonly place: Place;
  readonly visitor: Visitor;
  readonly sidecar: Sidecar;
  readonly program: ChildProcess | undefined;
}

export class Scene {
  readonly folder: string;
  readonly controlPlane: ControlPlane;
  /** In the network, but no part of the mesh. */
  readonly stranger: Visitor;
  readonly buyer: Ledger;
  readonly thief: Ledger;
  readonly #actors: ReadonlyMap<Player, Actor>;

  private constructor(
    folder: string,
    controlPlane: ControlPlane,
    stranger: Visitor,
    actors: ReadonlyMap<Player, Actor>,
  ) {
    this.folder = folder;
    this.controlPlane = controlPlane;
    this.stranger = stranger;
    this.#actors = actors;
    this.buyer = this.#startCustomer('bookbuyer');
    this.thief = this.#startCustomer('bookthief');
  }

  static async start(stage: Stage, cleanup: Cleanup, say: (text: string) => void): Promise<Scene> {
    const { folder } = stage;
    cpSync(path.join(here, 'manifests'), path.join(folder, 'manifests'), { recursive: true });
    const resolvConf = path.join(folder, 'resolv.conf');
    writeFileSync(resolvConf, `nameserver ${HUB}\n`);
    const network = await Network.start(resolvConf, cleanup);
    say('starting the control plane');
    const controlPlane = new ControlPlane(folder, network.hub, new Visitor(network.hub));
    await controlPlane.start();
    const players = (Object.keys(cast) as readonly Player[]).filter((name) => stage.hasDatabase || name !== 'mysql');
    say(`starting ${players.join(', ')}, each with its Envoy`);
    const actors = await Promise.all(
      players.map(async (name) => [name, await startActor(cast[name], network, controlPlane, stage)] as const),
    );
    const stranger = new Visitor(await network.join(STRANGER));
    return new Scene(folder, controlPlane, stranger, new Map(actors));
  }

  actor(name: Player): Actor {
    const actor = this.#actors.get(name);
    if (actor === undefined) throw new Error(`${name} does not play`);
    return actor;
  }

  get actors(): readonly Actor[] {
    return [...this.#actors.values()];
  }

  /** Copies the manifests of a step (steps/) over those that are there, as a user does. */
  apply(step: string): void {
    const from = path.join(here, 'steps', step);
    for (const file of readdirSync(from)) {
      const temporary = path.join(this.folder, file);
      copyFileSync(path.join(from, file), temporary);
      renameSync(temporary, path.join(this.folder, 'manifests', file));
    }
  }

  /** Takes a manifest away, if it is there. */
  remove(file: string): void {
    rmSync(path.join(this.folder, 'manifests', file), { force: true });
  }

  /** Ends a workload with its sidecar, as when its machine fails. */
  async kill(name: Player): Promise<void> {
    const { program, sidecar } = this.actor(name);
    if (program !== undefined && program.exitCode === null) {
      const gone = once(program, 'exit');
      program.kill('SIGKILL');
      await gone;
    }
    await sidecar.kill();
  }

  #startCustomer(name: 'bookbuyer' | 'bookthief'): Ledger {
    const command = programCommand(cast[name].program);
    const { stdout } = this.actor(name).place.start(command, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (stdout === null) throw new Error('the streams of a child are pipes');
    return new Ledger(stdout);
  }
}

async function startActor(role: Role, network: Network, controlPlane: ControlPlane, stage: Stage): Promise<Actor> {
  const place = await network.join(role.address);
  await place.run('sh', intercept, 'up');
  const folder = path.join(stage.folder, role.name);
  mkdirSync(folder);
  const program = startProgram(role, place, folder, stage.hasDatabase);
  const visitor = new Visitor(place);
  const sidecar = await Sidecar.start(role, place, visitor, { folder, envoy: stage.envoy, controlPlane });
  return { role, place, visitor, sidecar, program };
}

/** Customers come when everything stands. */
function startProgram(role: Role, place: Place, folder: string, hasDatabase: boolean): ChildProcess | undefined {
  if (role.name === 'bookbuyer' || role.name === 'bookthief') return undefined;
  const command = role.program === undefined ? databaseCommand(folder) : programCommand(role.program);
  const mysql = hasDatabase ? { MYSQL: 'mysql.bookwarehouse.svc.cluster.local' } : {};
  const env = { ...process.env, ...mysql, ...role.environment };
  return place.start(command, { stdio: logTo(path.join(folder, 'program.log')), env });
}

function programCommand(program: string): readonly string[] {
  return [process.execPath, path.join(here, 'programs', program)];
}
