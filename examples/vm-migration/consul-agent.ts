/** A Consul agent in memory, of the program that is installed: what it knows is gone when it ends. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cleanup } from '../quickstart/cleanup.ts';
import { freePorts } from '../quickstart/free-ports.ts';

const READY_WITHIN_MS = 90_000;

/** The path of the program, where one is installed. */
export function findConsul(): string | undefined {
  try {
    return execFileSync('which', ['consul'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

interface Snapshot {
  readonly services: readonly {
    readonly name: string;
    readonly instances: readonly {
      readonly id: string;
      readonly address: string;
      readonly ports: readonly { readonly number: number; readonly protocol: string }[];
    }[];
  }[];
}

export class ConsulAgent {
  readonly address: string;
  readonly #program: string;
  readonly #parameters: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(program: string, http: number, parameters: readonly string[]) {
    this.address = `127.0.0.1:${http}`;
    this.#program = program;
    this.#parameters = parameters;
  }

  /** Chooses its ports; what it starts ends with `cleanup`. */
  static async create(program: string, cleanup: Cleanup): Promise<ConsulAgent> {
    const [http = 0, server = 0, lan = 0, wan = 0] = await freePorts(4);
    const ports = [`-http-port=${http}`, `-server-port=${server}`, `-serf-lan-port=${lan}`, `-serf-wan-port=${wan}`];
    const off = ['-dns-port=-1', '-grpc-port=-1', '-grpc-tls-port=-1', '-hcl', 'disable_update_check = true'];
    const parameters = ['agent', '-dev', '-bind=127.0.0.1', '-client=127.0.0.1', ...ports, ...off];
    return cleanup.own(
      () => new ConsulAgent(program, http, parameters),
      async (agent) => agent.kill(),
    );
  }

  /** Resolves when it has a leader. */
  async start(): Promise<void> {
    const child = spawn(this.#program, this.#parameters, { stdio: 'ignore' });
    this.#process = child;
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    const deadline = performance.now() + READY_WITHIN_MS;
    while (child.exitCode === null && performance.now() < deadline) {
      if (await this.#hasLeader()) return;
      await sleep(50);
    }
    throw new Error(`"${this.#program} ${this.#parameters.join(' ')}" did not get ready`);
  }

  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** What a snapshot holds. */
  async register(snapshot: string): Promise<void> {
    const { services }: Snapshot = JSON.parse(snapshot);
    for (const { name, instances } of services) {
      for (const { id, address, ports } of instances) {
        const [{ number, protocol } = { number: 0, protocol: '' }] = ports;
        const body = JSON.stringify({ ID: id, Name: name, Address: address, Port: number, Meta: { protocol } });
        const response = await fetch(`http://${this.address}/v1/agent/service/register`, { method: 'PUT', body });
        if (!response.ok) throw new Error(`Consul does not take ${id}: ${await response.text()}`);
      }
    }
  }

  async #hasLeader(): Promise<boolean> {
    try {
      const response = await fetch(`http://${this.address}/v1/health/state/passing`);
      return response.ok && (await response.text()).includes('serfHealth');
    } catch {
      return false;
    }
  }
}
