/**
 * A network of its own, on this machine and without privileges: a bridge in one network namespace, and for each workload
 * a namespace that is joined to it. All of it is gone with the process that made it.
 *
 *   hub 10.42.0.1 (control plane) ---- bridge ---+--- 10.42.0.11  a workload, its sidecar; 127.0.0.1 is its own
 *                                                +--- 10.42.0.12  another
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Cleanup } from '../quickstart/cleanup.ts';
import { kill } from './children.ts';

export const HUB = '10.42.0.1';

/** A program that is killed with its parent, also if that is gone before this says so. */
const mortal = ['setpriv', '--pdeathsig', 'KILL', '--', 'sh', '-c', '[ "$PPID" = "$0" ] && exec "$@"'];

/** A network namespace, in which programs are started. */
export class Place {
  readonly #pid: number;
  readonly #cleanup: Cleanup;

  constructor(pid: number, cleanup: Cleanup) {
    this.#pid = pid;
    this.#cleanup = cleanup;
  }

  /** How somebody else gets in: what to put before a command. */
  get enter(): readonly string[] {
    return ['nsenter', '-t', String(this.#pid), '-U', '-n', '-m', '--preserve-credentials', `--wd=${process.cwd()}`];
  }

  get namespace(): string {
    return `/proc/${this.#pid}/ns/net`;
  }

  /** A program that is killed with this one, or by the cleanup. */
  start(command: readonly string[], options: SpawnOptions): ChildProcess {
    return this.#cleanup.own(() => this.#spawn(command, options), kill);
  }

  /** What a command prints; throws with what it says if it fails. */
  async run(...command: readonly string[]): Promise<string> {
    const child = this.#spawn(command, { stdio: ['ignore', 'pipe', 'pipe'] });
    const [output, said, [code]] = await Promise.all([
      child.stdout === null ? '' : text(child.stdout),
      child.stderr === null ? '' : text(child.stderr),
      once(child, 'exit'),
    ]);
    if (code !== 0) throw new Error(`${command.join(' ')}: ended with ${code}\n${said}${output}`);
    return output;
  }

  #spawn(command: readonly string[], options: SpawnOptions): ChildProcess {
    const [program = '', ...parameters] = [...this.enter, ...mortal, String(process.pid), ...command];
    return spawn(program, parameters, options);
  }
}

export class Network {
  readonly hub: Place;
  readonly #cleanup: Cleanup;
  #joined = 0;

  private constructor(hub: Place, cleanup: Cleanup) {
    this.hub = hub;
    this.#cleanup = cleanup;
  }

  /** Everybody in it resolves names as these files say: /etc/hosts first, then whom /etc/resolv.conf names. */
  static async start(
    files: { readonly hosts: string; readonly resolvConf: string },
    cleanup: Cleanup,
  ): Promise<Network> {
    const make = `ip link set lo up
      ip link add mesh type bridge && ip addr add ${HUB}/24 dev mesh && ip link set mesh up
      mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/resolv.conf`;
    const parameters = ['-e', '-c', holding(make), files.hosts, files.resolvConf];
    const unshare = ['unshare', '--map-root-user', '--net', '--mount', 'sh', ...parameters];
    return new Network(await held((options) => spawn(unshare[0] ?? '', unshare.slice(1), options), cleanup), cleanup);
  }

  async join(address: string): Promise<Place> {
    const hold = ['unshare', '--net', 'sh', '-e', '-c', holding('ip link set lo up')];
    const [program = '', ...parameters] = [...this.hub.enter, ...hold];
    const place = await held((options) => spawn(program, parameters, options), this.#cleanup);
    const cable = `cable-${this.#joined++}`;
    const peer = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', place.namespace];
    await this.hub.run('ip', 'link', 'add', cable, ...peer);
    await this.hub.run('ip', 'link', 'set', cable, 'master', 'mesh', 'up');
    await place.run('ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    await place.run('ip', 'link', 'set', 'eth0', 'up');
    return place;
  }
}

/** Says that all is made, and ends when whoever started it does. */
function holding(make: string): string {
  return `${make}\necho made\nexec cat > /dev/null`;
}

async function held(start: (options: SpawnOptions) => ChildProcess, cleanup: Cleanup): Promise<Place> {
  const child = cleanup.own(() => start({ stdio: ['pipe', 'pipe', 'pipe'] }), kill);
  const { stdout, stderr, pid = 0 } = child;
  if (stdout === null || stderr === null) throw new Error('the streams of a child are pipes');
  const made = await Promise.race([once(stdout, 'data'), once(child, 'exit'), once(child, 'error')]);
  if (!Buffer.isBuffer(made[0]))
    throw new Error(`this machine makes no network namespaces (unshare --map-root-user --net): ${await text(stderr)}`);
  return new Place(pid, cleanup);
}
