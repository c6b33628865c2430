/** What becomes of writes into a cluster when things go wrong, at a real API server. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { ClusterWriterOptions } from '../../../src/delivery/kubernetes/objects/cluster-writer.ts';
import { defaultBrakeLimits } from '../../../src/delivery/kubernetes/objects/deletion-brake.ts';
import type { WantedObject } from '../../../src/delivery/kubernetes/objects/wanted-object.ts';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { strictServiceEntry } from '../../peers/kubernetes/strict-service-entry.ts';
import { serviceEntry, startWriting, type WritingScene } from './writing-scene.ts';

let server: KubernetesServer;
let api: ApiServer;
beforeAll(async () => {
  server = await KubernetesServer.start();
  api = await server.access();
});
beforeEach(async () => {
  await define();
  await server.kubectl(['create', 'namespace', 'shop']);
  await server.kubectl(['delete', 'serviceentries', '--all', '-A']);
});
afterAll(async () => {
  api?.close();
  await server?.stop();
});

async function define(): Promise<void> {
  await server.apply(strictServiceEntry());
  await server.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
}

async function writing(options: Partial<ClusterWriterOptions> = {}): Promise<WritingScene> {
  const scene = await startWriting(server, options);
  onTestFinished(() => scene.close());
  return scene;
}

async function names(namespace = 'shop'): Promise<readonly string[]> {
  const { items } = Object(await api.get(`/apis/networking.istio.io/v1/namespaces/${namespace}/serviceentries`));
  return items.map((item: { metadata: { name: string } }) => item.metadata.name).sort();
}

function crowd(count: number): readonly WantedObject[] {
  return Array.from({ length: count }, (_, n) => serviceEntry(`s${100 + n}`));
}

describe('an object that cannot be written', () => {
  it('because the API server refuses it is told of with its words, at the object it comes from, and harms no other', async () => {
    const scene = await writing();
    scene.want(serviceEntry('good'), serviceEntry('wrong', { hosts: ['*'] }), serviceEntry('odd', { hosts: 'text' }));
    await expect.poll(() => scene.codes()).toEqual(['ISTH1702', 'ISTH1702']);
    await expect.poll(() => names()).toEqual(['good']);
    const [kind] = scene.writer.status().kinds;
    expect(kind?.troubles.toSorted((a, b) => (a.object.name < b.object.name ? 1 : -1))).toMatchObject(
      [
        {
          origin: { kind: 'ServiceRegistry', name: 'wrong-registry' },
          message: /a host stands for every host there is/,
        },
        { origin: { kind: 'ServiceRegistry', name: 'odd-registry' }, message: /\.spec\.hosts: expected list/ },
      ].map(({ origin, message }) => ({ origin, message: expect.stringMatching(message) })),
    );
    scene.want(serviceEntry('good'), serviceEntry('wrong'));
    await expect.poll(() => names()).toEqual(['good', 'wrong']);
    await expect.poll(() => scene.codes()).toEqual([]);
  });

  it('because its namespace is missing waits for it, and one asks for all', async () => {
    const scene = await writing();
    const wanted = Array.from({ length: 40 }, (_, n) => serviceEntry(`a${n}`, {}, 'late'));
    scene.want(...wanted, serviceEntry('here'));
    await expect.poll(() => scene.codes()).toEqual(['ISTH1710']);
    await expect.poll(() => names()).toEqual(['here']);
    expect(scene.api.changes().length).toBeLessThan(40);
    await server.kubectl(['create', 'namespace', 'late']);
    scene.writer.reopen('late');
    await expect.poll(() => names('late')).toHaveLength(40);
    await expect.poll(() => scene.codes()).toEqual([]);
  });

  it('because its namespace is about to go is left alone', async () => {
    await server.kubectl(['create', 'namespace', 'ending']);
    await server.kubectl(['delete', 'namespace', 'ending', '--wait=false']);
    const scene = await writing();
    scene.want(serviceEntry('a', {}, 'ending'), serviceEntry('here'));
    await expect.poll(() => scene.codes()).toEqual(['ISTH1710']);
    expect(scene.writer.status().kinds[0]?.namespaces).toMatchObject([{ cause: 'namespace-terminating', waiting: 1 }]);
    await expect.poll(() => names()).toEqual(['here']);
  });

  it('because it is too large is not sent', async () => {
    const scene = await writing();
    const addresses = Array.from({ length: 4_000 }, () => 'a'.repeat(255));
    scene.want(serviceEntry('large', { addresses }), serviceEntry('here'));
    await expect.poll(() => scene.codes()).toEqual(['ISTH1707']);
    await expect.poll(() => names()).toEqual(['here']);
    expect(scene.api.changes().filter((change) => change.includes('large'))).toEqual([]);
  });

  it('because we may not is told of with the rule that is missing', async () => {
    const rules = (verbs: readonly string[]) => [
      { apiGroups: ['networking.istio.io'], resources: ['serviceentries'], verbs },
    ];
    const role = (verbs: readonly string[]) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'writer' },
      rules: rules(verbs),
    });
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'writer' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'writer' },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:authenticated' }],
    };
    await server.apply(JSON.stringify(role(['get', 'list', 'watch'])));
    await server.apply(JSON.stringify(binding));
    onTestFinished(async () => {
      await server.kubectl(['delete', 'clusterrolebinding', 'writer']);
    });
    const limited = await server.access('isthmus');
    onTestFinished(() => limited.close());
    const scene = await writing({ api: limited });
    scene.want(serviceEntry('orders'));
    // Other kinds may not even be read, and nothing of them is wanted.
    await expect.poll(() => scene.codes()).toEqual(['ISTH1706']);
    expect(scene.writer.status().kinds[0]?.namespaces).toMatchObject([
      {
        namespace: 'shop',
        cause: 'no-right',
        message: expect.stringContaining('cannot patch resource "serviceentries"'),
      },
    ]);
    await server.apply(JSON.stringify(role(['get', 'list', 'watch', 'patch', 'create', 'delete'])));
    await expect.poll(() => names()).toEqual(['orders']);
  });
});

describe('objects that are not wanted any more', () => {
  it('stay while not all is known that is wanted, or another replica writes, and then go', async () => {
    const scene = await writing();
    scene.want(serviceEntry('a'), serviceEntry('b'));
    await expect.poll(() => names()).toEqual(['a', 'b']);
    scene.says.isComplete = false;
    scene.want(serviceEntry('b'), serviceEntry('c'));
    await expect.poll(() => names()).toEqual(['a', 'b', 'c']);
    scene.says.isWriter = false;
    scene.says.isComplete = true;
    scene.writer.recheck();
    await scene.settled();
    expect(await names()).toEqual(['a', 'b', 'c']);
    scene.says.isWriter = true;
    scene.writer.recheck();
    await expect.poll(() => names()).toEqual(['b', 'c']);
  });

  it('stay where nothing was ever known of what is wanted', async () => {
    const scene = await writing();
    scene.want(serviceEntry('a'));
    await expect.poll(() => names()).toEqual(['a']);
    await scene.close();
    const other = await writing();
    other.says.isKnown = false;
    other.says.isComplete = false;
    await expect.poll(() => other.writer.status().kinds[0]).toMatchObject({ state: 'live', owned: 1 });
    other.want(serviceEntry('b'));
    await other.settled();
    expect(other.api.changes()).toEqual([]);
    expect(await names()).toEqual(['a']);
    // One of the registries is never seen.
    other.says.isKnown = true;
    other.writer.recheck();
    await expect.poll(() => names()).toEqual(['a', 'b']);
  });

  it('are held where they are many at once, and go when they are released', async () => {
    const scene = await writing();
    scene.want(...crowd(60));
    await expect.poll(() => names()).toHaveLength(60);
    await scene.settled();
    scene.api.changes();
    scene.want(...crowd(10));
    await expect.poll(() => scene.codes()).toEqual(['ISTH1703']);
    expect(scene.writer.status().kinds[0]?.held?.objects).toHaveLength(50);
    // What remains is still written.
    scene.want(...crowd(10), serviceEntry('new'));
    await expect.poll(() => names()).toHaveLength(61);
    expect(scene.api.changes()).toHaveLength(1);
    expect(scene.writer.release('ServiceEntry')).toHaveLength(50);
    await expect.poll(() => names()).toHaveLength(11);
    expect(scene.codes()).toEqual([]);
  });

  it('are held for so long and no longer', async () => {
    const scene = await writing({ brake: { ...defaultBrakeLimits, holdMs: 1_500 } });
    scene.want(...crowd(40));
    await expect.poll(() => names()).toHaveLength(40);
    scene.want();
    await expect.poll(() => scene.codes()).toEqual(['ISTH1703']);
    await expect.poll(() => names()).toEqual([]);
  });
});

describe('a writer', () => {
  it('waits for a kind that is not there, writes all others, and writes anew what was lost with its kind', async () => {
    const alias = {
      ...serviceEntry('old'),
      apiVersion: 'v1',
      kind: 'Service',
      spec: { type: 'ExternalName', externalName: 'a.b' },
    };
    const scene = await writing();
    scene.want(serviceEntry('orders'), alias);
    await expect.poll(() => names()).toEqual(['orders']);
    await server.kubectl(['delete', 'crd', 'serviceentries.networking.istio.io']);
    await expect.poll(() => scene.codes()).toEqual(['ISTH1705']);
    scene.want(serviceEntry('orders'), serviceEntry('carts'), {
      ...alias,
      spec: { ...alias.spec, externalName: 'c.d' },
    });
    await expect
      .poll(() => api.get('/api/v1/namespaces/shop/services/old'))
      .toMatchObject({ spec: { externalName: 'c.d' } });
    await define();
    await expect.poll(async () => names().catch(() => [])).toEqual(['carts', 'orders']);
    await expect.poll(() => scene.codes()).toEqual([]);
    expect(scene.repairs).toEqual([]);
  });

  it('catches up once when the API server comes back from a crash, without asking it meanwhile in numbers', async () => {
    const scene = await writing();
    scene.want(...crowd(30));
    await expect.poll(() => names()).toHaveLength(30);
    await scene.settled();
    scene.api.changes();
    await server.kill();
    scene.want(...crowd(30).map((one) => ({ ...one, spec: { ...one.spec, location: 'MESH_INTERNAL' } })));
    await expect.poll(() => scene.codes()).toEqual(['ISTH1709']);
    // So many were under way when it went, and each of the others is sent when it is back.
    expect(scene.api.changes().length).toBeLessThan(30);
    await server.restart();
    await expect
      .poll(async () => {
        const all = Object(await api.get('/apis/networking.istio.io/v1/serviceentries')).items;
        return all.filter((item: { spec: { location?: string } }) => item.spec.location === 'MESH_INTERNAL').length;
      })
      .toBe(30);
    await scene.settled();
    expect(scene.codes()).toEqual([]);
    expect(scene.api.changes().length).toBeLessThan(50);
  });

  it('goes on where it was when the API server stood still', async () => {
    const scene = await writing();
    scene.want(serviceEntry('a'));
    await expect.poll(() => names()).toEqual(['a']);
    await scene.settled();
    scene.api.changes();
    server.freeze();
    scene.want(serviceEntry('a'), serviceEntry('b'));
    await expect.poll(() => scene.api.changes()).toHaveLength(1);
    server.thaw();
    await expect.poll(() => names()).toEqual(['a', 'b']);
  });

  it('that comes after another compares all once, and writes only what differs', async () => {
    const first = await writing();
    const second = await writing();
    second.says.isWriter = false;
    first.want(...crowd(20));
    second.want(...crowd(21));
    await expect.poll(() => names()).toHaveLength(20);
    await expect.poll(() => second.writer.status().kinds[0]?.owned).toBe(20);
    await first.close();
    expect(second.api.changes()).toEqual([]);
    second.says.isWriter = true;
    second.writer.recheck();
    await expect.poll(() => names()).toHaveLength(21);
    await second.settled();
    expect(second.api.changes()).toHaveLength(1);
  });
});
