/** What the xDS client fills: the data plane behind a ledger of what it took and what it refused. */
import { Rejection } from '../config/rejection.ts';
import type { Applied, InertFilters, ResourceChange } from '../config/resources.ts';
import type { ResourceLedger } from './resource-ledger.ts';

/** Names of resources that are asked for by name, because what is in force refers to them. */
export interface ResourceNames {
  readonly endpoints: readonly string[];
  readonly secrets: readonly string[];
  readonly routes: readonly string[];
}

/** A data plane, or several on threads of their own. */
export interface ConfigurationTarget {
  apply(changes: readonly ResourceChange[]): Promise<Applied>;
  resourceNames(): ResourceNames;
}

export class Configuration {
  readonly ledger: ResourceLedger;
  readonly #target: ConfigurationTarget;
  readonly #onInert: (inert: InertFilters) => void;
  /** Names of secrets that this proxy has of its own: nobody is asked for them. */
  readonly #supplied = new Set<string>();

  /** `onInert` is told of filters that do nothing here, with every listener that has some. */
  constructor(target: ConfigurationTarget, ledger: ResourceLedger, onInert: (inert: InertFilters) => void) {
    this.#onInert = onInert;
    this.#target = target;
    this.ledger = ledger;
  }

  /** Applies a response; gives what to tell the control plane about the resources that were refused, or undefined. */
  async apply(changes: readonly ResourceChange[]): Promise<string | undefined> {
    const { rejections, inert } = await this.#target.apply(changes);
    const reasons = new Map(rejections.map(({ kind, name, reason }) => [`${kind} ${name}`, reason]));
    for (const change of changes) this.ledger.record(change, reasons.get(`${change.kind} ${change.name}`));
    for (const one of inert) {
      this.ledger.noteInert(one);
      this.#onInert(one);
    }
    if (rejections.length === 0) return undefined;
    return rejections.map(({ kind, name, reason }) => `${kind} ${name}: ${reason}`).join('; ');
  }

  /** Puts a secret there that the control plane never sees. Throws Rejection for one that cannot be used. */
  async supply(name: string, body: Uint8Array): Promise<void> {
    this.#supplied.add(name);
    const { rejections } = await this.#target.apply([{ kind: 'secret', name, version: 'own', body }]);
    const [refused] = rejections;
    if (refused !== undefined) throw new Rejection(refused.reason);
  }

  resourceNames(): ResourceNames {
    const names = this.#target.resourceNames();
    return { ...names, secrets: names.secrets.filter((name) => !this.#supplied.has(name)) };
  }
}
