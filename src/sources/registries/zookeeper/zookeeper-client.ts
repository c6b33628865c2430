/**
 * ZooKeeper, as Dubbo registers there: interfaces with their providers, and applications with their instances, both
 * followed by watches.
 *
 *   connect --> sync --> read from the roots down, with watches --> all services --> events --> the services that changed
 *      ^                                                                               |
 *      +-- the session ended, expired, or is silent: unavailable, the next address ----+
 *
 * Each connection is a session of its own, which tells the server of the newest change that we have seen: one that is
 * behind refuses. One that refuses for a whole session timeout is taken as it is: it lost its data. After the first
 * session, what is gone is believed when a session was sound for as long as its timeout.
 *
 * Addresses are host:port or host:port/chroot. Options (spec.options):
 *
 *   root, services   where interfaces and applications stand; "dubbo" and "services"
 *   levels           interface, application, or both with a comma (default)
 *   sessionTimeout   a duration, 6s; a frozen server is noticed in less
 *
 * What never happens: a registration that goes because its root is not there, or may not be read.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { IsthmusError } from '../../../model/errors.ts';
import { describeDoubts } from '../doubt.ts';
import { dubboLayout } from '../dubbo/dubbo-layout.ts';
import { refusedClient } from '../refused-client.ts';
import { RegistrationAnswers } from '../registrations/registration-answers.ts';
import { Registrations } from '../registrations/registrations.ts';
import type {
  CreateRegistryClient,
  RegistryAnswer,
  RegistryClient,
  RegistryClientOptions,
} from '../registry-client.ts';
import { isSelected } from '../selection.ts';
import { ServerRotation } from '../server-rotation.ts';
import { FollowedTree } from './followed-tree.ts';
import type { ServerAddress } from './server-addresses.ts';
import { serverSocket } from './server-socket.ts';
import { Session, SessionRefused } from './session.ts';
import { type ZooKeeperSettings, zooKeeperSettings } from './zookeeper-options.ts';

const maxRegistrations = 500_000;
/** After how many session timeouts it is looked whether there are changes of which no event came. */
const lookAgainSessions = 5;
/** So that this costs a small part of a core, whatever there is. */
const msPerNode = 4;

export const createZooKeeperClient: CreateRegistryClient = (options) => {
  const settings = zooKeeperSettings(options.registry.spec);
  return typeof settings === 'string' ? refusedClient(options, settings) : new ZooKeeperClient(options, settings);
};

class ZooKeeperClient implements RegistryClient {
  /** Dubbo's names have no namespaces. */
  readonly scopes = [''];
  readonly #options: RegistryClientOptions;
  readonly #settings: ZooKeeperSettings;
  readonly #tree: FollowedTree;
  readonly #answers: RegistrationAnswers;
  readonly #abort = new AbortController();
  readonly #rotation: ServerRotation<ServerAddress>;
  readonly #running: Promise<void>;
  /** Of the newest change that was seen. */
  #zxid = 0n;
  /** Since when servers refuse us, perhaps since we have seen more than they have. */
  #refusedSince: number | undefined;
  #hasRead = false;
  /** Of the present session: whether all was read and said. */
  #reading = Promise.withResolvers<void>();
  #isRead = false;

  constructor(options: RegistryClientOptions, settings: ZooKeeperSettings) {
    this.#options = options;
    this.#settings = settings;
    const { roots, chroot, servers } = settings;
    const layout = dubboLayout(roots);
    const { select } = options.registry.spec;
    const selected = isSelected.bind(undefined, select);
    const registrations = new Registrations({ layout, maxKeys: maxRegistrations, isSelected: selected });
    this.#answers = new RegistrationAnswers(registrations, layout.prefixes, (answers) => this.#say(answers));
    this.#tree = new FollowedTree({
      roots: layout.prefixes.map((prefix) => ({
        path: prefix.slice(0, -1),
        prefix,
        role: prefix === roots.interfaces ? 'interfaces' : 'applications',
      })),
      chroot,
      registrations,
      isSelected: selected,
      onRead: () => this.#isRead && this.#answers.sayChanges(),
      onIdle: () => (this.#isRead ? this.#answers.sayDoubts(this.#tree.doubts.list()) : this.#reading.resolve()),
      onFailure: (error) => this.#reading.reject(error),
    });
    this.#rotation = new ServerRotation(servers, this.#abort.signal);
    this.#running = this.#rotation.run(this.#follow, ({ reason }) => this.#say([{ kind: 'unavailable', reason }]));
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  /** Rejects when the server cannot be followed any more. */
  readonly #follow = async (server: ServerAddress): Promise<never> => {
    const session = await this.#open(server).catch((error: unknown) => {
      if (error instanceof SessionRefused) this.#refusedSince ??= performance.now();
      throw error;
    });
    const over = new AbortController();
    try {
      return await Promise.race([this.#read(session, over.signal), session.ended]);
    } finally {
      over.abort();
      this.#tree.end();
      this.#answers.stop();
      this.#isRead = false;
      this.#zxid = session.zxid;
      session.close();
    }
  };

  async #open(server: ServerAddress): Promise<Session> {
    const { registry } = this.#options;
    const secrets = await this.#options.secrets();
    const { username, password, token } = secrets;
    if (username === undefined && token !== undefined)
      throw new IsthmusError('UNAVAILABLE', 'ZooKeeper knows no tokens: credentials are a user name and a password');
    const timeoutMs = this.#settings.sessionTimeoutMs;
    if (performance.now() - (this.#refusedSince ?? Infinity) > timeoutMs) this.#zxid = 0n;
    return Session.open({
      socket: serverSocket(server, registry.spec.tls, secrets),
      name: `${server.host}:${server.port}`,
      timeoutMs,
      zxid: this.#zxid,
      credentials: username === undefined ? undefined : { username, password: password ?? '' },
      onEvent: this.#tree.onEvent,
      signal: this.#abort.signal,
    });
  }

  async #read(session: Session, over: AbortSignal): Promise<never> {
    await session.sync(this.#settings.chroot === '' ? '/' : this.#settings.chroot);
    this.#reading = Promise.withResolvers();
    const isFirst = !this.#hasRead;
    this.#tree.begin(session, isFirst);
    await this.#reading.promise;
    const doubts = this.#tree.doubts.list();
    if (this.#tree.doubts.areAllRootsDenied) throw new IsthmusError('UNAVAILABLE', describeDoubts(doubts));
    this.#isRead = true;
    this.#hasRead = true;
    this.#refusedSince = undefined;
    this.#rotation.refresh();
    this.#rotation.forgive();
    await this.#answers.sayAll(doubts);
    // What came meanwhile.
    this.#answers.sayChanges();
    if (!isFirst) {
      await sleep(session.timeoutMs, undefined, { signal: over });
      this.#tree.believeLosses();
      this.#answers.sayChanges();
    }
    return this.#keepLooking(session, over);
  }

  async #keepLooking(session: Session, over: AbortSignal): Promise<never> {
    const rest = async (ms: number): Promise<void> => sleep(ms, undefined, { signal: over });
    for (;;) {
      await rest(lookAgainSessions * session.timeoutMs);
      await session.sync('/');
      await this.#tree.patrol(session, (nodes) => rest(nodes * msPerNode));
      this.#answers.saySound();
    }
  }

  #say(answers: readonly RegistryAnswer[]): void {
    if (!this.#abort.signal.aborted) this.#options.answer(answers);
  }
}
