import { describe, expect, it, onTestFinished } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import { buildMesh } from '../../mesh/mesh.ts';
import { systemClock } from '../../model/clock.ts';
import type { RegisteredService } from '../../model/registry.ts';
import type { VirtualIpLease } from '../../model/virtual-ip.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import { createResourceReader } from '../../resources/reader.ts';
import { createSourceTables, setStates, tableOf } from '../resource-tables.ts';
import { AdmissionRehearsal, type RehearsalOptions, type RehearsedMesh } from './admission-rehearsal.ts';

const object = { kind: 'MetaRouter', namespace: 'shop', name: 'orders' };

function read(value: object): AnyResource {
  const { resource } = createResourceReader().read(value);
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

function build(): RehearsedMesh {
  const engine = new Engine();
  const sourced = createSourceTables(engine);
  const { resources } = sourced;
  const registered = engine.table<RegisteredService>('registered', { key: ({ key }) => key });
  const leases = engine.table<VirtualIpLease>('leases', { key: ({ key }) => key });
  const quietMigrations = engine.table<string>('quiet', { key: (key) => key });
  engine.batch(() => {
    for (const table of [registered, leases, quietMigrations]) table.setState('live');
  });
  buildMesh(engine, { resources, registered, leases, quietMigrations });
  return { engine, sourced, resources, registered, leases };
}

describe('an object in the mesh as it is now', () => {
  function scene(options: Pick<RehearsalOptions, 'mostResources'> = {}) {
    const mesh = build();
    const set = (...resources: readonly AnyResource[]): void =>
      mesh.engine.batch(() => {
        for (const resource of resources) tableOf(mesh.sourced, resource.key)?.set(resource);
      });
    mesh.engine.batch(() => setStates(mesh.sourced, 'live'));
    const rehearsal = new AdmissionRehearsal(mesh, {
      build,
      clock: systemClock,
      ...options,
    });
    onTestFinished(() => rehearsal.close());
    const codes = async () => (await rehearsal.findingsOf(router, object)).map(({ code }) => code);
    return { mesh, set, codes, rehearsal };
  }

  it('is told what it refers to and is not there, until it is; the mesh itself notices nothing', async () => {
    const { mesh, set, codes } = scene();
    set(...Array.from({ length: 60 }, (_, at) => host(`other-${at}`)));
    expect(await codes()).toEqual(['ISTH0503']);
    set(host('orders'));
    expect(await codes()).toEqual([]);
    const key = host('orders').key;
    mesh.engine.batch(() => tableOf(mesh.sourced, key)?.delete(key));
    expect(await codes()).toEqual(['ISTH0503']);
    expect([mesh.resources.MetaRouter.size, mesh.engine.findings.size]).toEqual([0, 0]);
  });

  it('is asked about anew after nobody asked for a while', async () => {
    const { set, codes, rehearsal } = scene();
    expect(await codes()).toEqual(['ISTH0503']);
    rehearsal.close();
    set(host('orders'));
    expect(await codes()).toEqual([]);
  });

  it('is not asked about in a mesh that is too large to be had twice', async () => {
    const { set, codes } = scene({ mostResources: 1 });
    expect(await codes()).toEqual(['ISTH0503']);
    set(host('a'), host('b'));
    expect(await codes()).toEqual([]);
  });
});
