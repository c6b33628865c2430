/** What is said of the registrations: all of them after a read, and of each change the services that it concerns. */
import { setImmediate as turn } from 'node:timers/promises';
import { equal } from '../../../collections/equality.ts';
import type { RegistryService } from '../../../model/registry.ts';
import type { Doubt } from '../doubt.ts';
import type { AnswerSink, RegistryAnswer } from '../registry-client.ts';
import type { Registrations } from './registrations.ts';

const full: Doubt = { cause: 'bounded', text: 'there are more keys than are taken' };
/** Services in one call of the sink: the event loop turns between them. */
const portion = 100;
/** How often the list is said again while nothing changes, so that its age shows that it was looked at. */
const listAgainMs = 60_000;

export class RegistrationAnswers {
  readonly #registrations: Registrations;
  readonly #prefixes: readonly string[];
  readonly #answer: AnswerSink;
  /** Why the list is not all that there may be. */
  #doubts: readonly Doubt[] = [];
  #listedAt = 0;
  #wasFull = false;
  #restUntil = 0;
  #later: NodeJS.Timeout | undefined;
  /** What was said last of keys that are not taken, by prefix. */
  readonly #troubles = new Map<string, readonly Doubt[]>();

  constructor(registrations: Registrations, prefixes: readonly string[], answer: AnswerSink) {
    this.#registrations = registrations;
    this.#prefixes = prefixes;
    this.#answer = answer;
  }

  /** After a read; `doubts`: why it is not all that there may be. */
  async sayAll(doubts: readonly Doubt[]): Promise<void> {
    this.#doubts = doubts;
    // What changes from here on is said when it is asked for: it may be said already.
    this.#registrations.takeChanges();
    this.#answer([this.#list(), ...this.#newTroubles()]);
    let services: RegistryService[] = [];
    for (const service of this.#registrations.services()) {
      if (services.push(service) < portion) continue;
      this.#answer(services.map(complete));
      services = [];
      await turn();
    }
    const callers = this.#registrations.takeCallers();
    if (services.length + callers.length > 0) this.#answer([...services.map(complete), ...callers]);
  }

  /** The list again, where there are other doubts than before. */
  sayDoubts(doubts: readonly Doubt[]): void {
    if (equal(doubts, this.#doubts)) return;
    this.#doubts = doubts;
    this.#answer([this.#list()]);
  }

  /**
   * At once, or once as much time went by as the last ones took: a flood of changes to a large service takes half of
   * this process' time at the most, and comes in fewer steps.
   */
  sayChanges(): void {
    if (this.#later !== undefined) return;
    const rest = this.#restUntil - performance.now();
    if (rest <= 0) this.#sayChangesNow();
    else this.#later = setTimeout(() => this.#sayChangesNow(), rest);
  }

  /** What was not said yet is not said any more: it is to be read again. */
  stop(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
  }

  #sayChangesNow(): void {
    this.stop();
    const start = performance.now();
    const { changed, gone } = this.#registrations.takeChanges();
    const answers: readonly RegistryAnswer[] = [
      ...(this.#registrations.isFull && !this.#wasFull ? [this.#list()] : []),
      ...changed.map(complete),
      ...gone.map((service) => ({ kind: 'absent', service }) as const),
      ...this.#registrations.takeCallers(),
      ...this.#newTroubles(),
    ];
    if (answers.length > 0) this.#answer(answers);
    const end = performance.now();
    this.#restUntil = end + (end - start);
  }

  /** Nothing changed, and that was looked at. */
  saySound(): void {
    if (performance.now() - this.#listedAt > listAgainMs) this.#answer([this.#list()]);
  }

  /** What one server has, which may be behind. */
  sayPart(doubt: Doubt): void {
    const partial = { trust: 'partial', doubts: [doubt] } as const;
    const services = [...this.#registrations.services()];
    this.#answer([
      { kind: 'services', scope: '', services: this.#registrations.names(), ...partial },
      ...services.map((service) => ({ kind: 'service', service, ...partial }) as const),
    ]);
  }

  #list(): RegistryAnswer {
    this.#listedAt = performance.now();
    this.#wasFull = this.#registrations.isFull;
    const services = this.#registrations.names();
    const doubts = [...this.#doubts, ...(this.#wasFull ? [full] : [])];
    if (doubts.length === 0) return { kind: 'services', scope: '', services, trust: 'complete' };
    return { kind: 'services', scope: '', services, trust: 'partial', doubts };
  }

  /**
   * Keys that are no registrations make nothing of the rest doubtful: they are said as a scope of their own, which no
   * service is in. Its name is a path, so that it is no namespace.
   */
  #newTroubles(): readonly RegistryAnswer[] {
    return this.#prefixes.flatMap((prefix): readonly RegistryAnswer[] => {
      const doubts = this.#registrations.troubles(prefix);
      if (equal(doubts, this.#troubles.get(prefix) ?? [])) return [];
      this.#troubles.set(prefix, doubts);
      const empty = { kind: 'services', scope: `keys/${encodeURIComponent(prefix)}`, services: [] } as const;
      return [doubts.length === 0 ? { ...empty, trust: 'complete' } : { ...empty, trust: 'partial', doubts }];
    });
  }
}

function complete(service: RegistryService): RegistryAnswer {
  return { kind: 'service', service, trust: 'complete' };
}
