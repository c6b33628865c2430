/**
 * The nodes that are followed, across sessions: each is read with a watch, and read again when its event comes.
 *
 *   session begins --> all nodes to be read --> so many at a time --> differences --> registrations
 *   event of a node --> it is to be read --^
 *
 * What never happens: a registration that goes because a session ended, or within the first moments of the next one:
 * providers whose sessions ended as ours did have as long to register again.
 */
import type { RegistryServiceName } from '../../../model/registry.ts';
import type { Registrations } from '../registrations/registrations.ts';
import { type Role, roleOfChild, startOf } from './dubbo-tree.ts';
import type { Found } from './found.ts';
import type { NodeChildren, NodeData, NodeVersions } from './messages.ts';
import type { Session } from './session.ts';
import { TreeDoubts } from './tree-doubts.ts';

interface Followed {
  readonly path: string;
  readonly prefix: string;
  readonly role: Role;
  readonly parent: Followed | undefined;
  /** Names of those that count. */
  readonly children: Set<string>;
  /** The one in which it was read last. */
  session: Session | undefined;
  /** Of what was read. */
  version: bigint;
}

export interface FollowedTreeOptions {
  /** Paths of the nodes that all begins with, and what they are. */
  readonly roots: readonly { readonly path: string; readonly prefix: string; readonly role: Role }[];
  readonly chroot: string;
  readonly registrations: Registrations;
  readonly isSelected: (name: RegistryServiceName) => boolean;
  /** Something was read. */
  readonly onRead: () => void;
  /** Nothing is left to be read. */
  readonly onIdle: () => void;
  /** The session cannot be used any more. */
  readonly onFailure: (error: unknown) => void;
}

const maxReads = 64;
const patrolled = 32;
/** Interfaces and instances; far more than one ZooKeeper holds. */
const maxFollowed = 300_000;

export class FollowedTree {
  readonly #options: FollowedTreeOptions;
  readonly #roots: readonly Followed[];
  readonly #followed = new Map<string, Followed>();
  /** Why what was read is not all that there may be. */
  readonly doubts: TreeDoubts;
  readonly #queue = new Set<Followed>();
  /** Gone, which is not believed yet. */
  readonly #vanished = new Set<string>();
  #believesLosses = true;
  #reads = 0;
  #session: Session | undefined;

  constructor(options: FollowedTreeOptions) {
    this.#options = options;
    this.doubts = new TreeDoubts(options.roots.map(({ path }) => path));
    this.#roots = options.roots.map((root) => this.#follow({ ...root, parent: undefined }));
  }

  /** Everything is read again. With `believesLosses` false nothing goes until it is said to be believed. */
  begin(session: Session, believesLosses: boolean): void {
    this.#session = session;
    this.#reads = 0;
    this.#believesLosses = believesLosses;
    this.doubts.begin();
    this.#queue.clear();
    // The others follow when those above them were read: below what is not there nothing is looked for.
    for (const root of this.#roots) this.#queue.add(root);
    this.#pump();
  }

  end(): void {
    this.#session = undefined;
  }

  /** What is gone by now is gone. */
  believeLosses(): void {
    this.#believesLosses = true;
    for (const key of this.#vanished) this.#options.registrations.delete(key);
    this.#vanished.clear();
  }

  readonly onEvent = (path: string): void => {
    const followed = this.#followed.get(path.slice(this.#options.chroot.length));
    if (followed !== undefined) this.#read(followed);
  };

  /**
   * Looks for changes of which no event came: a change of rights makes none, and a change that we may not see uses the
   * watch up for nothing. `rest` is called after so many nodes. Rejects when the session is over.
   */
  async patrol(session: Session, rest: (nodes: number) => Promise<void>): Promise<void> {
    const all = [...this.#followed.values()];
    for (let at = 0; at < all.length; at += patrolled) {
      const some = all.slice(at, at + patrolled);
      await Promise.all(some.map((one) => this.#check(session, one)));
      await rest(some.length);
    }
  }

  async #check(session: Session, followed: Followed): Promise<void> {
    if (!this.#isCurrent(session, followed)) return;
    const isDenied = this.doubts.isDenied(followed.path);
    const versions = isDenied ? undefined : await session.versions(`${this.#options.chroot}${followed.path}`);
    if (!this.#isCurrent(session, followed)) return;
    if (isDenied || (versions?.kind === 'found' && this.#isOutdated(followed, versions.value))) this.#read(followed);
  }

  #isOutdated({ role, version }: Followed, now: NodeVersions): boolean {
    return version !== (role === 'instance' ? now.data : now.children);
  }

  #follow(node: Omit<Followed, 'children' | 'session' | 'version'>): Followed {
    const followed = { ...node, children: new Set<string>(), session: undefined, version: -1n };
    this.#followed.set(followed.path, followed);
    return followed;
  }

  #read(followed: Followed): void {
    this.#queue.add(followed);
    this.#pump();
  }

  #pump(): void {
    const session = this.#session;
    if (session === undefined) return;
    for (const followed of this.#queue) {
      if (this.#reads >= maxReads) return;
      this.#queue.delete(followed);
      this.#reads++;
      this.#readNow(session, followed).then(
        () => this.#settle(session),
        (error: unknown) => {
          if (session === this.#session) this.#options.onFailure(error);
        },
      );
    }
  }

  #settle(session: Session): void {
    if (session !== this.#session) return;
    this.#reads--;
    this.#options.onRead();
    this.#pump();
    if (this.#reads === 0 && this.#queue.size === 0) this.#options.onIdle();
  }

  async #readNow(session: Session, followed: Followed): Promise<void> {
    const path = `${this.#options.chroot}${followed.path}`;
    if (followed.role === 'instance') {
      const found = await session.data(path);
      if (this.#isCurrent(session, followed)) this.#takeData(followed, found);
      return;
    }
    let found = await session.children(path);
    // The watch for a node that is not there yet is another one; it may have come in between.
    if (found.kind === 'absent' && followed.parent === undefined) {
      const exists = await session.exists(path);
      if (exists.kind === 'found') found = await session.children(path);
    }
    if (this.#isCurrent(session, followed)) this.#takeChildren(followed, found);
  }

  #isCurrent(session: Session, followed: Followed): boolean {
    return session === this.#session && this.#followed.get(followed.path) === followed;
  }

  #takeData(followed: Followed, found: Found<NodeData>): void {
    if (!this.#isThere(followed, found)) return;
    const { value, version } = found.value;
    followed.version = version;
    this.#put(followed, followed.path, value, Number(version));
  }

  #takeChildren(followed: Followed, found: Found<NodeChildren>): void {
    if (!this.#isThere(followed, found)) return;
    const names = new Set(found.value.names);
    followed.version = found.value.version;
    for (const name of followed.children) if (!names.has(name)) this.#dropChild(followed, name);
    if (followed.session !== this.#session) this.#readBelow(followed);
    followed.session = this.#session;
    for (const name of names) if (!followed.children.has(name)) this.#addChild(followed, name);
  }

  #isThere<T>(followed: Followed, found: Found<T>): found is { readonly kind: 'found'; readonly value: T } {
    const { path, parent } = followed;
    this.doubts.note(path, found.kind);
    // A root that is not there is a mistake of somebody's; what was below it stays. For others their parents' event comes.
    if (found.kind === 'absent' && parent !== undefined) this.#dropChild(parent, nameIn(path));
    return found.kind === 'found';
  }

  #readBelow({ path, children }: Followed): void {
    for (const name of children) {
      const child = this.#followed.get(`${path}/${name}`);
      if (child !== undefined) this.#queue.add(child);
    }
  }

  #addChild(parent: Followed, name: string): void {
    const role = roleOfChild(parent.role, name, this.#options.isSelected);
    if (role === undefined) return;
    const path = `${parent.path}/${name}`;
    if (role === 'registration') {
      parent.children.add(name);
      this.#put(parent, path, '', startOf(name));
      return;
    }
    if (this.#followed.size >= maxFollowed) {
      this.doubts.isFull = true;
      return;
    }
    parent.children.add(name);
    this.#vanished.delete(path);
    this.#queue.add(this.#follow({ path, prefix: parent.prefix, role, parent }));
  }

  #dropChild(parent: Followed, name: string): void {
    parent.children.delete(name);
    const path = `${parent.path}/${name}`;
    const followed = this.#followed.get(path);
    if (followed === undefined || followed.role === 'instance') this.#lose(path);
    if (followed === undefined) return;
    for (const child of followed.children) this.#dropChild(followed, child);
    this.#followed.delete(path);
    this.#queue.delete(followed);
    this.doubts.forget(path);
  }

  #put({ prefix }: Followed, path: string, value: string, version: number): void {
    this.#vanished.delete(path);
    this.#options.registrations.put(prefix, { key: path, name: path, value, version });
  }

  #lose(path: string): void {
    if (this.#believesLosses) this.#options.registrations.delete(path);
    else this.#vanished.add(path);
  }
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
