/** What the xDS client fills: the data plane behind a ledger of what it took and what it refused. */
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

  resourceNames(): ResourceNames {
    return this.#target.resourceNames();
  }
}
