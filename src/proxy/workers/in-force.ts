/** The changes that make up the configuration in force, for a worker that begins after they were made. */
import { type Applied, type ResourceChange, resourceKinds } from '../config/resources.ts';

export class InForce {
  readonly #changes = new Map<string, ResourceChange>();

  /**
   * Takes the changes in before anybody has judged them, so that a worker that begins meanwhile has them too. Call what
   * is returned with those that were refused: what was in force before them is so again.
   */
  note(changes: readonly ResourceChange[]): (refused: Applied['rejections']) => void {
    const before = new Map(changes.map((change) => [keyOf(change), this.#changes.get(keyOf(change))] as const));
    for (const change of changes) this.#set(keyOf(change), change);
    return (refused) => {
      for (const one of refused) this.#set(keyOf(one), before.get(keyOf(one)));
    };
  }

  /** In the order in which kinds are applied. */
  all(): readonly ResourceChange[] {
    return resourceKinds.flatMap((kind) => [...this.#changes.values()].filter((change) => change.kind === kind));
  }

  #set(key: string, change: ResourceChange | undefined): void {
    if (change?.body === undefined) this.#changes.delete(key);
    else this.#changes.set(key, change);
  }
}

function keyOf({ kind, name }: Pick<ResourceChange, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}
