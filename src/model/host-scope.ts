/** Which services some workloads are told of, where not of all that are exported to them, as a Sidecar of Istio names them. */
import type { ServiceKey } from './service.ts';

export interface HostPattern {
  /** `*`: any. */
  readonly namespace: string;
  /** In lower case; a `*` in front stands for any text, also for that of a host that itself begins with one. */
  readonly host: string;
}

export class HostScope {
  /** Equal texts, equal scopes. */
  readonly key: string;
  /** Those that are named; none for a pattern that is for any. */
  readonly namespaces: readonly string[];
  readonly #exact: ReadonlySet<string>;
  readonly #suffixes: readonly HostPattern[];

  constructor(patterns: readonly HostPattern[]) {
    const written = [...new Set(patterns.map(({ namespace, host }) => `${namespace}/${host}`))].sort();
    this.key = written.join(' ');
    this.namespaces = [...new Set(patterns.map(({ namespace }) => namespace))].filter((one) => one !== '*').sort();
    this.#exact = new Set(written);
    this.#suffixes = patterns
      .filter(({ host }) => host.startsWith('*') && host !== '*')
      .map(({ namespace, host }) => ({ namespace, host: host.slice(1) }));
  }

  has(service: ServiceKey): boolean {
    const slash = service.indexOf('/');
    const [namespace, host] = [service.slice(0, slash), service.slice(slash + 1)];
    return (
      this.#exact.has(service) ||
      this.#exact.has(`*/${host}`) ||
      this.#exact.has(`${namespace}/*`) ||
      this.#exact.has('*/*') ||
      this.#suffixes.some((one) => (one.namespace === '*' || one.namespace === namespace) && host.endsWith(one.host))
    );
  }
}
