import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
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

  it("is read, watched and written through the kubeconfig's proxy-url", async () => {
    const targets: string[] = [];
    const proxy = http.createServer().on('connect', ({ url = '' }, socket: Socket, head) => {
      targets.push(url);
      const onward = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        onward.write(head);
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    const config: { clusters: [{ cluster: object }] } = JSON.parse(readFileSync(server.kubeconfig(), 'utf8'));
    config.clusters[0].cluster = { ...config.clusters[0].cluster, 'proxy-url': `http://127.0.0.1:${port}` };
    const kubeconfig = `${server.kubeconfig()}.proxied`;
    writeFileSync(kubeconfig, JSON.stringify(config));
    const { server: proxied } = await openClusterAccess({ kubeconfig });
    const at = { namespace: 'default', name: 'proxied' };
    const over = new AbortController();
    const seen = Promise.withResolvers<unknown>();
    const watch = (async () => {
      const events = proxied.stream(`${collectionPath(configMaps, 'default')}?watch=1`, 30_000, over.signal);
      for await (const lines of events) for (const line of lines) if (hasName(line, at.name)) seen.resolve(line);
    })();
    let guards = 0;
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: at };
    const guard = (): void => void guards++;
    await proxied.send({ method: 'POST', path: collectionPath(configMaps, 'default'), body, guard });
    expect(await proxied.get(objectPath(configMaps, at))).toMatchObject({ metadata: at });
    expect(await seen.promise).toMatchObject({ object: { metadata: at } });
    over.abort();
    await expect(watch).rejects.toThrow();
    proxied.close();
    proxy.close();
    expect(guards).toBe(1);
    expect(new Set(targets)).toEqual(new Set([new URL(server.url).host]));
  });

  it('is found by no context that there is not', async () => {
    const opening = openClusterAccess({ kubeconfig: server.kubeconfig(), context: 'stranger' });
    await expect(opening).rejects.toThrow('there is no context "stranger"; the only one is "admin"');
  });
});

function hasName(event: unknown, name: string): boolean {
  return JSON.stringify(event).includes(`"name":"${name}"`);
}
