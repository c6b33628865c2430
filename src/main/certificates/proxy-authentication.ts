/**
 * Whom a proxy may speak for. Its certificate says who it is, and what its node states has to agree with that. In
 * plaintext it is nobody, unless its own word is to be taken: then whoever reaches the address has everybody's keys.
 */
import type { IdentityOf } from '../../delivery/xds/streams/admission.ts';
import { type Peer, type Status, StatusCode } from '../../delivery/xds/transport/transport.ts';
import { isIdentity, parseSpiffeId, spiffeId } from '../../model/identity.ts';
import type { ProxyNode } from '../../model/proxy.ts';

export function authorizeProxy(
  { identity: verified }: Peer,
  { id, namespace, serviceAccount }: ProxyNode,
): Status | undefined {
  if (verified === undefined) return undefined;
  const identity = parseSpiffeId(verified);
  const states = { namespace, serviceAccount: serviceAccount === '' ? identity?.serviceAccount : serviceAccount };
  if (identity?.namespace === states.namespace && identity?.serviceAccount === states.serviceAccount) return undefined;
  const stated = `namespace ${namespace}${serviceAccount === '' ? '' : ` and service account ${serviceAccount}`}`;
  const message = `Node "${id}" states ${stated}, and its certificate is that of ${verified}. Set NAMESPACE and SERVICE_ACCOUNT in node.metadata.`;
  return { code: StatusCode.permissionDenied, message };
}

/** `isWordTaken`: of who shows no certificate, which on plaintext nobody can. */
export function identityOfProxy(trustDomain: () => string, isWordTaken: boolean): IdentityOf {
  return ({ identity: verified }, node) => verified ?? (isWordTaken ? statedIdentity(node, trustDomain()) : undefined);
}

/** Undefined where the node states none, or what no workload can be called. */
export function statedIdentity({ namespace, serviceAccount }: ProxyNode, trustDomain: string): string | undefined {
  const stated = { trustDomain, namespace, serviceAccount };
  return isIdentity(stated) ? spiffeId(stated) : undefined;
}
