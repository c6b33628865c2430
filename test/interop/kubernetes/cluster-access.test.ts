import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiFailure } from '../../../src/kubernetes-api/api-failure.ts';
import { collectionPath, findCollection, objectPath } from '../../../src/kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { openClusterAccess } from '../../../src/kubernetes-api/cluster-access.ts';
import { applyAs, KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';

const configMaps = { group: '', version: 'v1', plural: 'configmaps' };

describe('the API server of a kubeconfig', () => {
  let server: KubernetesServer;
  let api: ApiServer;
  beforeAll(async () => {
    server = await KubernetesServer.start();
    api = await server.access();
  });
  afterAll(async () => {
    api?.close();
    await server?.stop();
  });

  it('has the collections that it says it has', async () => {
    const slices = { group: 'discovery.k8s.io', versions: ['v9', 'v1'], plural: 'endpointslices' };
    expect(await findCollection(api, slices)).toEqual({ group: slices.group, version: 'v1', plural: slices.plural });
    expect(await findCollection(api, { ...slices, plural: 'strangers' })).toBeUndefined();
    expect(await findCollection(api, { ...slices, group: 'stranger.example' })).toBeUndefined();
  });

  it('takes what is applied, and gives it back', async () => {
    const at = { namespace: 'default', name: 'kept' };
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: at, data: { a: '1' } };
    await applyAs(api, objectPath(configMaps, at), body);
    expect(await api.get(objectPath(configMaps, at))).toMatchObject({ data: { a: '1' } });
    expect(await server.kubectl(['get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}'])).toMatchObject({
      stdout: '1',
    });
    await api.send({ method: 'DELETE', path: objectPath(configMaps, at) });
    const failure = await api.get(objectPath(configMaps, at)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiFailure);
    expect(failure).toMatchObject({ isAbsent: true, message: 'configmaps "kept" not found' });
  });

  it('lets nobody do what nobody granted', async () => {
    const other = await server.access('isthmus');
    const failure = await other.get(collectionPath(configMaps)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ isForbidden: true });
    other.close();
  });

  it('is found by no context that there is not', async () => {
    const opening = openClusterAccess({ kubeconfig: server.kubeconfig(), context: 'stranger' });
    await expect(opening).rejects.toThrow('there is no context "stranger"; the only one is "admin"');
  });
});
