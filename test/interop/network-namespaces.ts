/** Machines of a test: network namespaces below the one that it runs in, each joined to it by a pair of interfaces. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a command with the arguments that are divided by single spaces. */
export async function sh(line: string): Promise<string> {
  const [command = '', ...parameters] = line.split(' ');
  const { stdout } = await run(command, parameters);
  return stdout;
}

export class Machine {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  /** `here` and `there`: addresses with prefix lengths of the two ends; what is for others goes to the other end. */
  static async start(name: string, here: readonly string[], there: readonly string[]): Promise<Machine> {
    // It ends when the test does, whose end of the pipe it reads.
    const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
    const own = readlinkSync('/proc/self/ns/net');
    while (readlinkSync(`/proc/${holder.pid}/ns/net`) === own) await sleep(5);
    const machine = new Machine(holder);
    await sh(`ip link add ${name} type veth peer name eth0 netns ${holder.pid}`);
    for (const address of here) await sh(`ip addr add ${address} dev ${name}${noDetection(address)}`);
    for (const address of there) await machine.sh(`ip addr add ${address} dev eth0${noDetection(address)}`);
    await sh(`ip link set ${name} up`);
    for (const device of ['lo', 'eth0']) await machine.sh(`ip link set ${device} up`);
    for (const address of here) await machine.sh(`ip route add default via ${address.split('/')[0]}`);
    return machine;
  }

  async sh(line: string): Promise<string> {
    return sh(this.#inside(line));
  }

  /** Until it is killed. */
  spawn(line: string): ChildProcess {
    const [command = '', ...parameters] = this.#inside(line).split(' ');
    return spawn(command, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  async stop(): Promise<void> {
    const gone = once(this.#holder, 'exit');
    this.#holder.stdin?.end();
    await gone;
  }

  #inside(line: string): string {
    return `nsenter --net=/proc/${this.#holder.pid}/ns/net ${line}`;
  }
}

/** IPv6 addresses are good at once, not after their machine has asked whether somebody has them. */
function noDetection(address: string): string {
  return address.includes(':') ? ' nodad' : '';
}
