/**
 * Which objects of a cluster are heeded: by the labels of an object, and of its Namespace.
 *
 * - What this revision wrote is never read back: an object of a kind that it writes, with its labels. Those labels on any other
 *   kind mean nothing, for a policy whose labels were copied is to be in force.
 * - `isthmus.dev/rev` on an object, or else on its Namespace, leaves it to the control plane of that name.
 * - `isthmus.dev/ignore: "true"` on a Namespace leaves it to nobody; so does being one of Kubernetes' own, unless it says
 *   "false". A selector narrows what is left.
 */
import type { LabelSelector, Labels } from '../../model/label-selector.ts';
import { ignoreLabel, managedByLabel, ownManager, revisionLabel, systemNamespaces } from '../../model/ownership.ts';
import type { Kind } from '../../resources/kinds.ts';

const ownOfKubernetes: ReadonlySet<string> = new Set(systemNamespaces);
const noLabels: Labels = Object.freeze({});

/** passed over: by what its Namespace says, which may change; foreign: by what it says itself. */
export type Stand = 'heeded' | 'passed over' | 'foreign';

export interface ScopeOptions {
  readonly revision: string;
  readonly selector?: LabelSelector;
  /** Kinds of which this revision writes objects. */
  readonly written: ReadonlySet<string>;
}

export class NamespaceScope {
  readonly #options: ScopeOptions;
  readonly #labels = new Map<string, Labels>();

  constructor(options: ScopeOptions) {
    this.#options = options;
  }

  /** `namespace`: empty for what belongs to none. */
  standOn(kind: Kind, labels: Labels, namespace: string): Stand {
    const revision = labels[revisionLabel];
    if (revision !== undefined && revision !== this.#options.revision) return 'foreign';
    const isWritten =
      revision !== undefined && labels[managedByLabel] === ownManager && this.#options.written.has(kind);
    if (isWritten) return 'foreign';
    const isHeeded =
      namespace === '' || (this.#isOpen(namespace) && (revision !== undefined || this.#isOurs(namespace)));
    return isHeeded ? 'heeded' : 'passed over';
  }

  /** Undefined labels: it is gone. Gives whether that may change what is heeded. */
  learn(namespace: string, labels: Labels | undefined): boolean {
    const before = this.#standing(namespace);
    if (labels === undefined) this.#labels.delete(namespace);
    else this.#labels.set(namespace, labels);
    return this.#standing(namespace) !== before;
  }

  #standing(namespace: string): string {
    return `${this.#isOpen(namespace)} ${this.#isOurs(namespace)}`;
  }

  #isOpen(namespace: string): boolean {
    const { selector } = this.#options;
    const labels = this.#labels.get(namespace) ?? noLabels;
    const ignore = labels[ignoreLabel];
    if (ignore === 'true' || (ignore !== 'false' && ownOfKubernetes.has(namespace))) return false;
    return selector === undefined || selector(labels);
  }

  #isOurs(namespace: string): boolean {
    const revision = this.#labels.get(namespace)?.[revisionLabel];
    return revision === undefined || revision === this.#options.revision;
  }
}
