import { expect, test } from 'vitest';
import { kinds } from '../../resources/kind-table.ts';
import { type Sight, sightFindings } from './sight-findings.ts';

test.each([
  ['Pod', 'APIResource pods', 'Pod (v1) is not read'],
  ['EndpointSlice', 'APIResource endpointslices.discovery.k8s.io', 'EndpointSlice (discovery.k8s.io/v1) is not read'],
  [
    'MetaRouter',
    'CustomResourceDefinition metarouters.metaprotocol.aeraki.io',
    'MetaRouter (metaprotocol.aeraki.io/v1alpha1) is not read',
  ],
  [
    'OsmMeshConfig',
    'CustomResourceDefinition meshconfigs.config.openservicemesh.io',
    'MeshConfig (config.openservicemesh.io/v1alpha2) is not read',
  ],
])('a missing right names %s as what it is: %s', (kind, object, says) => {
  const sights = kinds
    .filter((one) => one.kind === kind)
    .map((one): Sight => ({ kind: one, state: 'forbidden', reason: 'it is forbidden' }));
  const found = sightFindings(sights, 'https://10.0.0.1').map((one) => [
    `${one.object.kind} ${one.object.name}`,
    one.message,
  ]);
  expect(found).toEqual([[object, expect.stringContaining(says)]]);
});

test('of kinds that are only just coming it says so, and not that the API server is away', () => {
  const reason = 'storage is (re)initializing';
  const sightsWith = (others: Sight['state']) =>
    kinds.map((kind): Sight => {
      return kind.kind === 'MetaRouter' ? { kind, state: 'stale', reason } : { kind, state: others, reason };
    });
  const [some, ...rest] = sightFindings(sightsWith('live'), 'https://10.0.0.1');
  expect(rest).toEqual([]);
  expect(some).toMatchObject({ code: 'ISTH1511', message: `${reason} (MetaRouter)` });
  expect(some?.remedy).toMatch(/definitions of these kinds were only just installed.*Other kinds are seen/);
  const [all] = sightFindings(sightsWith('stale'), 'https://10.0.0.1');
  expect(all?.remedy).toMatch(/^Nothing, if it is being restarted/);
});
