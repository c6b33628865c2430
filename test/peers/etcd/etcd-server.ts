/** An etcd of its own, on loopback and free ports, with an empty store: one member, or a cluster of several. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import { goPeer } from '../go-peer.ts';
import { isAccepting, ServerProcess } from '../server-process.ts';

export const etcdPeer = goPeer({
  name: 'etcd',
  purpose: 'etcd 3.6, a store that is used as a registry',
  folder: import.meta.dirname,
  source: 'go.etcd.io/etcd/server/v3',
});

interface Member {
  readonly client: number;
  readonly name: string;
  readonly parameters: readonly string[];
  readonly data: string;
}

export interface EtcdServerOptions {
  readonly members?: number;
  /** With a certificate that it makes for itself: see certificate. */
  readonly tls?: boolean;
}

export class EtcdServer {
  readonly #program: string;
  readonly #folder: string;
  readonly #members: readonly Member[];
  readonly #running = new Map<Member, ServerProcess>();
  readonly #isTls: boolean;
  /** Of its root user, once there are users. */
  #token = '';

  private constructor(program: string, folder: string, members: readonly Member[], isTls: boolean) {
    this.#program = program;
    this.#folder = folder;
    this.#members = members;
    this.#isTls = isTls;
  }

  static async start({ members = 1, tls = false }: EtcdServerOptions = {}): Promise<EtcdServer> {
    const program = etcdPeer.find();
    if (program === undefined) throw new Error('etcd is not installed');
    const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-etcd-'));
    const server = new EtcdServer(program, folder, await planMembers(members, folder, tls), tls);
    await server.restart();
    return server;
  }

  /** Of all members, as a ServiceRegistry names them. */
  get addresses(): readonly string[] {
    return this.#members.map(({ client }) => `${this.#isTls ? 'https://' : ''}127.0.0.1:${client}`);
  }

  /** Path of the certificate of a server with TLS, which it signed itself. */
  get certificate(): string {
    return path.join(this.#members[0]?.data ?? '', 'fixtures/client/cert.pem');
  }

  /** Starts all members again with the store that they have. */
  async restart(): Promise<void> {
    await this.kill();
    await Promise.all(this.#members.map((member) => this.#start(member)));
    // It forgets tokens with its memory.
    if (this.#token !== '') await this.#logIn();
  }

  /** Starts it again with nothing in its store: no keys, no users, revision 1. */
  async restartEmpty(): Promise<void> {
    await this.kill();
    for (const { data } of this.#members) rmSync(data, { recursive: true, force: true });
    this.#token = '';
    await this.restart();
  }

  /** Keeps a copy of its store as it is now, for `restartAsKept`. It is started again. */
  async keep(): Promise<void> {
    await this.kill();
    for (const { data } of this.#members) cpSync(data, `${data}.kept`, { recursive: true });
    await this.restart();
  }

  /** Starts it again with the store of which a copy was kept, as who restores a backup does: its revisions go back. */
  async restartAsKept(): Promise<void> {
    await this.kill();
    for (const { data } of this.#members) {
      rmSync(data, { recursive: true, force: true });
      cpSync(`${data}.kept`, data, { recursive: true });
    }
    await this.restart();
  }

  /** All members, or one. */
  async kill(member?: number): Promise<void> {
    const killed = member === undefined ? [...this.#running.values()] : [this.#of(member)];
    await Promise.all(killed.map((running) => running.kill()));
  }

  async startMember(member: number): Promise<void> {
    const wanted = this.#members[member];
    if (wanted !== undefined) await this.#start(wanted);
  }

  freeze(member = 0): void {
    this.#of(member).signal('SIGSTOP');
  }

  thaw(member = 0): void {
    this.#of(member).signal('SIGCONT');
  }

  async put(key: string, value: string, lease?: string): Promise<void> {
    await this.call('kv/put', { key: base64(key), value: base64(value), ...(lease === undefined ? {} : { lease }) });
  }

  /** In one transaction, of 128 at the most. */
  async putAll(pairs: readonly (readonly [key: string, value: string])[]): Promise<void> {
    const puts = pairs.map(([key, value]) => ({ requestPut: { key: base64(key), value: base64(value) } }));
    await this.call('kv/txn', { success: puts });
  }

  async delete(key: string): Promise<void> {
    await this.call('kv/deleterange', { key: base64(key) });
  }

  /** A lease that nobody keeps alive. */
  async grantLease(seconds: number): Promise<string> {
    const answer = await this.call('lease/grant', { TTL: String(seconds) });
    return textIn(answer, 'ID');
  }

  /** Forgets all revisions before the present one. */
  async compact(): Promise<void> {
    const header = Reflect.get(await this.call('kv/range', { key: base64('\0') }), 'header');
    await this.call('kv/compaction', { revision: textIn(header, 'revision'), physical: true });
  }

  /** From now on it knows who asks. `readable`: prefixes that the user may read. */
  async enableAuth(user: string, password: string, readable: readonly string[]): Promise<void> {
    for (const [name, secret] of [['root', 'root'] as const, [user, password] as const]) {
      await this.call('auth/user/add', { name, password: secret });
      await this.call('auth/role/add', { name });
      await this.call('auth/user/grant', { user: name, role: name });
    }
    for (const prefix of readable) await this.allow(user, prefix);
    await this.call('auth/enable', {});
    await this.#logIn();
  }

  async #logIn(): Promise<void> {
    this.#token = textIn(await this.call('auth/authenticate', { name: 'root', password: 'root' }), 'token');
  }

  async allow(user: string, prefix: string): Promise<void> {
    const perm = { permType: 'READ', key: base64(prefix), range_end: base64(afterPrefix(prefix)) };
    await this.call('auth/role/grant', { name: user, perm });
  }

  async forbid(user: string, prefix: string): Promise<void> {
    const range = { key: base64(prefix), range_end: base64(afterPrefix(prefix)) };
    await this.call('auth/role/revoke', { role: user, ...range });
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async call(name: string, body: object): Promise<object> {
    const [address = ''] = this.addresses;
    const headers: Record<string, string> = this.#token === '' ? {} : { authorization: this.#token };
    const request = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`http://${address}/v3/${name}`, request);
    const answer: unknown = await response.json();
    if (!response.ok || typeof answer !== 'object' || answer === null)
      throw new Error(`${name}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  #of(member: number): ServerProcess {
    const wanted = this.#members[member];
    const running = wanted === undefined ? undefined : this.#running.get(wanted);
    if (running === undefined) throw new Error(`member ${member} does not run`);
    return running;
  }

  async #start(member: Member): Promise<void> {
    const running = await ServerProcess.start({
      command: this.#program,
      parameters: member.parameters,
      isReady: async () => this.#isReady(member),
    });
    this.#running.set(member, running);
  }

  /** A server with TLS has a certificate that fetch does not trust: the port is all that it is asked for. */
  async #isReady({ client }: Member): Promise<boolean> {
    if (this.#isTls) return isAccepting(client);
    return (await fetch(`http://127.0.0.1:${client}/health?serializable=true`)).ok;
  }
}

async function planMembers(count: number, folder: string, isTls: boolean): Promise<readonly Member[]> {
  const ports = await freePorts(2 * count);
  const scheme = isTls ? 'https' : 'http';
  const planned = Array.from({ length: count }, (_, at) => ({
    name: `m${at}`,
    client: ports[2 * at] ?? 0,
    peer: `http://127.0.0.1:${ports[2 * at + 1]}`,
  }));
  const cluster = planned.map(({ name, peer }) => `${name}=${peer}`).join(',');
  return planned.map(({ name, client, peer }) => {
    const data = path.join(folder, name);
    const url = `${scheme}://127.0.0.1:${client}`;
    const parameters = [
      ['--name', name, '--data-dir', data, '--log-level', 'warn', '--unsafe-no-fsync'],
      ['--listen-client-urls', url, '--advertise-client-urls', url],
      ['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', cluster],
      ['--auth-token-ttl', '300', ...(isTls ? ['--auto-tls'] : [])],
    ].flat();
    return { name, client, data, parameters };
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The first key that does not begin with it; its last character is ASCII. */
export function afterPrefix(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

function textIn(value: unknown, key: string): string {
  const text: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  if (typeof text !== 'string') throw new Error(`no ${key} in ${JSON.stringify(value)}`);
  return text;
}
