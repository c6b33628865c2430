/** Hosts that wait for an address, and who is to write it. */
import { type Finding, finding } from '../../../model/finding.ts';
import type { ServiceKey } from '../../../model/service.ts';

interface Writer {
  readonly isWriter: boolean;
  /** Empty where nobody is. */
  readonly holder: string;
}

export function awaitedLeaseFindings(hosts: readonly ServiceKey[], { isWriter, holder }: Writer): readonly Finding[] {
  const [first] = hosts;
  if (first === undefined) return [];
  const who = isWriter
    ? 'this replica is to write their AddressLeases, and has not yet: ISTH1502 says what keeps it'
    : holder === ''
      ? 'no replica writes at present: ISTH1501 says what keeps them'
      : `${holder} is to write their AddressLeases`;
  const message = `${hosts.length} host${hosts.length === 1 ? '' : 's'} (${first}${hosts.length === 1 ? '' : ' and others'}): ${who}.`;
  return [finding('ISTH1505', { object: { kind: 'AddressLease', name: '' }, message })];
}
