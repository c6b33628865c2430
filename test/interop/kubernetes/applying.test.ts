/** What Isthmus writes into a cluster, at a real API server. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  type ClusterWriterOptions,
  defaultWorkLimits,
} from '../../../src/delivery/kubernetes/objects/cluster-writer.ts';
import type { WantedObject } from '../../../src/delivery/kubernetes/objects/wanted-object.ts';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { applyAs, KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { strictServiceEntry } from '../../peers/kubernetes/strict-service-entry.ts';
import { serviceEntry, startWriting, type WritingScene } from './writing-scene.ts';

const collection = '/apis/networking.istio.io/v1/serviceentries';
const at = (name: string, namespace = 'shop') =>
  `/apis/networking.istio.io/v1/namespaces/${namespace}/serviceentries/${name}`;

let server: KubernetesServer;
let api: ApiServer;
beforeAll(async () => {
  server = await KubernetesServer.start();
  api = await server.access();
  await server.apply(strictServiceEntry());
  await server.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  await server.kubectl(['create', 'namespace', 'shop']);
});
beforeEach(async () => {
  await server.kubectl(['delete', 'serviceentries', '--all', '-A']);
});
afterAll(async () => {
  api?.close();
  await server?.stop();
});

async function writing(options: Partial<ClusterWriterOptions> = {}): Promise<WritingScene> {
  const scene = await startWriting(server, options);
  onTestFinished(() => scene.close());
  return scene;
}

/** As what comes of an object: `Kind name` or `Kind namespace/name`. */
function from(origin: string, wanted: WantedObject): WantedObject {
  return { ...wanted, metadata: { ...wanted.metadata, annotations: { 'isthmus.dev/source': origin } } };
}

async function read(name: string): Promise<{ metadata: { resourceVersion: string; labels: object }; spec: object }> {
  const { metadata, spec } = Object(await api.get(at(name)));
  return { metadata, spec };
}

async function names(): Promise<readonly string[]> {
  const { items } = Object(await api.get(collection));
  return items.map((item: { metadata: { name: string } }) => item.metadata.name).sort();
}

describe('an object that is wanted', () => {
  it('is written once, by a field manager of ours, and never again while it is as it is wanted', async () => {
    const scene = await writing();
    scene.want(serviceEntry('orders'));
    await expect.poll(names).toEqual(['orders']);
    expect(await read('orders')).toMatchObject({
      metadata: {
        labels: { 'app.kubernetes.io/managed-by': 'isthmus' },
        managedFields: [{ manager: 'isthmus', operation: 'Apply' }],
      },
      spec: { hosts: ['orders.example'], resolution: 'NONE' },
    });
    const { metadata } = await read('orders');
    expect(metadata).not.toHaveProperty('finalizers');
    scene.writer.recheck();
    scene.want(serviceEntry('orders'));
    await scene.settled();
    expect(scene.api.changes()).toEqual([`PATCH ${at('orders')}`]);
    await scene.close();
    const again = await writing();
    again.want(serviceEntry('orders'));
    await expect.poll(() => again.writer.status().kinds[0]).toMatchObject({ state: 'live', owned: 1, wanted: 1 });
    await again.settled();
    expect(again.api.changes()).toEqual([]);
    expect((await read('orders')).metadata.resourceVersion).toBe(metadata.resourceVersion);
  });

  it('is changed where its intent changes, and what is not meant any more goes', async () => {
    const scene = await writing();
    scene.want(serviceEntry('orders', { location: 'MESH_INTERNAL' }));
    await expect.poll(names).toEqual(['orders']);
    scene.want(serviceEntry('orders', { ports: [{ name: 'http', number: 80, protocol: 'HTTP' }] }));
    await expect
      .poll(async () => (await read('orders')).spec)
      .toEqual({
        hosts: ['orders.example'],
        addresses: ['240.241.0.7'],
        ports: [{ name: 'http', number: 80, protocol: 'HTTP' }],
        resolution: 'NONE',
      });
  });

  it('keeps what others have written into it, which is no reason to write', async () => {
    const scene = await writing();
    scene.want(serviceEntry('orders'));
    await expect.poll(names).toEqual(['orders']);
    await applyAs(api, at('orders'), {
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: 'orders', labels: { team: 'shop' } },
      spec: { hosts: ['orders.example'], location: 'MESH_EXTERNAL', ports: [{ name: 'other', number: 1 }] },
    });
    scene.api.changes();
    scene.want(serviceEntry('orders', { addresses: ['240.241.0.8'] }));
    await expect.poll(async () => (await read('orders')).spec).toMatchObject({ addresses: ['240.241.0.8'] });
    expect(await read('orders')).toMatchObject({
      metadata: { labels: { team: 'shop' } },
      spec: {
        location: 'MESH_EXTERNAL',
        ports: expect.arrayContaining([
          expect.objectContaining({ name: 'tcp' }),
          { name: 'other', number: 1, protocol: 'TCP' },
        ]),
      },
    });
    expect(scene.api.changes()).toEqual([`PATCH ${at('orders')}`]);
    expect(scene.repairs).toEqual([]);
  });

  it('has its turn, however many come of an object of somebody else', async () => {
    const scene = await writing({ limits: { ...defaultWorkLimits, burst: 1, inFlight: 1 } });
    const crowd = Array.from({ length: 40 }, (_, at) => from('ServiceRegistry legacy', serviceEntry(`crowd-${at}`)));
    const one = from('MetaRouter pay/orders', serviceEntry('orders'));
    scene.want(...crowd, one);
    await expect.poll(names).toHaveLength(41);
    // One is sent before the other comes, one by its turn.
    expect(scene.api.changes().slice(0, 3)).toContain(`PATCH ${at('orders')}`);
  });

  it('is put right once when somebody changes what we wrote, and told of with who it was', async () => {
    const scene = await writing();
    scene.want(serviceEntry('orders'));
    await expect.poll(names).toEqual(['orders']);
    scene.api.changes();
    const patch = JSON.stringify({ spec: { addresses: ['10.1.2.3'] } });
    await server.kubectl(['patch', 'serviceentry', 'orders', '-n', 'shop', '--type=merge', '-p', patch]);
    await expect.poll(() => scene.repairs).toHaveLength(1);
    expect(scene.repairs).toEqual([
      {
        object: { kind: 'ServiceEntry', namespace: 'shop', name: 'orders' },
        origin: { kind: 'ServiceRegistry', name: 'orders-registry' },
        apiVersion: 'networking.istio.io/v1',
        uid: expect.any(String),
        by: 'kubectl-patch',
        isDeletion: false,
      },
    ]);
    expect((await read('orders')).spec).toMatchObject({ addresses: ['240.241.0.7'] });
    expect(scene.api.changes()).toEqual([`PATCH ${at('orders')}`]);
  });

  it('is written again when somebody deletes it', async () => {
    const scene = await writing();
    scene.want(serviceEntry('orders'));
    await expect.poll(names).toEqual(['orders']);
    await server.kubectl(['delete', 'serviceentry', 'orders', '-n', 'shop']);
    await expect.poll(() => scene.repairs).toMatchObject([{ isDeletion: true }]);
    expect(await names()).toEqual(['orders']);
  });

  it('is fought about with nobody: whoever changes it again and again is named, and left more and more time', async () => {
    const scene = await writing();
    scene.want(serviceEntry('orders'));
    await expect.poll(names).toEqual(['orders']);
    scene.api.changes();
    let rounds = 0;
    const other = async (): Promise<void> => {
      const { spec } = await read('orders');
      if (JSON.stringify(spec).includes('10.9.9.9')) return;
      rounds++;
      const body = {
        apiVersion: 'networking.istio.io/v1',
        kind: 'ServiceEntry',
        metadata: { name: 'orders' },
        spec: { hosts: ['orders.example'], addresses: ['10.9.9.9'] },
      };
      await applyAs(api, at('orders'), body, 'the-other');
    };
    await expect
      .poll(async () => {
        await other();
        return scene.codes();
      })
      .toEqual(['ISTH1704']);
    // The third time it is left alone for seconds.
    expect(rounds).toBeLessThan(5);
    expect(scene.api.changes().length).toBeLessThan(rounds + 1);
    expect(scene.writer.status().kinds[0]?.fights).toMatchObject([{ by: 'the-other' }]);
  });
});

describe('an object of somebody else', () => {
  it('with our name is not touched, and the name is taken when it goes', async () => {
    const foreign = { ...serviceEntry('orders', { hosts: ['theirs.example'] }), metadata: { name: 'orders' } };
    await applyAs(api, at('orders'), foreign);
    const before = await read('orders');
    const scene = await writing();
    scene.want(serviceEntry('orders'), serviceEntry('carts'));
    await expect.poll(() => scene.codes()).toEqual(['ISTH1701']);
    await expect.poll(names).toEqual(['carts', 'orders']);
    expect(await read('orders')).toEqual(before);
    expect(scene.writer.status().kinds[0]?.troubles).toMatchObject([
      { message: 'There is one of that name that is not ours, written by somebody-else.' },
    ]);
    await server.kubectl(['delete', 'serviceentry', 'orders', '-n', 'shop']);
    await expect
      .poll(async () => (await read('orders').catch(() => undefined))?.spec)
      .toMatchObject({
        hosts: ['orders.example'],
      });
    await expect.poll(() => scene.codes()).toEqual([]);
  });

  it('is not overwritten in kinds that the API server would let us overwrite', async () => {
    const alias = (externalName: string) => ({
      ...serviceEntry('old-name'),
      apiVersion: 'v1',
      kind: 'Service',
      spec: { type: 'ExternalName', externalName },
    });
    const path = '/api/v1/namespaces/shop/services/old-name';
    const foreign = { ...alias('theirs.example'), metadata: { name: 'old-name' } };
    await applyAs(api, path, foreign);
    const scene = await writing();
    scene.want(alias('ours.example'));
    await expect.poll(() => scene.codes()).toEqual(['ISTH1701']);
    expect(await api.get(path)).toMatchObject({ spec: { externalName: 'theirs.example' } });
    await server.kubectl(['delete', 'service', 'old-name', '-n', 'shop']);
    await expect
      .poll(async () => api.get(path).catch(() => ({})))
      .toMatchObject({
        metadata: { labels: { 'isthmus.dev/rev': 'test' } },
        spec: { externalName: 'ours.example' },
      });
    scene.want();
    await expect.poll(async () => api.get(path).catch(() => 'gone')).toBe('gone');
  });

  it('that bears our labels, but is none of our writing, is not deleted', async () => {
    await applyAs(api, at('copied'), serviceEntry('copied'));
    const scene = await writing();
    scene.want(serviceEntry('orders'));
    await expect.poll(() => scene.codes()).toEqual(['ISTH1708']);
    await scene.settled();
    expect(await names()).toContain('copied');
  });
});
