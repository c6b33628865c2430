/** A lease of a virtual IP as an object of Kubernetes, read and written: crds/address-lease.yaml. */

import { isIPv4, isIPv6 } from 'node:net';
import type { ApiCollection } from '../../../kubernetes-api/api-paths.ts';
import { fieldOf, textOf } from '../../../kubernetes-api/plain-fields.ts';
import { managedByLabel, ownLabels, ownManager, revisionLabel } from '../../../model/ownership.ts';
import type { ServiceKey } from '../../../model/service.ts';
import type { VirtualIpLease } from '../../../model/virtual-ip.ts';

export const addressLeases: ApiCollection = { group: 'isthmus.dev', version: 'v1alpha1', plural: 'addressleases' };

export interface AddressLease {
  readonly name: string;
  /** Of the object: another one of the same name has another. */
  readonly uid: string;
  readonly version: string;
  /** Milliseconds since the epoch, by the API server's clock. */
  readonly created: number;
  /** Whose control plane made it; undefined where it was none. */
  readonly revision: string | undefined;
  /** Undefined for an object that says less than a lease has to. */
  readonly lease: VirtualIpLease | undefined;
}

/** The API server refuses a second one of the same name. */
export function leaseName({ ipv4, ipv6 = '' }: VirtualIpLease): string {
  if (ipv4 !== undefined) return ipv4.replaceAll('.', '-');
  // No name ends with a -.
  return `v6-${ipv6.replaceAll(':', '-')}${ipv6.endsWith(':') ? '0' : ''}`;
}

/**
 * Undefined for what is no object of Kubernetes. An address in another spelling than ours is none: `.06` and `.6` would be two names of
 * one address.
 */
export function readAddressLease(object: unknown): AddressLease | undefined {
  const metadata = fieldOf(object, 'metadata');
  const labels = fieldOf(metadata, 'labels');
  const [name, uid, version] = ['name', 'uid', 'resourceVersion'].map((field) => textOf(metadata, field));
  if (name === undefined || uid === undefined || version === undefined) return undefined;
  const isOurs = textOf(labels, managedByLabel) === ownManager;
  return {
    name,
    uid,
    version,
    created: Date.parse(textOf(metadata, 'creationTimestamp') ?? '') || 0,
    revision: isOurs ? textOf(labels, revisionLabel) : undefined,
    lease: leaseIn(fieldOf(object, 'spec')),
  };
}

function leaseIn(spec: unknown): VirtualIpLease | undefined {
  const [host, namespace, ipv4, ipv6, state] = ['host', 'namespace', 'ipv4', 'ipv6', 'state'].map((field) =>
    textOf(spec, field),
  );
  const since = Date.parse(textOf(spec, 'since') ?? '');
  if (host === undefined || namespace === undefined || Number.isNaN(since)) return undefined;
  if ((ipv4 === undefined && ipv6 === undefined) || (state !== 'Bound' && state !== 'Tombstone')) return undefined;
  if ((ipv4 !== undefined && !isIPv4(ipv4)) || (ipv6 !== undefined && !isPlainIpv6(ipv6))) return undefined;
  return {
    key: `${namespace}/${host}`,
    ...(ipv4 === undefined ? {} : { ipv4 }),
    ...(ipv6 === undefined ? {} : { ipv6 }),
    state: state === 'Bound' ? 'bound' : 'tombstone',
    since,
  };
}

function isPlainIpv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%') && new URL(`http://[${text}]/`).hostname === `[${text}]`;
}

export function addressLeaseObject(lease: VirtualIpLease, revision: string): object {
  return {
    apiVersion: 'isthmus.dev/v1alpha1',
    kind: 'AddressLease',
    metadata: { name: leaseName(lease), labels: ownLabels(revision) },
    spec: specOf(lease),
  };
}

export function specOf({ key, ipv4, ipv6, state, since }: VirtualIpLease): object {
  return {
    ...hostOf(key),
    ...(ipv4 === undefined ? {} : { ipv4 }),
    ...(ipv6 === undefined ? {} : { ipv6 }),
    state: state === 'bound' ? 'Bound' : 'Tombstone',
    since: new Date(since).toISOString(),
  };
}

function hostOf(key: ServiceKey): { readonly namespace: string; readonly host: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), host: key.slice(slash + 1) };
}
