/** An API server that is away while much changes, and what it is asked when it is back: by its own audit log. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { fieldOf } from '../../../src/kubernetes-api/plain-fields.ts';
import { EtcdServer } from '../../peers/etcd/etcd-server.ts';
import { AuditLog } from '../../peers/kubernetes/audit-log.ts';
import type { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { startCluster, startReplica, versionsAt } from './running-replicas.ts';

const services = Array.from({ length: 15 }, (_, at) => at + 1);
const log = new AuditLog();
let kubernetes: KubernetesServer;
let registry: EtcdServer;
let api: ApiServer;

beforeAll(async () => {
  registry = await EtcdServer.start();
  kubernetes = await startCluster(log.parameters());
  api = await kubernetes.access();
  await register(0);
  await kubernetes.kubectl(['create', 'namespace', 'istio-system']);
  await kubernetes.apply(`apiVersion: isthmus.dev/v1alpha1
kind: ServiceRegistry
metadata: { name: legacy }
spec: { type: Etcd, addresses: ['${registry.addresses[0]}'], mapping: { namespace: shop } }
`);
});
afterAll(async () => {
  api?.close();
  await kubernetes?.stop();
  await registry?.stop();
  log.remove();
});

/** One more instance of each service. */
async function register(round: number): Promise<void> {
  for (const n of services) {
    const url = `dubbo://10.0.${round}.${n}:20880/com.S${n}?interface=com.S${n}&application=shop`;
    await registry.put(`/dubbo/com.S${n}/providers/${encodeURIComponent(url)}`, '');
  }
}

/** How many endpoints each ServiceEntry has. */
async function endpoints(): Promise<readonly number[]> {
  const items = fieldOf(await api.get('/apis/networking.istio.io/v1/serviceentries'), 'items');
  return (Array.isArray(items) ? items : []).map((one: unknown) => {
    const list = fieldOf(fieldOf(one, 'spec'), 'endpoints');
    return Array.isArray(list) ? list.length : 0;
  });
}

it('is written each changed object once when it is back, and read again once a kind, while all are served on', async () => {
  const plane = await startReplica(kubernetes);
  await expect.poll(endpoints).toEqual(services.map(() => 1));
  const versions = await versionsAt(plane);
  await kubernetes.kill();
  for (const round of [1, 2, 3]) {
    await register(round);
    const instances = async (): Promise<unknown> => {
      const statuses: unknown = await (await fetch(`http://${plane.admin}/api/v1/registries`)).json();
      return fieldOf(Array.isArray(statuses) ? statuses[0] : undefined, 'instances');
    };
    await expect.poll(instances).toBe(services.length * (round + 1));
  }
  // What is new is served though it cannot be written: endpoints alone have changed.
  await expect.poll(() => versionsAt(plane)).not.toEqual(versions);
  expect(Object.keys(await versionsAt(plane))).toEqual(Object.keys(versions));

  const before = log.requests().length;
  await kubernetes.restart();
  await expect.poll(endpoints).toEqual(services.map(() => 4));
  const asked = log
    .requests()
    .slice(before)
    .filter(({ userAgent, responseStatus }) => userAgent === 'isthmus' && (responseStatus?.code ?? 0) < 300);
  const writes = asked.filter(({ objectRef, verb }) => objectRef?.resource === 'serviceentries' && verb === 'patch');
  expect(writes.map(({ objectRef }) => objectRef?.name).toSorted()).toEqual(
    services.map((n) => `com.s${n}.legacy.mesh`).toSorted(),
  );
  expect(asked.filter(({ verb }) => verb.startsWith('delete'))).toEqual([]);
  // This test itself asks without a query.
  const lists = asked.filter(
    ({ verb, requestURI }) => requestURI.includes('?') && (verb === 'list' || requestURI.includes('sendInitialEvents')),
  );
  const counts = Map.groupBy(lists, ({ requestURI }) => selectionOf(requestURI));
  // Who reads what users wrote and who reads what is ours are two.
  expect(counts.size).toBeGreaterThan(0);
  expect([...counts].filter(([, { length }]) => length > 2).map(([path]) => path)).toEqual([]);
  const told = (): readonly string[] => plane.log().match(/API server (cannot be reached|is back)/g) ?? [];
  await expect.poll(told).toEqual(['API server cannot be reached', 'API server is back']);
});

/** Objects of one kind are read by several, each its own by a label: records again by who has become the writer again. */
function selectionOf(requestUri: string): string {
  const { pathname, searchParams } = new URL(requestUri, 'http://api');
  return `${pathname} ${searchParams.get('labelSelector') ?? ''} ${searchParams.get('fieldSelector') ?? ''}`;
}
