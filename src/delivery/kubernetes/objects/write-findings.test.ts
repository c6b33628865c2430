import { expect, it } from 'vitest';
import type { ClusterWriting, KindWriting } from '../../../model/cluster-writing.ts';
import { originOf } from './wanted-object.ts';
import { writeFindings } from './write-findings.ts';

const object = { kind: 'ServiceEntry', namespace: 'shop', name: 'orders' };
const origin = { kind: 'ServiceRegistry', name: 'consul' };
const kind: KindWriting = {
  kind: 'ServiceEntry',
  resource: 'serviceentries.networking.istio.io',
  state: 'live',
  reason: '',
  wanted: 3,
  owned: 3,
  strangers: [],
  troubles: [],
  namespaces: [],
  fights: [],
};

function told(changed: Partial<KindWriting>, all: Partial<ClusterWriting> = {}): readonly string[] {
  const status = {
    isWriter: true,
    isComplete: true,
    queued: 0,
    isHalted: false,
    kinds: [{ ...kind, ...changed }],
    ...all,
  };
  return writeFindings(status).map(({ code, object: about, message }) => `${code} ${about.name}: ${message}`);
}

it('tells of each thing that stands in the way at the object that mends it', () => {
  expect(told({})).toEqual([]);
  expect(told({ troubles: [{ object, origin, cause: 'refused', message: 'no' }] })).toEqual([
    'ISTH1702 consul: ServiceEntry shop/orders is not written: no',
  ]);
  expect(told({ fights: [{ object, origin, by: 'helm' }] })).toEqual([
    'ISTH1704 consul: ServiceEntry shop/orders is changed again and again by helm.',
  ]);
  expect(told({ held: { objects: ['shop/a', 'shop/b'], since: 0, due: 600_000 } })).toEqual([
    'ISTH1703 *: 2 objects of kind ServiceEntry, such as shop/a, are to go at once; they stay until 1970-01-01T00:10:00.000Z.',
  ]);
  expect(told({ strangers: ['shop/copy'] })).toEqual(['ISTH1708 copy: ServiceEntry shop/copy is kept.']);
  const waiting = { namespace: 'late', message: 'namespaces "late" not found', waiting: 2 } as const;
  expect(told({ namespaces: [{ ...waiting, cause: 'namespace-absent' }] })).toEqual([
    'ISTH1710 late: 2 objects of kind ServiceEntry wait for namespace late, which is not there.',
  ]);
  expect(told({ namespaces: [{ ...waiting, waiting: 1, cause: 'namespace-terminating' }] })).toEqual([
    'ISTH1710 late: 1 object of kind ServiceEntry waits: namespace late is being deleted.',
  ]);
});

it('names the command that makes a namespace for which objects wait', () => {
  const namespaces = [{ namespace: 'late', message: '', waiting: 2, cause: 'namespace-absent' }] as const;
  const [found] = writeFindings({
    isWriter: true,
    isComplete: true,
    queued: 0,
    isHalted: false,
    kinds: [{ ...kind, namespaces }],
  });
  expect(found?.remedy).toContain('kubectl create namespace late.');
});

it('misses a kind only where something of it is wanted, and writes only where it is to write', () => {
  expect(told({ state: 'absent', wanted: 0 })).toEqual([]);
  expect(told({ state: 'absent' })).toEqual([
    'ISTH1705 serviceentries.networking.istio.io: 3 objects of kind ServiceEntry wait for it.',
  ]);
  expect(told({ state: 'forbidden', reason: 'no', wanted: 0 })).toEqual([]);
  expect(told({ state: 'forbidden', reason: 'no' })).toEqual(['ISTH1706 serviceentries.networking.istio.io: no.']);
  const core = { ...kind, kind: 'Service', resource: 'services', state: 'forbidden' as const, reason: 'no' };
  const [found] = writeFindings({ isWriter: true, isComplete: true, queued: 0, isHalted: false, kinds: [core] });
  expect(found?.object).toEqual({ kind: 'APIResource', name: 'services' });
  expect(told({}, { isHalted: true, queued: 4 })).toEqual(['ISTH1709 isthmus: 4 objects wait to be written.']);
  expect(told({}, { isHalted: true, queued: 4, isWriter: false })).toEqual([]);
});

it.each([
  ['ServiceRegistry consul', { kind: 'ServiceRegistry', name: 'consul' }],
  ['MetaRouter shop/orders', { kind: 'MetaRouter', namespace: 'shop', name: 'orders' }],
  ['what is this', { kind: 'ServiceEntry', namespace: 'shop', name: 'x' }],
])('an object comes from %s as its annotation says', (source, expected) => {
  const metadata = { name: 'x', namespace: 'shop', labels: {}, annotations: { 'isthmus.dev/source': source } };
  expect(originOf({ kind: 'ServiceEntry', metadata })).toEqual(expected);
});
