/**
 * What of a registry can be seen: scopes that answered or did not, services that are still to be read, and what is known in
 * part only. Nothing may go that is out of sight.
 */
import type { RegistryState } from '../../model/registry.ts';
import { type Doubt, describeDoubts } from './doubt.ts';
import { Reasons } from './reasons.ts';
import type { Loss } from './registry-findings.ts';

export class RegistrySight {
  /** Scopes of which no complete list came since the start. */
  #unseen = new Set<string>();
  /** Keys of services that are listed, and were not read since the start. */
  readonly #awaited = new Set<string>();
  readonly #unavailable = new Reasons<Loss>();
  readonly #partial = new Reasons<readonly Doubt[]>();
  #lastComplete: number | undefined;

  /** Scopes of which a complete list has to come. */
  expect(scopes: readonly string[]): void {
    this.#unseen = new Set(scopes);
  }

  get state(): RegistryState {
    if (this.#unavailable.size > 0) return 'stale';
    return this.#unseen.size > 0 || this.#awaited.size > 0 ? 'syncing' : 'live';
  }

  /** Whether all of it was seen since the start. */
  get isWhole(): boolean {
    return this.#lastComplete !== undefined && this.#unseen.size === 0 && this.#awaited.size === 0;
  }

  /** When a complete list came last; milliseconds since the epoch. */
  get lastComplete(): number | undefined {
    return this.#lastComplete;
  }

  /** How many services are still to be read. */
  get awaited(): number {
    return this.#awaited.size;
  }

  /** Scopes, or all (''), that cannot be seen, and why. */
  get unavailable(): Iterable<readonly [string, Loss]> {
    return this.#unavailable;
  }

  /** Scopes and keys of services of which only a part is shown, and why. */
  get partial(): Iterable<readonly [string, readonly Doubt[]]> {
    return this.#partial;
  }

  /** Why it is not live, or not whole. */
  get reason(): string {
    const [lost] = this.#unavailable.values();
    const [doubts = []] = this.#partial.values();
    return lost?.reason ?? describeDoubts(doubts);
  }

  /** Another one whenever a reason changed. */
  get version(): string {
    return `${this.#unavailable.version} ${this.#partial.version}`;
  }

  /** Whether what is missing in a scope is missing indeed. */
  isClear(scope: string): boolean {
    return this.#unavailable.get(scope) === undefined && !this.#unseen.has(scope);
  }

  lose(scope: string, loss: Loss): void {
    this.#unavailable.set(scope, loss);
  }

  regain(scope: string): void {
    this.#unavailable.delete('');
    this.#unavailable.delete(scope);
  }

  /** A list names the service, which is waited for if its scope was never seen. */
  lists(scope: string, key: string): void {
    if (this.#unseen.has(scope)) this.#awaited.add(key);
  }

  /** A complete list came, with what of it cannot be taken. */
  completes(scope: string, doubts: readonly Doubt[] | undefined, now: number): void {
    this.note(scope, doubts);
    this.#unseen.delete(scope);
    this.#lastComplete = now;
  }

  /** There was an answer about the service, or there will be none. */
  sees(key: string): void {
    this.#awaited.delete(key);
  }

  /** What is amiss with a scope or a service; nothing any more, without doubts. */
  note(concern: string, doubts: readonly Doubt[] = []): void {
    if (doubts.length > 0) this.#partial.set(concern, doubts);
    else this.#partial.delete(concern);
  }
}
