/**
 * Whom a proxy may speak for. Its certificate says who it is, and what its node states has to agree with that. In
 * plaintext, which is for the loopback address, its own word is taken.
 */
import type { Authorize, IdentityOf } from '../delivery/xds/admission.ts';
import { StatusCode } from '../delivery/xds/transport.ts';
import { isIdentity, parseSpiffeId, spiffeId } from '../model/identity.ts';

export const authorizeProxy: Authorize = ({ identity: verified }, { id, namespace, serviceAccount }) => {
  if (verified === undefined) return undefined;
  const identity = parseSpiffeId(verified);
  const states = { namespace, serviceAccount: serviceAccount === '' ? identity?.serviceAccount : serviceAccount };
  if (identity?.namespace === states.namespace && identity?.serviceAccount === states.serviceAccount) return undefined;
  const stated = `namespace ${namespace}${serviceAccount === '' ? '' : ` and service account ${serviceAccount}`}`;
  const message = `Node "${id}" states ${stated}, and its certificate is that of ${verified}. Set NAMESPACE and SERVICE_ACCOUNT in node.metadata.`;
  return { code: StatusCode.permissionDenied, message };
};

export function identityOfProxy(trustDomain: () => string): IdentityOf {
  return ({ identity: verified }, { namespace, serviceAccount }) => {
    if (verified !== undefined) return verified;
    const stated = { trustDomain: trustDomain(), namespace, serviceAccount };
    return isIdentity(stated) ? spiffeId(stated) : undefined;
  };
}
