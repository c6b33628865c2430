/** A cluster followed by pages, as from an API server that streams no lists: those before Kubernetes 1.32, or with the gate closed. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { FollowedCluster } from './followed-cluster.ts';

/** Three pages. */
const slices = 1_201;
const collection = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

let server: KubernetesServer;
let api: ApiServer;

beforeAll(async () => {
  server = await KubernetesServer.start({ parameters: ['--feature-gates=WatchList=false'] });
  api = await server.access();
  let next = 0;
  const writeOn = async (): Promise<void> => {
    while (next < slices) await write(next++);
  };
  await Promise.all(Array.from({ length: 32 }, writeOn));
});
afterAll(async () => {
  api?.close();
  await server?.stop();
});

async function write(number: number): Promise<void> {
  const body = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: nameOf(number), labels: { 'kubernetes.io/service-name': 'paged' } },
    addressType: 'IPv4',
    endpoints: [],
    ports: [],
  };
  await api.send({ method: 'POST', path: collection, body });
}

function nameOf(number: number): string {
  return `slice-${String(number).padStart(5, '0')}`;
}

it('every object of every page is read, and what comes and goes then', async () => {
  const refused = await api
    .get(`${collection}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`)
    .catch(String);
  expect(refused).toContain('sendInitialEvents');
  const cluster = await FollowedCluster.start(server);
  try {
    const all = Array.from({ length: slices }, (_, number) => `default/${nameOf(number)}`);
    await expect.poll(() => cluster.source.state).toBe('live');
    expect(cluster.names('EndpointSlice')).toEqual(all);
    await write(slices);
    await api.send({ method: 'DELETE', path: `${collection}/${nameOf(0)}` });
    const [, ...others] = [...all, `default/${nameOf(slices)}`];
    await expect.poll(() => cluster.names('EndpointSlice')).toEqual(others);
  } finally {
    await cluster.close();
  }
});
