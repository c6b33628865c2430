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
  /** `<namespace>/<suffix>`, by how long the suffix is. */
  readonly #suffixes: ReadonlyMap<number, ReadonlySet<string>>;

  constructor(patterns: readonly HostPattern[]) {
    const written = [...new Set(patterns.map(({ namespace, host }) => `${namespace}/${host}`))].sort();
    this.key = written.join(' ');
    this.namespaces = [...new Set(patterns.map(({ namespace }) => namespace))].filter((one) => one !== '*').sort();
    this.#exact = new Set(written);
    const suffixes = patterns.filter(({ host }) => host.startsWith('*') && host !== '*');
    const byLength = Map.groupBy(suffixes, ({ host }) => host.length - 1);
    this.#suffixes = new Map(
      [...byLength].map(([length, all]) => [
        length,
        new Set(all.map(({ namespace, host }) => `${namespace}/${host.slice(1)}`)),
      ]),
    );
  }

  has(service: ServiceKey): boolean {
    const slash = service.indexOf('/');
    const [namespace, host] = [service.slice(0, slash), service.slice(slash + 1)];
    return (
      this.#exact.has(service) ||
      this.#exact.has(`*/${host}`) ||
      this.#exact.has(`${namespace}/*`) ||
      this.#exact.has('*/*') ||
      this.#hasSuffix(namespace, host)
    );
  }

  /** In a time that the length of the host bounds: whoever writes a Sidecar may write tens of thousands of patterns. */
  #hasSuffix(namespace: string, host: string): boolean {
    for (const [length, suffixes] of this.#suffixes) {
      if (length > host.length) continue;
      const suffix = host.slice(host.length - length);
      if (suffixes.has(`*/${suffix}`) || suffixes.has(`${namespace}/${suffix}`)) return true;
    }
    return false;
  }
}
