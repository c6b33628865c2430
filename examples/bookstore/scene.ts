/**
 * The bookstore, whole: a network of six workloads, each with a stock Envoy beside it, one control plane, and customers.
 *
 *   bookbuyer --+--> bookstore (v1, v2) --> bookwarehouse --> mysql
 *   bookthief --+
 *
 * Each arrow goes through two Envoys and mutual TLS. Programs dial names; what they come to is a virtual IP, local in
 * each workload's network namespace, on which its Envoy listens.
 */
import { copyFileSync, cpSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Cleanup } from '../quickstart/cleanup.ts';
import { Actor, programCommand, type Stage } from './actor.ts';
import { cast, type Player } from './cast.ts';
import { ControlPlane } from './control-plane.ts';
import { Ledger } from './ledger.ts';
import { HUB, Network, type Place } from './network.ts';
import { outsideHosts, startHttpbin, startIngress, startStranger } from './outside.ts';
import { Visitor } from './visitor.ts';

const here = import.meta.dirname;

/** In the network, but no part of the mesh. */
interface Outside {
  readonly stranger: Visitor;
  readonly ingress: Visitor;
}

/** What plays, and can be started once more. */
interface Part {
  readonly name: string;
  readonly hasFailed: boolean;
  kill(): Promise<void>;
  start(): Promise<void>;
}

export class Scene {
  readonly folder: string;
  readonly controlPlane: ControlPlane;
  readonly outside: Outside;
  readonly buyer: Ledger;
  readonly thief: Ledger;
  readonly #actors: ReadonlyMap<Player, Actor>;

  private constructor(
    folder: string,
    controlPlane: ControlPlane,
    outside: Outside,
    actors: ReadonlyMap<Player, Actor>,
  ) {
    this.folder = folder;
    this.controlPlane = controlPlane;
    this.outside = outside;
    this.#actors = actors;
    this.buyer = this.#startCustomer('bookbuyer');
    this.thief = this.#startCustomer('bookthief');
  }

  static async start(stage: Stage, cleanup: Cleanup, say: (text: string) => void): Promise<Scene> {
    const { folder } = stage;
    cpSync(path.join(here, 'manifests'), path.join(folder, 'manifests'), { recursive: true });
    const files = { hosts: path.join(folder, 'hosts'), resolvConf: path.join(folder, 'resolv.conf') };
    writeFileSync(files.resolvConf, `nameserver ${HUB}\n`);
    writeFileSync(files.hosts, '');
    writeFileSync(path.join(folder, 'outside-hosts'), outsideHosts);
    const network = await Network.start(files, cleanup);
    say('starting the control plane');
    const controlPlane = new ControlPlane(folder, network.hub, new Visitor(network.hub));
    await controlPlane.start();
    writeFileSync(files.hosts, await hostsOf(controlPlane));
    const players = (Object.keys(cast) as readonly Player[]).filter((name) => stage.hasDatabase || name !== 'mysql');
    say(`starting ${players.join(', ')}, each with its Envoy`);
    const [stranger, ingress, ...actors] = await Promise.all([
      startStranger(network),
      startIngress(network),
      ...players.map(async (name) => [name, await Actor.start(cast[name], network, controlPlane, stage)] as const),
      startHttpbin(network, path.join(folder, 'httpbin')),
    ]);
    const outside = { stranger, ingress };
    return new Scene(folder, controlPlane, outside, new Map(actors.filter((actor) => actor !== undefined)));
  }

  actor(name: Player): Actor {
    const actor = this.#actors.get(name);
    if (actor === undefined) throw new Error(`${name} does not play`);
    return actor;
  }

  get actors(): readonly Actor[] {
    return [...this.#actors.values()];
  }

  /** Network namespaces by who is there. */
  get places(): ReadonlyMap<string, Place> {
    const { stranger, ingress } = this.outside;
    const others = { hub: this.controlPlane, stranger, ingress };
    const all = [...this.actors.map((actor) => [actor.name, actor] as const), ...Object.entries(others)];
    return new Map(all.map(([name, { place }]) => [name, place]));
  }

  /** Starts what somebody killed once more, as whoever watches over processes does. */
  async restore(say: (text: string) => void): Promise<void> {
    const parts: readonly Part[] = [this.controlPlane, ...this.actors];
    for (const part of parts.filter(({ hasFailed }) => hasFailed)) {
      say(`${part.name} has ended: starting it again`);
      await part.kill();
      await part.start();
    }
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

  #startCustomer(name: 'bookbuyer' | 'bookthief'): Ledger {
    const command = programCommand(cast[name].program);
    const { stdout } = this.actor(name).place.start(command, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (stdout === null) throw new Error('the streams of a child are pipes');
    return new Ledger(stdout);
  }
}

/** Virtual IPs never move, so that a file can hold them: it outlives the control plane, and with it its DNS server. */
async function hostsOf(controlPlane: ControlPlane): Promise<string> {
  const services: readonly { readonly host: string; readonly addresses: readonly string[] }[] = JSON.parse(
    await controlPlane.isthmus('services', '-o', 'json'),
  );
  const lines = services.flatMap(({ host, addresses }) => addresses.map((address) => `${address} ${host}\n`));
  // Headless services have the addresses of their endpoints, as the DNS server says.
  const headless = services.filter(({ addresses }) => addresses.length === 0);
  const found = await Promise.all(headless.map(({ host }) => controlPlane.place.run('getent', 'ahostsv4', host)));
  const dialled = found.flatMap((output, index) => {
    const addresses = new Set([...output.matchAll(/^\S+/gm)].map(([address]) => address));
    return [...addresses].map((address) => `${address} ${headless[index]?.host}\n`);
  });
  return ['127.0.0.1 localhost\n', ...lines, ...dialled].join('');
}
