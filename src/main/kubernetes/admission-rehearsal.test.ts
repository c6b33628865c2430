import { describe, expect, it, onTestFinished } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import { systemClock } from '../../model/clock.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import { setStates, tableOf } from '../../sources/resource-tables.ts';
import { createManifestReader } from '../manifests.ts';
import { buildPipeline, type Pipeline } from '../pipeline.ts';
import { AdmissionRehearsal, type RehearsalOptions } from './admission-rehearsal.ts';

const object = { kind: 'MetaRouter', namespace: 'shop', name: 'orders' };

function read(value: object): AnyResource {
  const { resource } = createManifestReader().read(value);
  if (resource === undefined) throw new Error('it is none that is read');
  return resource;
}

const router = read({
  apiVersion: 'metaprotocol.aeraki.io/v1alpha1',
  kind: 'MetaRouter',
  metadata: { namespace: 'shop', name: 'orders' },
  spec: { hosts: ['orders.shop.mesh'], routes: [{ route: [{ destination: { host: 'orders.shop.mesh' } }] }] },
});

const host = (name: string): AnyResource =>
  read({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'shop' },
    spec: {
      hosts: [`${name}.shop.mesh`],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number: 9090, name: 'tcp-metaprotocol-thrift', protocol: 'TCP' }],
      endpoints: [{ address: '10.0.0.1' }],
    },
  });

describe('an object in the mesh as it is now', () => {
  function mesh(options: RehearsalOptions = {}) {
    const pipeline: Pipeline = buildPipeline(new Engine());
    const set = (...resources: readonly AnyResource[]): void =>
      pipeline.engine.batch(() => {
        for (const resource of resources) tableOf(pipeline.sourced, resource.key)?.set(resource);
      });
    pipeline.engine.batch(() => setStates(pipeline.sourced, 'live'));
    const rehearsal = new AdmissionRehearsal(pipeline, systemClock, options);
    onTestFinished(() => rehearsal.close());
    const codes = async () => (await rehearsal.findingsOf(router, object)).map(({ code }) => code);
    return { pipeline, set, codes, rehearsal };
  }

  it('is told what it refers to and is not there, until it is; the mesh itself notices nothing', async () => {
    const { pipeline, set, codes } = mesh();
    set(...Array.from({ length: 60 }, (_, at) => host(`other-${at}`)));
    expect(await codes()).toEqual(['ISTH0503']);
    set(host('orders'));
    expect(await codes()).toEqual([]);
    const key = host('orders').key;
    pipeline.engine.batch(() => tableOf(pipeline.sourced, key)?.delete(key));
    expect(await codes()).toEqual(['ISTH0503']);
    expect([pipeline.resources.MetaRouter.size, pipeline.engine.findings.size]).toEqual([0, 0]);
  });

  it('is asked about anew after nobody asked for a while', async () => {
    const { set, codes, rehearsal } = mesh();
    expect(await codes()).toEqual(['ISTH0503']);
    rehearsal.close();
    set(host('orders'));
    expect(await codes()).toEqual([]);
  });

  it('is not asked about in a mesh that is too large to be had twice', async () => {
    const { set, codes } = mesh({ mostResources: 1 });
    expect(await codes()).toEqual(['ISTH0503']);
    set(host('a'), host('b'));
    expect(await codes()).toEqual([]);
  });
});
