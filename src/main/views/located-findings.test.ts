import { expect, it } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import { metaRouter } from '../../mesh/mesh-fixture.ts';
import { finding, type ObjectRef } from '../../model/finding.ts';
import { setStates } from '../../sources/resource-tables.ts';
import { FindingSources } from '../finding-sources.ts';
import { buildPipeline } from '../pipeline.ts';

function scene() {
  const engine = new Engine();
  const pipeline = buildPipeline(engine);
  engine.batch(() => {
    setStates(pipeline.sourced, 'live');
    pipeline.sourced.resources.MetaRouter.set(
      metaRouter('shop/orders', { hosts: ['nowhere.example'] }, { generation: 7 }),
    );
  });
  return new FindingSources(pipeline);
}

it('names the object with its group, and the generation that was read', () => {
  expect(scene().all()).toMatchObject([
    {
      code: 'ISTH0503',
      object: { kind: 'MetaRouter', namespace: 'shop', name: 'orders', group: 'metaprotocol.aeraki.io', generation: 7 },
    },
  ]);
});

it('holds what parts of the control plane find until they take it back', () => {
  const findings = scene();
  const object: ObjectRef = { kind: 'OsmMeshConfig', namespace: 'osm-system', name: 'osm-mesh-config' };
  const stop = findings.register(() => [finding('ISTH1401', { object, message: 'It is not applied.' })]);
  // Under the name that its user knows.
  expect(findings.all().at(-1)?.object).toMatchObject({ kind: 'MeshConfig', group: 'config.openservicemesh.io' });
  expect(findings.ofParts()).toHaveLength(1);
  stop();
  expect(findings.all()).toHaveLength(1);
});
