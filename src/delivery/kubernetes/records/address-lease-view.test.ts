import { describe, expect, it } from 'vitest';
import { addressLeaseObject, leaseName, readAddressLease } from './address-lease.ts';
import { AddressLeaseView } from './address-lease-view.ts';

interface Written {
  readonly host?: string;
  readonly ipv4: string;
  readonly ipv6?: string;
  readonly state?: 'bound' | 'tombstone';
  readonly created?: string;
  readonly version?: string;
}

function object({
  host = 'a',
  ipv4,
  ipv6,
  state = 'bound',
  created = '2026-01-01T00:00:00Z',
  version = '1',
}: Written): object {
  const whole = addressLeaseObject(
    { key: `shop/${host}`, ipv4, ...(ipv6 === undefined ? {} : { ipv6 }), state, since: 0 },
    'default',
  );
  const metadata = {
    ...Reflect.get(whole, 'metadata'),
    uid: ipv4,
    resourceVersion: version,
    creationTimestamp: created,
  };
  return { ...whole, metadata };
}

function viewOf(...objects: readonly object[]): AddressLeaseView {
  const view = new AddressLeaseView();
  for (const one of objects) {
    const lease = readAddressLease(one);
    if (lease !== undefined) view.take(lease);
  }
  return view;
}

describe('the AddressLeases of a host', () => {
  const older = { ipv4: '240.241.0.9', created: '2026-01-01T00:00:00Z' };
  const younger = { ipv4: '240.241.0.1', created: '2026-01-02T00:00:00Z' };

  it.each([
    ['the older', [older, younger], older],
    ['that in use before a tombstone', [{ ...older, state: 'tombstone' as const }, younger], younger],
    ['the first by name where they are of one age', [{ ...older, created: younger.created }, younger], younger],
  ])('count by %s, in whichever order they are seen', (_, leases, counting) => {
    for (const seen of [leases, leases.toReversed()]) {
      const view = viewOf(...seen.map(object));
      expect(view.of('shop/a')?.lease?.ipv4).toBe(counting.ipv4);
      const other = leases.find(({ ipv4 }) => ipv4 !== counting.ipv4)?.ipv4 ?? '';
      expect([...view.reserved()]).toEqual([[other, ['shop/a']]]);
      expect(view.findings()).toMatchObject([{ code: 'ISTH1504', object: { name: other.replaceAll('.', '-') } }]);
    }
  });

  it('are not taken back to what was before', () => {
    const view = viewOf(object({ ...older, version: '20' }));
    const late = readAddressLease(object({ ...older, state: 'tombstone', version: '9' }));
    expect(late === undefined ? [] : view.take(late)).toEqual([]);
    expect(view.of('shop/a')?.lease?.state).toBe('bound');
  });

  it('that have an address of an older lease do not count, whichever is seen first, until that is gone', () => {
    const first = { ...older, ipv6: '2001:2:1::7' };
    const second = { ...younger, host: 'b', ipv6: '2001:2:1::7' };
    for (const seen of [
      [first, second],
      [second, first],
    ]) {
      const view = viewOf(...seen.map(object));
      expect([view.of('shop/a')?.name, view.of('shop/b')]).toEqual(['240-241-0-9', undefined]);
      expect([...view.reserved()]).toEqual([['240.241.0.1', ['shop/b']]]);
      expect(view.findings()).toMatchObject([{ code: 'ISTH1504', object: { name: '240-241-0-1' } }]);
      expect(view.drop('240-241-0-9', undefined).toSorted()).toEqual(['shop/a', 'shop/b']);
      expect(view.of('shop/b')?.name).toBe('240-241-0-1');
      expect(view.findings()).toEqual([]);
    }
  });

  it.each([
    ['240.241.300.1', undefined],
    ['999.1.1.1', undefined],
    ['240.241.175.06', undefined],
    ['240.241.0.7', ':::::'],
    ['240.241.0.7', '2001:0002:1::7'],
    ['240.241.0.7', '2001:2:1:0:0:0:0:7'],
    ['240.241.0.7', '::ffff:10.0.0.1'],
    ['240.241.0.7', 'FE80::1'],
  ])('that say no address as it is written here (%s %s) are said, and nobody has it', (ipv4, ipv6) => {
    const view = viewOf(object({ ipv4, ...(ipv6 === undefined ? {} : { ipv6 }) }));
    expect(view.of('shop/a')).toBeUndefined();
    expect(view.findings()).toMatchObject([{ code: 'ISTH1503' }]);
  });

  it.each(['2001:2:1::', '::1', '2001:2:1::1704:47a8', 'fd00::', '1:2:3:4:5:6:7:8', '1:0:2::3:0:4', '1:0:2:3:4:5:6:7'])(
    'that say %s are taken',
    (ipv6) => {
      expect(viewOf(object({ ipv4: '240.241.0.7', ipv6 })).of('shop/a')?.lease?.ipv6 ?? '').toMatch(ipv6);
    },
  );

  it('that say too little reserve the address that they are named after', () => {
    const { metadata } = JSON.parse(JSON.stringify(object(older)));
    const view = viewOf({ metadata, spec: { host: 'a' } });
    expect([...view.reserved().keys()]).toEqual(['240.241.0.9']);
    expect(view.findings()).toMatchObject([{ code: 'ISTH1503' }]);
  });
});

it('an AddressLease has a name of Kubernetes, whichever address it has', () => {
  const lease = { key: 'shop/a', state: 'bound', since: 0 } as const;
  expect(leaseName({ ...lease, ipv4: '240.241.0.7', ipv6: '2001:2:1::7' })).toBe('240-241-0-7');
  for (const ipv6 of ['2001:2:1::7', '2001:2:1::', '::1'])
    expect(leaseName({ ...lease, ipv6 })).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
});
