import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../../src/resources/kind-table.ts';
import { readRule } from '../../../src/resources/read-rules.ts';
import { istioDefinitions } from '../../peers/kubernetes/istio-definitions.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { FollowedCluster, type FollowOptions } from './followed-cluster.ts';

const entry = (id: string, host: string, labels = ''): string => {
  const [namespace = '', name = ''] = id.split('/');
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: ${namespace}, labels: { ${labels} } }
spec: { hosts: ['${host}'], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: NONE }
---`;
};

const namespace = (name: string, labels = ''): string => `
apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { ${labels} } }
---`;

/** A server that was away is asked again after pauses that grew to half a minute and more. */
const outage = { timeout: 90_000 };

describe('a cluster as a source of resources', () => {
  let server: KubernetesServer;
  const open: FollowedCluster[] = [];

  const follow = async (options?: FollowOptions): Promise<FollowedCluster> => {
    const cluster = await FollowedCluster.start(server, options);
    open.push(cluster);
    return cluster;
  };
  const live = async (options?: FollowOptions): Promise<FollowedCluster> => {
    const cluster = await follow(options);
    await expect.poll(() => cluster.source.state).toBe('live');
    return cluster;
  };
  const remove = async (...what: readonly string[]): Promise<void> => {
    const { code, stderr } = await server.kubectl(['delete', '--wait=false', ...what]);
    if (code !== 0) throw new Error(stderr);
  };

  beforeAll(async () => {
    server = await KubernetesServer.start();
    await server.apply(namespace('shop') + namespace('town', 'team: town'));
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  afterAll(async () => server?.stop());

  it('is live while most kinds are not there; one that comes is read, and one that goes takes its objects along', async () => {
    const { source, names, findings } = bound(await live());
    expect(findings()).toEqual([]);
    expect(names('Namespace')).toEqual(['/shop', '/town']);
    await server.apply(istioDefinitions('WorkloadEntry'));
    await server.kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
    await server.apply(`
apiVersion: networking.istio.io/v1beta1
kind: WorkloadEntry
metadata: { name: vm, namespace: shop }
spec: { address: 10.0.0.1 }`);
    await expect.poll(() => names('WorkloadEntry')).toEqual(['shop/vm']);
    expect(source.isComplete).toBe(true);
    await remove('crd', 'workloadentries.networking.istio.io');
    await expect.poll(() => names('WorkloadEntry')).toEqual([]);
    await expect.poll(() => source.state).toBe('live');
  });

  describe('with definitions', () => {
    beforeAll(async () => {
      await server.apply(istioDefinitions('ServiceEntry'));
      await server.kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
    });
    afterEach(async () => {
      await remove('serviceentries', '--all', '-n', 'shop');
      await remove('serviceentries', '--all', '-n', 'town');
    });

    it('has what is there, and follows what changes; what is wrong keeps its last good version', async () => {
      await server.apply(entry('shop/a', 'a.mesh') + entry('shop/wrong', '*'));
      const { names, findings, tables } = bound(await live());
      expect(names('ServiceEntry')).toEqual(['shop/a']);
      expect(findings()).toEqual(['ISTH0201 wrong']);
      await server.apply(entry('shop/a', '*') + entry('shop/b', 'b.mesh'));
      await expect.poll(() => names('ServiceEntry')).toEqual(['shop/a', 'shop/b']);
      await expect.poll(findings).toEqual(['ISTH0012 a', 'ISTH0201 a', 'ISTH0201 wrong']);
      const held = tables.resources.ServiceEntry.get('ServiceEntry/shop/a');
      expect(held).toMatchObject({ spec: { hosts: ['a.mesh'] }, metadata: { generation: 1 } });
      const [found] = [...tables.findings.values()].filter(({ code }) => code === 'ISTH0012');
      expect(found?.object).toMatchObject({ kind: 'ServiceEntry', group: 'networking.istio.io', generation: 2 });
      expect(found?.message).toContain('generation 1 stays in force');
      await server.apply(entry('shop/a', 'c.mesh'));
      await expect.poll(findings).toEqual(['ISTH0201 wrong']);
      await remove('serviceentry', 'a', 'wrong', '-n', 'shop');
      await expect.poll(() => names('ServiceEntry')).toEqual(['shop/b']);
      await expect.poll(findings).toEqual([]);
    });

    it('holds nothing of what others note in an object', async () => {
      const manifest = entry('shop/noted', 'noted.mesh').replace('labels: {  }', 'annotations: { own: kept }');
      await server.kubectl(['apply', '-f', '-'], manifest);
      const { tables } = await live();
      const { annotations } = tables.resources.ServiceEntry.get('ServiceEntry/shop/noted')?.metadata ?? {};
      expect(annotations).toEqual({ own: 'kept' });
    });

    it('leaves alone what it wrote itself, and what another revision is to heed', async () => {
      const ours = 'app.kubernetes.io/managed-by: isthmus, isthmus.dev/rev:';
      await server.apply(
        [
          entry('shop/said', 'said.mesh', 'isthmus.dev/rev: canary'),
          entry('shop/unsaid', 'unsaid.mesh'),
          entry('shop/other', 'other.mesh', 'isthmus.dev/rev: default'),
          entry('shop/own', 'own.mesh', `${ours} canary`),
          entry('shop/theirs', 'theirs.mesh', `${ours} default`),
        ].join('\n'),
      );
      const canary = await live({ revision: 'canary' });
      const stable = await live();
      expect(canary.names('ServiceEntry')).toEqual(['shop/said', 'shop/unsaid']);
      expect(stable.names('ServiceEntry')).toEqual(['shop/other', 'shop/unsaid']);
      await server.apply(entry('shop/unsaid', 'unsaid.mesh', 'isthmus.dev/rev: canary'));
      await expect.poll(() => stable.names('ServiceEntry')).toEqual(['shop/other']);
      expect(canary.names('ServiceEntry')).toContain('shop/unsaid');
    });

    it('follows what Namespaces say of themselves, while it runs', async () => {
      await server.apply(entry('shop/a', 'a.mesh') + entry('town/b', 'b.mesh') + entry('kube-system/c', 'c.mesh'));
      const all = await live();
      const some = await live({ namespaceSelector: 'team in (town, city)' });
      expect(all.names('ServiceEntry')).toEqual(['shop/a', 'town/b']);
      expect(some.names('ServiceEntry')).toEqual(['town/b']);
      await server.apply(namespace('shop', 'team: city') + namespace('town', 'isthmus.dev/ignore: "true", team: town'));
      await expect.poll(() => some.names('ServiceEntry')).toEqual(['shop/a']);
      await expect.poll(() => all.names('ServiceEntry')).toEqual(['shop/a']);
      await server.apply(namespace('town', 'isthmus.dev/rev: other, team: town'));
      await server.apply(entry('town/b', 'b.mesh', 'isthmus.dev/rev: default'));
      await expect.poll(() => all.names('ServiceEntry')).toEqual(['shop/a', 'town/b']);
      await server.apply(namespace('shop') + namespace('town', 'team: town'));
      await server.apply(namespace('kube-system', 'isthmus.dev/ignore: "false"'));
      await expect.poll(() => all.names('ServiceEntry')).toEqual(['kube-system/c', 'shop/a', 'town/b']);
      await server.apply(namespace('kube-system'));
      await remove('serviceentry', 'c', '-n', 'kube-system');
      await expect.poll(() => all.names('ServiceEntry')).toEqual(['shop/a', 'town/b']);
    });

    it('takes an object of a megabyte', async () => {
      const endpoints = Array.from({ length: 4096 }, (_, index) => ({
        address: `10.1.${index >> 8}.${index & 255}`,
        labels: { version: 'v1', note: 'x'.repeat(60), other: 'y'.repeat(60), third: 'z'.repeat(50) },
      }));
      const large = {
        apiVersion: 'networking.istio.io/v1',
        kind: 'ServiceEntry',
        metadata: { name: 'large', namespace: 'shop' },
        spec: { hosts: ['large.mesh'], ports: [{ number: 80, name: 'http' }], resolution: 'STATIC', endpoints },
      };
      expect(JSON.stringify(large).length).toBeGreaterThan(1_000_000);
      const { names, findings } = bound(await live());
      await server.kubectl(['create', '-f', '-'], JSON.stringify(large));
      await expect.poll(() => names('ServiceEntry')).toEqual(['shop/large']);
      expect(findings()).toEqual([]);
    });

    it('removes nothing while the way to the server is cut, and then tells each change once, also where history was thrown away', async () => {
      await server.apply(entry('shop/gone', 'gone.mesh') + entry('shop/stays', 'stays.mesh'));
      const cluster = await live();
      const { names, findings, source } = bound(cluster);
      const diffs: string[][] = [];
      const stop = cluster.engine.sink(cluster.tables.resources.ServiceEntry, (diff) => {
        diffs.push(diff.map(({ key }) => key));
      });
      diffs.length = 0;
      cluster.cut();
      await expect.poll(() => source.state).toBe('stale');
      expect(findings()).toEqual([`ISTH1511 ${server.url}`]);
      await remove('serviceentry', 'gone', '-n', 'shop');
      await server.apply(entry('shop/new', 'new.mesh'));
      await server.etcd.compact();
      await server.restart();
      expect(names('ServiceEntry')).toEqual(['shop/gone', 'shop/stays']);
      cluster.mend();
      await expect.poll(() => source.state, outage).toBe('live');
      await expect.poll(() => names('ServiceEntry')).toEqual(['shop/new', 'shop/stays']);
      expect(findings()).toEqual([]);
      expect(diffs.flat().toSorted()).toEqual(['ServiceEntry/shop/gone', 'ServiceEntry/shop/new']);
      stop();
    });

    it('goes on after the server was killed, and after it stood still', async () => {
      await server.apply(entry('shop/a', 'a.mesh'));
      const { names, source, findings } = bound(await live());
      await server.kill();
      await expect.poll(() => source.state).toBe('stale');
      expect(names('ServiceEntry')).toEqual(['shop/a']);
      expect(findings()).toContain(`ISTH1511 ${server.url}`);
      await server.restart();
      await expect.poll(() => source.state, outage).toBe('live');
      expect(names('ServiceEntry')).toEqual(['shop/a']);
      server.freeze();
      const applied = server.apply(entry('shop/b', 'b.mesh'));
      expect(names('ServiceEntry')).toEqual(['shop/a']);
      server.thaw();
      await applied;
      await expect.poll(() => names('ServiceEntry')).toEqual(['shop/a', 'shop/b']);
      expect(findings()).toEqual([]);
    });

    it('names the right that it lacks, is live without it, reads the kind once it is granted, and keeps what it read when it is taken back', async () => {
      await server.apply(entry('shop/a', 'a.mesh'));
      const role = (rules: readonly object[]): string =>
        JSON.stringify({
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRole',
          metadata: { name: 'isthmus' },
          rules,
        });
      const readRules = kinds.map(readRule);
      const lacking = readRules.filter(({ apiGroups }) => !apiGroups.includes('networking.istio.io'));
      await server.apply(role(lacking));
      await server.apply(
        JSON.stringify({
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRoleBinding',
          metadata: { name: 'isthmus' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'isthmus' },
          subjects: [{ kind: 'ServiceAccount', name: 'isthmus', namespace: 'isthmus-system' }],
        }),
      );
      const cluster = await live({ user: 'isthmus' });
      const { names, source, findings, tables } = bound(cluster);
      expect(source.isComplete).toBe(false);
      expect(findings()).toEqual(['ISTH1510 serviceentries.networking.istio.io']);
      const [found] = tables.findings.values();
      expect(found?.remedy).toContain(
        '{apiGroups: ["networking.istio.io"], resources: ["serviceentries"], verbs: ["get", "list", "watch"]}',
      );
      expect(names('Namespace')).toContain('/shop');
      await server.apply(role(readRules));
      await expect.poll(() => names('ServiceEntry')).toEqual(['shop/a']);
      await expect.poll(findings).toEqual([]);
      expect(source.isComplete).toBe(true);
      await server.apply(role(lacking));
      // A watch that goes on is not asked for its right.
      cluster.cut();
      await expect.poll(() => source.state).toBe('stale');
      await server.apply(entry('shop/b', 'b.mesh'));
      cluster.mend();
      await expect.poll(findings, outage).toEqual(['ISTH1510 serviceentries.networking.istio.io']);
      expect(source.isComplete).toBe(false);
      expect(names('ServiceEntry')).toEqual(['shop/a']);
    });
  });
});

function bound(cluster: FollowedCluster) {
  return {
    source: cluster.source,
    tables: cluster.tables,
    names: cluster.names.bind(cluster),
    findings: cluster.findings.bind(cluster),
  };
}
