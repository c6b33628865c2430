/**
 * Who a workload is: a service account of a namespace, in a trust domain. Written as a SPIFFE id,
 * `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`; read strictly, since a name that two readers take for two
 * workloads is a way around a policy. https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md
 */
export interface Identity {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** SPIFFE's bound, in bytes; all characters of an id that is valid are ASCII. */
const maxIdLength = 2048;
const form = /^spiffe:\/\/([^/]*)\/ns\/([^/]*)\/sa\/([^/]*)$/;
const trustDomainForm = /^[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9])?$/;
const namespaceForm = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const serviceAccountForm = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

export function isTrustDomain(text: string): boolean {
  return trustDomainForm.test(text) && !text.includes('..');
}

/** Whether the parts are names that an id can be written of. */
export function isIdentity({ trustDomain, namespace, serviceAccount }: Identity): boolean {
  return (
    isTrustDomain(trustDomain) &&
    namespaceForm.test(namespace) &&
    serviceAccountForm.test(serviceAccount) &&
    !serviceAccount.includes('..')
  );
}

/** Undefined for all that is not letter for letter an id of ours; nothing is decoded, lower-cased or trimmed. */
export function parseSpiffeId(text: string): Identity | undefined {
  if (text.length > maxIdLength) return undefined;
  const [, trustDomain, namespace, serviceAccount] = form.exec(text) ?? [];
  if (trustDomain === undefined || namespace === undefined || serviceAccount === undefined) return undefined;
  const identity = { trustDomain, namespace, serviceAccount };
  return isIdentity(identity) ? identity : undefined;
}

export function spiffeId({ trustDomain, namespace, serviceAccount }: Identity): string {
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}

export function isSameIdentity(a: Identity, b: Identity): boolean {
  return a.trustDomain === b.trustDomain && a.namespace === b.namespace && a.serviceAccount === b.serviceAccount;
}
