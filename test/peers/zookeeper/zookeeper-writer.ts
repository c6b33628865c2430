/** Writes nodes into a ZooKeeper, by a client that nobody here wrote. Ephemeral ones go when it is closed. */
import { setTimeout as sleep } from 'node:timers/promises';
import zooKeeper, { type ACL, type Client } from 'node-zookeeper-client';

/** All rights to all: the library has it, its types do not. */
export const forAll: readonly ACL[] = [
  new zooKeeper.ACL(zooKeeper.Permission.ALL, new zooKeeper.Id('world', 'anyone')),
];

export interface NodeOptions {
  readonly data?: string;
  readonly isEphemeral?: boolean;
  readonly acl?: readonly ACL[];
}

export class ZooKeeperWriter {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** `credentials`: user:password. */
  static async connect(address: string, credentials?: string): Promise<ZooKeeperWriter> {
    const client = zooKeeper.createClient(address, { sessionTimeout: 2_000, retries: 0 });
    if (credentials !== undefined) client.addAuthInfo('digest', Buffer.from(credentials));
    const connected = Promise.withResolvers<void>();
    client.once('connected', () => connected.resolve());
    client.connect();
    await connected.promise;
    return new ZooKeeperWriter(client);
  }

  /** With all that it stands below. */
  async create(path: string, { data = '', isEphemeral = false, acl = forAll }: NodeOptions = {}): Promise<void> {
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (parent !== '') await settled((done) => this.#client.mkdirp(parent, done));
    const mode = isEphemeral ? zooKeeper.CreateMode.EPHEMERAL : zooKeeper.CreateMode.PERSISTENT;
    await settled((done) => this.#client.create(path, Buffer.from(data), [...acl], mode, done));
  }

  async write(path: string, data: string): Promise<void> {
    await settled((done) => this.#client.setData(path, Buffer.from(data), done));
  }

  /** In one change. */
  async replace(path: string, by: string): Promise<void> {
    const change = this.#client.transaction().create(by, Buffer.alloc(0), [...forAll], zooKeeper.CreateMode.PERSISTENT);
    await settled((done) => change.remove(path).commit(done));
  }

  async remove(path: string): Promise<void> {
    await settled((done) => this.#client.remove(path, done));
  }

  async allow(path: string, acl: readonly ACL[]): Promise<void> {
    await settled((done) => this.#client.setACL(path, [...acl], done));
  }

  /** Its ephemeral nodes go with it, unless ZooKeeper does not know it any more. */
  async close(): Promise<void> {
    const gone = Promise.withResolvers<void>();
    this.#client.once('disconnected', () => gone.resolve());
    this.#client.close();
    // After a restart of the server the library may wait for ever.
    await Promise.race([gone.promise, sleep(1_000)]);
  }
}

/** What only this user may read: `user:base64(sha1(user:password))`. */
export function onlyFor(id: string): readonly ACL[] {
  return [new zooKeeper.ACL(zooKeeper.Permission.ALL, new zooKeeper.Id('digest', id))];
}

function settled(run: (done: (error: unknown) => void) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  run((error) => {
    if (error === null || error === undefined) resolve();
    else reject(error instanceof Error ? error : new Error(String(error)));
  });
  return promise;
}
