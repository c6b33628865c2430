import { describe, expect, it } from 'vitest';
import type { EndpointGroup, Locality } from '../../model/endpoint.ts';
import type { MeshService } from '../../model/mesh-service.ts';
import type { PlacePreference } from '../../model/traffic-policy.ts';
import { nearAudience, scopesOf } from '../scope.ts';
import { endpoint, group, meshService, policy, shown } from '../translation-fixture.ts';
import { translateClusters } from './clusters.ts';
import { translateEndpoints } from './load-assignments.ts';

const at = (place: string): Locality => {
  const [region = '', zone = ''] = place.split('/');
  return { region, zone, subzone: '' };
};
const groups = [
  group('eu/a', endpoint('10.0.0.1')),
  group('eu/b', endpoint('10.0.0.2')),
  group('us/c', endpoint('10.0.0.3', { labels: { version: 'v2' } })),
];

/** Address -> priority, for a caller at the place; undefined where the same is for everybody. */
function seenFrom(place: string, all: readonly EndpointGroup[] = groups, service = meshService()) {
  const scope = `${nearAudience(at(place))}/*`;
  const resources = translateEndpoints(service, all, [at(place)]);
  const [own] = Object.values(shown(resources.filter((one) => one.scope === scope)));
  if (own === undefined) return undefined;
  const { endpoints } = Object(own);
  return Object.fromEntries(
    endpoints.map((one: { priority?: number; lbEndpoints: { endpoint: object }[] }) => [
      JSON.stringify(one.lbEndpoints[0]?.endpoint).match(/10\.0\.0\.\d/)?.[0],
      one.priority ?? 0,
    ]),
  );
}

/** Address -> weight of its locality. */
function weightsFrom(place: string, all: readonly EndpointGroup[], service: MeshService) {
  const scope = `${nearAudience(at(place))}/*`;
  const [own] = Object.values(
    shown(translateEndpoints(service, all, [at(place)]).filter((one) => one.scope === scope)),
  );
  return Object.fromEntries(
    Object(own).endpoints.map((one: { loadBalancingWeight: number; lbEndpoints: { endpoint: object }[] }) => [
      JSON.stringify(one.lbEndpoints[0]?.endpoint).match(/10\.0\.0\.\d/)?.[0],
      one.loadBalancingWeight,
    ]),
  );
}

describe('a caller that says where it is', () => {
  it('is given endpoints of its zone first, then of its region, then all others', () => {
    expect(seenFrom('eu/a')).toEqual({ '10.0.0.1': 0, '10.0.0.2': 1, '10.0.0.3': 2 });
    expect(seenFrom('us/d')).toEqual({ '10.0.0.1': 1, '10.0.0.2': 1, '10.0.0.3': 0 });
  });

  it('is in a zone of one name in another region no nearer', () => {
    expect(seenFrom('us/a')).toEqual({ '10.0.0.1': 1, '10.0.0.2': 1, '10.0.0.3': 0 });
  });

  it('is met by its zone alone where endpoints, as those of Kubernetes, name no region', () => {
    const zones = [group('/a', endpoint('10.0.0.1')), group('/b', endpoint('10.0.0.2'))];
    expect(seenFrom('eu/b', zones)).toEqual({ '10.0.0.1': 1, '10.0.0.2': 0 });
  });

  it('shares what everybody is given where all endpoints are as near, or it is near to none', () => {
    expect(seenFrom('asia/z')).toBeUndefined();
    expect(seenFrom('eu/a', [groups[0] ?? group('')])).toBeUndefined();
    expect(seenFrom('eu/a', [group('', endpoint('10.0.0.1')), group('us/c', endpoint('10.0.0.2'))])).toBeUndefined();
  });

  it('calls the same endpoint as callers elsewhere where a hash chooses it', () => {
    const loadBalancing = { kind: 'consistent-hash', algorithm: 'maglev', property: 'user' } as const;
    expect(seenFrom('eu/a', groups, meshService({ policy: { policy: { ...policy, loadBalancing } } }))).toBeUndefined();
  });

  const under = (places: Partial<PlacePreference>) =>
    meshService({
      policy: { policy: { ...policy, places: { isEnabled: true, shares: [], nextRegions: {}, order: [], ...places } } },
    });
  const far = [...groups, group('asia/d', endpoint('10.0.0.4'))];

  it('goes on to the region that a rule names before all others', () => {
    const service = under({ nextRegions: { eu: 'asia' } });
    expect(seenFrom('eu/a', far, service)).toEqual({ '10.0.0.1': 0, '10.0.0.2': 1, '10.0.0.3': 3, '10.0.0.4': 2 });
    expect(seenFrom('us/c', far, service)).toEqual({ '10.0.0.1': 1, '10.0.0.2': 1, '10.0.0.3': 0, '10.0.0.4': 1 });
  });

  it('counts as near what a rule says is alike, the first weighing most', () => {
    const service = under({ order: ['region'] });
    expect(seenFrom('eu/a', far, service)).toEqual({ '10.0.0.1': 0, '10.0.0.2': 0, '10.0.0.3': 1, '10.0.0.4': 1 });
    expect(seenFrom('asia/z', groups, service)).toBeUndefined();
  });

  it('shares out as a rule says, and gives nothing to what that does not name', () => {
    const to = [
      { place: 'eu', percent: 30 },
      { place: 'eu/b', percent: 70 },
    ];
    const service = under({ shares: [{ from: 'eu/*', to }] });
    const both = [group('eu/a', endpoint('10.0.0.1'), endpoint('10.0.0.5')), group('eu/e', endpoint('10.0.0.6'))];
    expect(weightsFrom('eu/a', [...far, ...both.slice(1)], service)).toEqual({
      '10.0.0.1': 150_000,
      '10.0.0.2': 700_000,
      '10.0.0.6': 150_000,
    });
    expect(weightsFrom('eu/a', [...both, ...far.slice(1)], service)).toMatchObject({ '10.0.0.1': 200_000 });
    expect(seenFrom('us/c', far, service)).toEqual({ '10.0.0.1': 1, '10.0.0.2': 1, '10.0.0.3': 0, '10.0.0.4': 1 });
    const [cluster] = Object.values(shown(translateClusters(service).resources));
    expect(cluster).toMatchObject({ commonLbConfig: { localityWeightedLbConfig: {} } });
  });

  it('gets what everybody gets where a rule says so, and is told when a rule can have no effect', () => {
    expect(seenFrom('eu/a', far, under({ isEnabled: false }))).toBeUndefined();
    const places = { isEnabled: true, shares: [], nextRegions: {}, order: [] };
    const hashed = { ...policy, places, loadBalancing: { kind: 'consistent-hash', algorithm: 'maglev' } } as const;
    const { findings } = translateClusters(meshService({ policy: { policy: hashed } }));
    expect(findings.map(({ code }) => code)).toEqual(['ISTH0704']);
  });

  it('sees what is near to it before what everybody is given, and can name no scope of others by its place', () => {
    const node = { id: 'a', kind: 'envoy', namespace: 'shop', workload: 'a', addresses: [], labels: {} } as const;
    const scopes = (locality: Locality) => scopesOf({ ...node, serviceAccount: '', extensions: [], locality });
    expect(scopes(at('eu/a'))).toEqual(['envoy/shop', 'all+eu,a/shop', 'all/shop', 'envoy/*', 'all+eu,a/*', 'all/*']);
    const crafted = scopes({ region: 'eu', zone: 'a#spiffe://cluster.local/ns', subzone: '' });
    expect(crafted.join()).not.toContain('#');
  });
});
