/** Who asks the store itself for a service, as far as it is written there: consumers note themselves beside providers. */
import type { RegistryServiceName } from '../../../model/registry.ts';
import type { RegistryAnswer } from '../registry-client.ts';

interface Caller {
  readonly prefix: string;
  readonly service: RegistryServiceName;
  readonly name: string;
  round: number;
}

/** Beyond so many they are not told apart; this is for people only. */
const maxCallers = 100_000;

export class Callers {
  /** By the id of the node that says so. */
  readonly #callers = new Map<string, Caller>();
  /** Services whose callers changed since they were told, by key. */
  readonly #touched = new Map<string, RegistryServiceName>();

  put(id: string, caller: Caller): void {
    const known = this.#callers.get(id);
    if (known === undefined && this.#callers.size >= maxCallers) return;
    this.#callers.set(id, caller);
    if (known === undefined) this.#touch(caller);
  }

  delete(id: string): void {
    const known = this.#callers.get(id);
    if (known === undefined) return;
    this.#callers.delete(id);
    this.#touch(known);
  }

  /** Those that a full read of a prefix did not see are gone. */
  endRead(prefix: string, round: number): void {
    for (const [id, caller] of this.#callers) if (caller.prefix === prefix && caller.round !== round) this.delete(id);
  }

  /** What changed since it was asked last. */
  takeChanges(): readonly RegistryAnswer[] {
    if (this.#touched.size === 0) return [];
    const names = new Map([...this.#touched.keys()].map((key): [string, string[]] => [key, []]));
    for (const { service, name } of this.#callers.values()) names.get(keyOf(service))?.push(name);
    const answers = [...this.#touched].map(
      ([key, service]): RegistryAnswer => ({ kind: 'callers', service, callers: names.get(key) ?? [] }),
    );
    this.#touched.clear();
    return answers;
  }

  #touch({ service }: Caller): void {
    this.#touched.set(keyOf(service), service);
  }
}

function keyOf({ namespace, group, name }: RegistryServiceName): string {
  return [namespace, group, name].map(encodeURIComponent).join('/');
}
