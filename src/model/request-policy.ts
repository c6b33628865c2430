/**
 * Which requests of a private protocol get through to a workload, by who sends them and by their properties. Policies narrow
 * what access rules permit: a request passes if no policy that denies is for it and, where any policy allows, one that does.
 *
 * What cannot be seen is kept out: a request without a property fits no condition of a policy that allows, and every one of a
 * policy that denies.
 */
import type { ObjectRef, Place } from './finding.ts';
import { parseSpiffeId } from './identity.ts';
import { protocolName, type ServicePort } from './service.ts';

export type TextMatch =
  | { readonly kind: 'exact' | 'prefix' | 'suffix'; readonly value: string }
  | { readonly kind: 'present' };

/** All of it has to hold; empty lists say nothing. */
export interface CallerCondition {
  /** Of a SPIFFE id, without `spiffe://`. */
  readonly principals: readonly TextMatch[];
  readonly notPrincipals: readonly TextMatch[];
  readonly namespaces: readonly TextMatch[];
  readonly notNamespaces: readonly TextMatch[];
}

export interface PropertyCondition {
  readonly property: string;
  /** One of them has to match, or, negated, none; never empty. */
  readonly matches: readonly TextMatch[];
  readonly isNegated: boolean;
}

export interface RequestRule {
  /** In its object. */
  readonly path: string;
  /** One of them; empty for everybody. */
  readonly callers: readonly CallerCondition[];
  /** All conditions of one of them; empty for every request. */
  readonly requests: readonly (readonly PropertyCondition[])[];
}

export interface RequestPolicy {
  readonly key: string;
  readonly object: ObjectRef;
  readonly place?: Place;
  readonly namespace: string;
  readonly action: 'allow' | 'deny';
  /** Of its namespace. */
  readonly serviceAccounts: readonly string[] | 'any';
  /** Application protocols, or codecs by the last word of their names. */
  readonly protocols: readonly string[] | 'any';
  readonly rules: readonly RequestRule[];
}

export interface ReadPort extends Pick<ServicePort, 'protocol'> {
  /** Its name, where it is known. */
  readonly codec?: string | undefined;
}

/** Those for a port of a workload, in order of their names. `inNamespace`: all of the workload's namespace. */
export function policiesFor(
  inNamespace: readonly RequestPolicy[],
  identity: string,
  port: ReadPort,
): readonly RequestPolicy[] {
  const account = parseSpiffeId(identity)?.serviceAccount;
  return inNamespace
    .filter(
      ({ serviceAccounts }) => account === undefined || serviceAccounts === 'any' || serviceAccounts.includes(account),
    )
    .filter((policy) => isForPort(policy, port))
    .toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
}

/** Ports of HTTP and of plain TCP have no such requests. */
function isForPort({ protocols }: RequestPolicy, { protocol, codec }: ReadPort): boolean {
  if (protocol.kind === 'plain') return false;
  if (protocols === 'any' || protocols.includes(protocolName(protocol))) return true;
  return codec !== undefined && protocols.includes(codec.slice(codec.lastIndexOf('.') + 1));
}
