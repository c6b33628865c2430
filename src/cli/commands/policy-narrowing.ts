/** What policies for requests, which narrow who may call, say of one call: in data, and in prose. Pure. */
import type { AccessView, GuardedPort } from '../../model/access-view.ts';
import type { ObjectRef, Place } from '../../model/finding.ts';
import { parseSpiffeId } from '../../model/identity.ts';
import { letsThrough, policyVerdicts, type RequestCall } from '../../model/request-decision.ts';
import { policiesFor, type RequestPolicy } from '../../model/request-policy.ts';

export interface NarrowingVerdict {
  readonly object: ObjectRef;
  readonly place?: Place;
  readonly action: 'allow' | 'deny';
  /** The first of its rules that is for the call, by its path; absent where none is. */
  readonly rule?: string;
}

export interface Narrowing {
  readonly passes: boolean;
  /** In the order of their names; empty where none is for the workload. */
  readonly policies: readonly NarrowingVerdict[];
}

/** Of the workloads of one identity at a port. */
export function narrowing(view: AccessView, identity: string, port: GuardedPort, call: RequestCall): Narrowing {
  const verdicts = policyVerdicts(policiesAt(view, identity, port), call);
  const policies = verdicts.map(({ policy: { object, place, action }, rule }) => ({
    object,
    ...(place === undefined ? {} : { place }),
    action,
    ...(rule === undefined ? {} : { rule }),
  }));
  return { passes: letsThrough(verdicts), policies };
}

/** Whether what rules permit at the ports is narrowed for anybody. */
export function isNarrowed(view: AccessView, ports: readonly GuardedPort[]): boolean {
  return ports.some((port) => port.endpoints.some(({ identity = '' }) => policiesAt(view, identity, port).length > 0));
}

function policiesAt({ requestPolicies }: AccessView, identity: string, port: GuardedPort): readonly RequestPolicy[] {
  const namespace = parseSpiffeId(identity)?.namespace;
  const inNamespace = requestPolicies.filter((policy) => policy.namespace === namespace);
  return policiesFor(inNamespace, identity, port);
}
