/** What a workload's port takes from outside the mesh, beside what its callers in the mesh may send: HTTP only. */
import type { RequestCondition } from './access.ts';
import type { ObjectRef } from './finding.ts';

export interface PortIngress {
  /** The policy that says so. */
  readonly object: ObjectRef;
  /** Ranges of addresses that it is taken from, sorted; any only where `tls` says who may come. */
  readonly ranges: readonly string[] | 'any';
  /** Requests that satisfy one of them. */
  readonly requests: readonly RequestCondition[] | 'any';
  /** Absent for plain text. */
  readonly tls?: IngressTls;
}

export interface IngressTls {
  /** Server names that it is for; empty for all but those by which the mesh calls. */
  readonly sniHosts: readonly string[];
  /** DNS names or SPIFFE ids of certificates that the mesh trusts; any: whoever has one. Absent: none is asked for. */
  readonly principals?: readonly string[] | 'any';
}
