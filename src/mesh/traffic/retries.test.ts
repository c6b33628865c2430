import { describe, expect, it } from 'vitest';
import type { AnyResource } from '../../resources/kinds.ts';
import { kubernetesService, meshConfig, serviceEntry, testMesh } from '../mesh-fixture.ts';
import { retry } from '../openservicemesh/osm-policy-fixture.ts';

const web = kubernetesService('shop/web', { ports: [{ name: 'http-web', port: 80, protocol: 'TCP' }] });
const key = 'shop/web.shop.svc.cluster.local';
const buyer = 'spiffe://cluster.local/ns/shop/sa/buyer';

function meshOf(...resources: readonly AnyResource[]) {
  const test = testMesh();
  test.set(web, ...resources);
  const retries = (of = key) => test.mesh.meshServices.get(of)?.retries;
  return { ...test, retries, findings: () => test.findings().filter((one) => one.startsWith('ISTH134')) };
}

describe('a Retry', () => {
  it('is for the requests of its source to its destinations, and for no others', () => {
    const other = kubernetesService('shop/other', { ports: [{ name: 'http-web', port: 80, protocol: 'TCP' }] });
    const spec = { retryOn: ['5xx', 'reset'], numRetries: 4, perTryTimeout: 2000, retryBackoffBaseInterval: 50 };
    const { retries, findings } = meshOf(other, retry('shop/a', 'shop/buyer', ['shop/web'], { spec }));
    expect(retries()).toEqual([
      {
        caller: buyer,
        policy: { conditions: ['5xx', 'reset'], retries: 4, perTryTimeoutMs: 2000, backoffMs: 50 },
        origin: { object: { kind: 'Retry', namespace: 'shop', name: 'a' } },
      },
    ]);
    expect(retries('shop/other.shop.svc.cluster.local')).toBeUndefined();
    expect(findings()).toEqual([]);
  });

  it('without a bound for a try sets none, in either way of saying so', () => {
    const policyOf = (spec: object) =>
      meshOf(retry('shop/a', 'shop/buyer', ['shop/web'], { spec })).retries()?.[0]?.policy;
    const unbounded = { conditions: ['5xx'], retries: 1, backoffMs: 25 };
    expect(policyOf({})).toEqual(unbounded);
    expect(policyOf({ perTryTimeout: 0 })).toEqual(unbounded);
  });

  it('knows its source by the trust domain of the mesh', () => {
    const { retries } = meshOf(
      meshConfig('/mesh', { trustDomain: 'corp.mesh' }),
      retry('shop/a', 'town/thief', ['shop/web']),
    );
    expect(retries()?.map(({ caller }) => caller)).toEqual(['spiffe://corp.mesh/ns/town/sa/thief']);
  });

  it('may name the host of a ServiceEntry', () => {
    const entry = serviceEntry('shop/outer', { hosts: ['outer.example'], ports: [{ number: 80, name: 'http-web' }] });
    const { retries, findings } = meshOf(entry, retry('shop/a', 'shop/buyer', ['shop/outer.example']));
    expect(retries('shop/outer.example')).toHaveLength(1);
    expect(findings()).toEqual([]);
  });

  it('for what is not there, or speaks no HTTP, is a finding, and for its other destinations in force', () => {
    const tcp = kubernetesService('shop/tcp', { ports: [{ name: 'tcp', port: 80, protocol: 'TCP' }] });
    const { retries, findings } = meshOf(
      tcp,
      retry('shop/a', 'shop/buyer', ['shop/missing', 'shop/tcp', 'town/web', 'shop/web']),
    );
    expect(retries()).toHaveLength(1);
    expect(findings()).toEqual([
      'ISTH1341 Retry/a spec.destinations[0]',
      'ISTH1341 Retry/a spec.destinations[2]',
      'ISTH1342 Retry/a spec.destinations[1]',
    ]);
  });

  it('gives way to an older one for the same source and destination, and without ages to the first by name', () => {
    const named = (id: string, numRetries: number, created?: number) =>
      retry(id, 'shop/buyer', ['shop/web'], { spec: { numRetries }, ...(created === undefined ? {} : { created }) });
    const all = [named('shop/a', 1), named('shop/b', 2, 9), named('shop/c', 3, 5)];
    for (const order of [all, all.toReversed()]) {
      const { retries, findings } = meshOf(...order);
      expect(retries()?.map(({ policy }) => policy.retries)).toEqual([3]);
      expect(findings()).toEqual(['ISTH1343 Retry/a', 'ISTH1343 Retry/b']);
    }
    const byName = meshOf(named('shop/z', 1), named('shop/y', 2));
    expect(byName.retries()?.map(({ policy }) => policy.retries)).toEqual([2]);
    expect(byName.findings()).toEqual(['ISTH1343 Retry/z']);
  });
});
