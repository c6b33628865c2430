/**
 * What a takeover does with each object, from all that is there: nothing is deleted by it, no address moves, and no object
 * becomes ours before one of ours stands in its place. So it can be done at any time, and again.
 *
 *   address of a ServiceEntry ----------------------------------> lease
 *   object of a bridge, in whose place one of ours stands ------> adopted; then it is ours to keep or to take away
 *   object of a bridge, in whose place there is nothing yet ----> waits
 */
import type { AdoptionStep } from '../../model/adoption.ts';
import { serviceKey } from '../../model/service.ts';
import type { VirtualIpLease } from '../../model/virtual-ip.ts';
import type { ForeignWebhook } from './aeraki-webhook.ts';
import { asksToBeFilled, type ForeignObject, textList } from './foreign-object.ts';
import { replacementOf } from './replacement.ts';

export interface PlannedStep extends AdoptionStep {
  /** Of `lease`: what is to be written. */
  readonly lease?: VirtualIpLease;
  /** Of `adopt`. */
  readonly adopted?: ForeignObject;
  /** Of `relax`. */
  readonly relaxed?: ForeignWebhook;
}

/**
 * `leases`: those that there are. `now`: milliseconds since the epoch. `rootNamespace`: Istio's, undefined where not known. In
 * the order of namespaces, kinds and names.
 */
export function planAdoption(
  objects: readonly ForeignObject[],
  leases: readonly VirtualIpLease[],
  now: number,
  rootNamespace?: string,
): readonly PlannedStep[] {
  // What was adopted is on its way out: it stands in no other's place.
  const ours = objects.filter(({ isOurs, isForeign }) => isOurs && !isForeign);
  const sorted = objects.toSorted((a, b) => compare(titleOf(a), titleOf(b)));
  const places = new Map(sorted.map((one, at) => [titleOf(one), at]));
  const placeOf = ({ object: { kind, namespace = '', name } }: PlannedStep): number =>
    places.get(`${namespace}/${kind}/${name}`) ?? 0;
  const addresses = leaseSteps(sorted, leases, now).toSorted((a, b) => placeOf(a) - placeOf(b));
  return [...addresses, ...sorted.flatMap((object) => objectSteps(object, ours, rootNamespace))];
}

/** Of two that have one address the older keeps it, as it had it first. */
function leaseSteps(
  objects: readonly ForeignObject[],
  leases: readonly VirtualIpLease[],
  now: number,
): readonly PlannedStep[] {
  const holders = new Map(leases.flatMap(({ ipv4, key }) => (ipv4 === undefined ? [] : [[ipv4, key] as const])));
  const addresses = new Map(leases.map(({ key, ipv4 }) => [key, ipv4]));
  const entries = objects
    .filter(({ kind, isOurs }) => kind === 'ServiceEntry' && !isOurs)
    .toSorted((a, b) => a.created - b.created);
  return entries.flatMap((entry): readonly PlannedStep[] => {
    const object = refOf(entry);
    const address = textList(entry.spec, 'addresses').find(isVirtual);
    const [host] = textList(entry.spec, 'hosts');
    if (address === undefined || host === undefined) return [];
    const key = serviceKey(entry.namespace, host.toLowerCase());
    const holder = holders.get(address);
    if (holder === key) return [{ object, does: 'done', why: `${address} is leased to ${host}` }];
    if (holder !== undefined)
      return [{ object, does: 'refuse', why: `${address} is leased to ${holder}: give one of both another address` }];
    const other = addresses.get(key);
    if (other !== undefined)
      return [{ object, does: 'refuse', why: `${host} has ${other} already, which its callers know: it keeps that` }];
    holders.set(address, key);
    addresses.set(key, address);
    const lease: VirtualIpLease = { key, ipv4: address, state: 'bound', since: now };
    return [{ object, does: 'lease', why: `${address} is leased to ${host}, and stays`, lease }];
  });
}

/** What a person names: hers until now, though it has a name of ours. */
export function planHandover(
  objects: readonly ForeignObject[],
  named: readonly AdoptionStep['object'][],
): readonly PlannedStep[] {
  return named.map((object): PlannedStep => {
    const adopted = objects.find((one) => titleOf(one) === titleOf({ namespace: '', ...object }));
    if (adopted === undefined) return { object, does: 'refuse', why: 'there is none of that kind and name' };
    if (adopted.isOurs) return { object, does: 'done', why: 'it is ours' };
    const why = 'isthmus writes it from now on as it wants it, and deletes it where it wants none of that name';
    return { object, does: 'adopt', why, adopted };
  });
}

function objectSteps(
  object: ForeignObject,
  ours: readonly ForeignObject[],
  rootNamespace?: string,
): readonly PlannedStep[] {
  const about = refOf(object);
  if (!object.isForeign) return [];
  if (object.isOurs) return [{ object: about, does: 'done', why: 'it is ours' }];
  if (object.kind === 'ServiceEntry' && asksToBeFilled(object))
    return [
      { object: about, does: 'done', why: 'it is a wish of its user, which a ServiceRegistry of type Polaris fills' },
    ];
  const replacement = replacementOf(object, ours, rootNamespace);
  if (replacement === undefined) return [{ object: about, does: 'wait', why: whatComesFirst(object, ours) }];
  const { by, lack } = replacement;
  if (lack !== '') return [{ object: about, does: 'wait', why: lack }];
  const why =
    object.kind === 'ConfigMap'
      ? `it says what ${by.name} says, and is kept up to date from now on`
      : `${by.name} stands in its place: it is ours to take away`;
  return [{ object: about, does: 'adopt', why, adopted: { ...object, data: { ...object.data, ...by.data } } }];
}

function whatComesFirst({ kind, namespace, name, spec }: ForeignObject, ours: readonly ForeignObject[]): string {
  if (kind === 'ConfigMap')
    return 'isthmus keeps no bootstrap in this namespace: it does where Istio injects, run with --istio-xds (chart: istioSidecars.enabled)';
  const ownEntry = (host: string) =>
    ours.find((one) => one.kind === 'ServiceEntry' && textList(one.spec, 'hosts').includes(host));
  if (kind === 'ServiceEntry') {
    const [host = 'its host'] = textList(spec, 'hosts');
    const elsewhere = ownEntry(host)?.namespace;
    return elsewhere === undefined
      ? `nothing of ours is for ${host} yet: add a ServiceRegistry that has it, and see that it is Synced`
      : `ours for ${host} is in namespace ${elsewhere}: mapping.namespace of the ServiceRegistry has to say ${namespace}`;
  }
  const [, served = ''] = /^aeraki-inbound-(.+)-\d+$/.exec(name) ?? [];
  if (ownEntry(served) !== undefined)
    return `${served} is of a registry, which selects no workloads: it stays, until a ServiceEntry of yours with a workloadSelector has the host`;
  return 'nothing of ours stands in its place yet: see "isthmus analyze" for why';
}

/** Class E: nobody's, but for bridges and Istio, which give them to services. */
function isVirtual(address: string): boolean {
  return /^24\d\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^25[0-4]\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}

function refOf({ kind, namespace, name }: ForeignObject): AdoptionStep['object'] {
  return { kind, namespace, name };
}

function titleOf({
  kind,
  namespace,
  name,
}: Pick<ForeignObject, 'namespace' | 'name'> & { readonly kind: string }): string {
  return `${namespace}/${kind}/${name}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
