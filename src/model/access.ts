/**
 * Who may send what to a workload. Rules only add: what no rule permits is denied, and what is empty permits nothing.
 */
import type { ObjectRef } from './finding.ts';

/** Conditions on an HTTP request that are all to hold. Regular expressions are RE2's, written by users, each valid by itself. */
export interface RequestCondition {
  /** Anchored at the start of the path, which is made plain first and taken without its query; empty for any. */
  readonly pathRegex: string;
  /** In upper case; empty for any. */
  readonly methods: readonly string[];
  /** By names in lower case; the whole of a value has to match, of several one. `host` is the authority. */
  readonly headers: readonly { readonly name: string; readonly regex: string }[];
  /** Of a token that was verified, where a rule asks for one: none is there for whoever did not verify it. */
  readonly claims?: readonly ClaimCondition[];
}

/** One claim of a token: a text, or a list with such a text in it. */
export interface ClaimCondition {
  /** Names, from the outside in. */
  readonly path: readonly string[];
  /** RE2's, of which one has to match the whole text. */
  readonly regexes: readonly string[];
}

export interface AccessRule {
  /** The policy that says so. */
  readonly object: ObjectRef;
  /** SPIFFE ids, sorted. Any: whoever has a certificate of the mesh with a SPIFFE id. */
  readonly sources: readonly string[] | 'any';
  /** Ports of the workload. */
  readonly ports: readonly number[] | 'any';
  /** HTTP requests that satisfy one of them; any: whatever is spoken, HTTP or not. */
  readonly requests: readonly RequestCondition[] | 'any';
}

/** All that may be sent to the workloads of one identity. */
export interface AccessPolicy {
  /** The SPIFFE id of the destination. */
  readonly key: string;
  /** In the order of their policies' names. */
  readonly rules: readonly AccessRule[];
}

/** Whom any of the rules is for: SPIFFE ids, sorted; any if one is for whoever has a certificate. */
export function sourcesOf(rules: readonly AccessRule[]): AccessRule['sources'] {
  const sources = new Set<string>();
  for (const rule of rules) {
    if (rule.sources === 'any') return 'any';
    for (const source of rule.sources) sources.add(source);
  }
  return [...sources].sort();
}
