/** What one proxy sees, where that is now one view and now another. Who listens hears of the difference alone. */
import type { ProxyNode } from '../../../model/proxy.ts';
import type { ChangeListener, EncodedResource, ResourceView } from './resource-source.ts';
import type { ScopedView } from './scoped-view.ts';

interface Surroundings {
  /** The view that is the proxy's now: the same one while nothing has changed and somebody listens to it. */
  choose(): ScopedView;
  heard(view: FollowingView): void;
  unheard(view: FollowingView): void;
}

/** Names by type. */
export type ViewChanges = ReadonlyMap<string, readonly string[]>;

export class FollowingView implements ResourceView {
  readonly proxy: ProxyNode;
  readonly #around: Surroundings;
  readonly #listeners = new Set<ChangeListener>();
  #current: ScopedView;
  #leave: (() => void) | undefined;

  constructor(proxy: ProxyNode, around: Surroundings) {
    this.proxy = proxy;
    this.#around = around;
    this.#current = around.choose();
  }

  get(typeUrl: string, name: string): EncodedResource | undefined {
    return this.#current.get(typeUrl, name);
  }

  names(typeUrl: string): readonly string[] {
    return this.#current.names(typeUrl);
  }

  list(typeUrl: string): readonly EncodedResource[] {
    return this.#current.list(typeUrl);
  }

  subscribe(listener: ChangeListener): () => void {
    const own: ChangeListener = (typeUrl, names) => listener(typeUrl, names);
    this.#listeners.add(own);
    if (this.#leave === undefined) {
      this.#follow(this.#around.choose());
      this.#around.heard(this);
    }
    return () => {
      if (!this.#listeners.delete(own) || this.#listeners.size > 0) return;
      this.#leave?.();
      this.#leave = undefined;
      this.#around.unheard(this);
    };
  }

  /** `between`: what differs in the second view. */
  chooseAnew(between: (before: ScopedView, after: ScopedView) => ViewChanges): void {
    const before = this.#current;
    const after = this.#around.choose();
    if (after === before) return;
    const changes = between(before, after);
    this.#follow(after);
    for (const [typeUrl, names] of changes) this.#tell(typeUrl, names);
  }

  #follow(view: ScopedView): void {
    this.#leave?.();
    this.#current = view;
    this.#leave = view.subscribe((typeUrl, names) => this.#tell(typeUrl, names));
  }

  #tell(typeUrl: string, names: readonly string[]): void {
    for (const listener of [...this.#listeners]) listener(typeUrl, names);
  }
}

/** Types of which nothing differs are left out. */
export function viewChanges(before: ScopedView, after: ScopedView): ViewChanges {
  const types = new Set([...before.types(), ...after.types()]);
  return new Map(
    [...types].flatMap((typeUrl): [string, readonly string[]][] => {
      const names = new Set([...before.names(typeUrl), ...after.names(typeUrl)]);
      const differing = [...names].filter(
        (name) => before.get(typeUrl, name)?.version !== after.get(typeUrl, name)?.version,
      );
      return differing.length === 0 ? [] : [[typeUrl, differing]];
    }),
  );
}
