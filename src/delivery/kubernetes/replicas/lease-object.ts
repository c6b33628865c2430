/** A Lease of coordination.k8s.io/v1, read and written. */

import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import type { ApiObjectName } from '../../../kubernetes-api/api-paths.ts';
import { fieldOf, textOf } from '../../../kubernetes-api/plain-fields.ts';
import { ownLabels } from '../../../model/ownership.ts';

export interface HeldLease {
  /** Of the object; undefined for one that is yet to be made. */
  readonly version: string | undefined;
  /** Empty where nobody holds it. */
  readonly holder: string;
  /** How long a holder may say nothing. */
  readonly leaseMs: number;
  /** For people: times by the clock of whoever wrote them. */
  readonly acquired: string | undefined;
  readonly renewed: string | undefined;
  readonly transitions: number;
}

/** Where somebody wrote no time for a holder: that of controller-runtime. */
const usualLeaseMs = 15_000;

/** The API has 32 bits for them, and refuses what is more. */
const mostTransitions = 2 ** 31 - 1;

/** Throws ApiFailure for what is none. */
export function readLease(object: unknown): HeldLease {
  const metadata = fieldOf(object, 'metadata');
  const spec = fieldOf(object, 'spec');
  const version = fieldOf(metadata, 'resourceVersion');
  if (typeof version !== 'string') throw new ApiFailure('an answer is no Lease');
  const seconds = fieldOf(spec, 'leaseDurationSeconds');
  const transitions = fieldOf(spec, 'leaseTransitions');
  return {
    version,
    holder: textOf(spec, 'holderIdentity') ?? '',
    leaseMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : usualLeaseMs,
    acquired: textOf(spec, 'acquireTime'),
    renewed: textOf(spec, 'renewTime'),
    transitions: typeof transitions === 'number' ? transitions : 0,
  };
}

/** `revision`: of the control plane whose replicas hold it. */
export function leaseObject({ namespace, name }: ApiObjectName, lease: HeldLease, revision: string): object {
  const { version, holder, leaseMs, acquired, renewed, transitions } = lease;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace,
      labels: ownLabels(revision),
      ...(version === undefined ? {} : { resourceVersion: version }),
    },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: Math.max(1, Math.round(leaseMs / 1000)),
      ...(acquired === undefined ? {} : { acquireTime: microTime(acquired) }),
      ...(renewed === undefined ? {} : { renewTime: microTime(renewed) }),
      leaseTransitions: Math.min(transitions, mostTransitions),
    },
  };
}

/** Six digits, as the API has it. */
function microTime(time: string): string {
  return time.replace(/\.(\d{3})Z$/, '.$1000Z');
}
