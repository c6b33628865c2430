/**
 * Finds what a name means to an asker. A view of the names that the pipeline keeps: nothing is copied or rebuilt when a
 * name changes, but for the count of names below each of its parents.
 *
 * The order in which a name is tried:
 *   1. as it is;
 *   2. as a short name of a Kubernetes Service: `svc` in the asker's namespace, `svc.ns`, `svc.ns.svc`;
 *   3. by the wildcard hosts above it, the longest first;
 *   4. with a Kubernetes search domain cut off, as a resolver with `ndots:5` appends it to whole hosts: an alias.
 * Of the services that bear a host, an asker gets that of its own namespace, else the first that it may see; of both, none
 * that it is not told of.
 */

import type { Diff } from '../../collections/collection.ts';
import type { HostScope } from '../../model/host-scope.ts';
import { serviceKey } from '../../model/service.ts';
import type { HostName, NamedService } from '../../translate/names/host-names.ts';
import { isWithin } from './names.ts';

/** A Collection of host names is one. */
export interface NameSource {
  get(host: string): HostName | undefined;
}

export interface NameSettings {
  /** `cluster.local`: short names and search domains end in it. */
  readonly clusterDomain: string;
  /** Suffixes that are ours alone: a name below them that is not in the table does not exist. */
  readonly suffixes: readonly string[];
}

export type Meaning = NamedService['is'];

export interface Asker {
  readonly namespace: string;
  /** What it is told of; absent for all that is exported to its namespace. */
  readonly hosts?: Pick<HostScope, 'has'>;
}

export class NameTable {
  readonly #source: NameSource;
  readonly #settings: () => NameSettings;
  /** How many hosts stand below a name that is itself the parent of some. */
  readonly #below = new Map<string, number>();
  #wildcards = 0;

  constructor(source: NameSource, settings: () => NameSettings) {
    this.#source = source;
    this.#settings = settings;
  }

  /** Follows which hosts are there. */
  apply(diff: Diff<HostName>): void {
    for (const { key, before, after } of diff) {
      if (before === undefined || after === undefined) this.#count(key, after === undefined ? -1 : 1);
    }
  }

  #count(host: string, step: 1 | -1): void {
    if (host.startsWith('*.')) this.#wildcards += step;
    for (const parent of parentsOf(host)) {
      const sum = (this.#below.get(parent) ?? 0) + step;
      if (sum > 0) this.#below.set(parent, sum);
      else this.#below.delete(parent);
    }
  }

  find(name: string, asker: Asker): Meaning | undefined {
    const exact = this.#get(name, asker);
    if (exact !== undefined) return exact;
    const { clusterDomain } = this.#settings();
    const full = fullName(name, asker.namespace, clusterDomain);
    return (
      (full === undefined ? undefined : this.#get(full, asker)) ??
      this.#getByWildcard(name, asker) ??
      this.#getExpanded(name, asker, clusterDomain)
    );
  }

  /** Whether what is said of a name is said here. */
  isOurs(name: string, asker: Asker): boolean {
    return this.find(name, asker) !== undefined || this.suffixOf(name) !== undefined;
  }

  /** The suffix of ours that a name stands below, or is. */
  suffixOf(name: string): string | undefined {
    return this.#settings().suffixes.find((suffix) => isWithin(name, suffix));
  }

  /** A name without records of its own that has hosts below it: it is there (RFC 8020). */
  isParent(name: string): boolean {
    return this.#below.has(name);
  }

  #get(host: string, { namespace, hosts }: Asker): Meaning | undefined {
    const all = this.#source.get(host)?.services;
    if (all === undefined) return undefined;
    const services =
      hosts === undefined ? all : all.filter((one) => hosts.has(serviceKey(one.namespace, one.host ?? host)));
    const service =
      services.find((one) => one.namespace === namespace) ?? services.find((one) => isVisibleTo(one, namespace));
    return service?.is;
  }

  #getByWildcard(name: string, asker: Asker): Meaning | undefined {
    if (this.#wildcards === 0) return undefined;
    for (let at = name.indexOf('.'); at !== -1; at = name.indexOf('.', at + 1)) {
      const found = this.#get(`*${name.slice(at)}`, asker);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #getExpanded(name: string, asker: Asker, clusterDomain: string): Meaning | undefined {
    if (!isWithin(name, clusterDomain) || name.length === clusterDomain.length) return undefined;
    const inside = name.slice(0, -clusterDomain.length - 1);
    const candidates = [inside];
    if (inside.endsWith('.svc')) {
      const service = inside.slice(0, -'.svc'.length);
      candidates.push(service, service.slice(0, Math.max(0, service.lastIndexOf('.'))));
    }
    // The shortest is what was asked for. A single label is a short name, which is whole by now.
    const target = candidates
      .reverse()
      .find((one) => one.includes('.') && (this.#get(one, asker) ?? this.#getByWildcard(one, asker)) !== undefined);
    return target === undefined ? undefined : { kind: 'alias', target };
  }
}

function isVisibleTo({ visibility }: NamedService, namespace: string): boolean {
  return visibility.kind === 'public' || visibility.namespaces.includes(namespace);
}

/** The full name that a short one stands for. */
function fullName(name: string, namespace: string, clusterDomain: string): string | undefined {
  const first = name.indexOf('.');
  if (first === -1) return name === '' ? undefined : `${name}.${namespace}.svc.${clusterDomain}`;
  const second = name.indexOf('.', first + 1);
  if (second === -1) return `${name}.svc.${clusterDomain}`;
  return name.endsWith('.svc') && name.indexOf('.', second + 1) === -1 ? `${name}.${clusterDomain}` : undefined;
}

/** `b.c` and `c` of `a.b.c` and of `*.b.c`. */
function* parentsOf(host: string): Iterable<string> {
  for (let at = host.indexOf('.'); at !== -1; at = host.indexOf('.', at + 1)) yield host.slice(at + 1);
}
