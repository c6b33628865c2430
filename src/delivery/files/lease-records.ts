/** What a lease is in the journal: itself, as JSON. */
import type { ServiceKey } from '../../model/service.ts';
import type { VirtualIpLease } from '../../model/virtual-ip.ts';
import { isRecord } from './journal-lines.ts';
import type { JournalBook, JournalFormat } from './record-journal.ts';

export const leaseFormat: JournalFormat<VirtualIpLease> = {
  header: { format: 'isthmus leases', version: 1 },
  newBook: () => new RecoveredBook(),
};

/** Where two keys claim one address, the later record does. */
class RecoveredBook implements JournalBook<VirtualIpLease> {
  readonly records = new Map<string, VirtualIpLease>();
  readonly #holders = new Map<string, ServiceKey>();

  add(json: unknown): boolean {
    if (!isRecord(json) || !isServiceKey(json.key)) return false;
    const { key, ipv4, ipv6, state, since } = json;
    if (state === 'gone') {
      this.records.delete(key);
      return true;
    }
    if ((state !== 'bound' && state !== 'tombstone') || typeof since !== 'number') return false;
    if (!isOptionalText(ipv4) || !isOptionalText(ipv6)) return false;
    for (const address of [ipv4, ipv6]) if (address !== undefined) this.#take(address, key);
    const addresses = { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
    this.records.set(key, { key, ...addresses, state, since });
    return true;
  }

  /** Only a record that was lost can leave an address with two keys: the one before gave it up. */
  #take(address: string, key: ServiceKey): void {
    const other = this.#holders.get(address);
    this.#holders.set(address, key);
    const lease = other === undefined || other === key ? undefined : this.records.get(other);
    if (lease === undefined) return;
    const { ipv4, ipv6, ...rest } = lease;
    const left = {
      ...(ipv4 === undefined || ipv4 === address ? {} : { ipv4 }),
      ...(ipv6 === undefined || ipv6 === address ? {} : { ipv6 }),
    };
    if (ipv4 !== address && ipv6 !== address) return;
    if (Object.keys(left).length === 0) this.records.delete(lease.key);
    else this.records.set(lease.key, { ...rest, ...left });
  }
}

function isServiceKey(value: unknown): value is ServiceKey {
  return typeof value === 'string' && value.includes('/');
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}
