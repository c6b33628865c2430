/** A stock Envoy when things go wrong: it refuses what it is sent, or its control plane dies and comes back. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import type { Finding } from '../../src/model/finding.ts';
import { askOnce, echoManifest, type Place, startEcho, underTraffic } from './echo-service.ts';
import { type EnvoyProcess, startEnvoy, type Variant } from './envoy-process.ts';
import { InteropMesh, meshConfig } from './interop-mesh.ts';
import { peerUnderTest } from './peer-under-test.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const envoy = peerUnderTest('envoy');
const variants: readonly Variant[] = ['GRPC', 'DELTA_GRPC'];
const OK = 0;
const FINDINGS = 79;

describe.skipIf(envoy === undefined).each(variants)('envoy over %s', (variant) => {
  let mesh: InteropMesh;
  let client: EnvoyProcess;
  let echo: Place;
  let endpoint = 0;

  beforeAll(async () => {
    const [port = 0, free = 0] = await freePorts(2);
    endpoint = free;
    mesh = await InteropMesh.start({ 'echo.yaml': echoManifest(port, endpoint) });
    await startEcho(mesh, 'one', endpoint);
    client = await startEnvoy(envoy ?? '', mesh, variant);
    echo = { host: await mesh.virtualIp('echo.desk.mesh'), port };
  });

  afterAll(async () => mesh?.stop());

  const refusals = async (): Promise<readonly Finding[]> => {
    const findings: readonly Finding[] = JSON.parse((await mesh.isthmus('analyze', '-o', 'json')).output);
    return findings.filter(({ code }) => code === 'ISTH0801');
  };
  const refused = (message: string): unknown =>
    expect.objectContaining({
      object: { kind: 'Proxy', namespace: 'desk', name: client.node },
      path: 'LDS',
      message: expect.stringContaining(message),
    });
  const statusCode = async (): Promise<unknown> => (await mesh.isthmus('proxy-status')).code;

  it('goes on with its last good when it refuses an update, which commands tell until it is corrected', async () => {
    const { listeners } = await client.admin.configuration();
    mesh.write('mesh.yaml', meshConfig('  accessLog: { path: /nonexistent/access.log }\n'));
    await expect.poll(statusCode).toBe(FINDINGS);
    expect((await mesh.isthmus('proxy-status')).output).toMatch(/NACKED.*LDS.*\/nonexistent\/access\.log/s);
    expect(await refusals()).toEqual([refused('/nonexistent/access.log')]);
    expect((await client.admin.configuration()).listeners).toEqual(listeners);
    expect(await askOnce(echo)).toBe('one:hello');
    mesh.write('mesh.yaml', meshConfig());
    await expect.poll(statusCode).toBe(OK);
    expect(await refusals()).toEqual([]);
    expect(await askOnce(echo)).toBe('one:hello');
  });

  it('serves what is good beside a listener that it refuses since another program holds the address', async () => {
    const [port = 0, next = 0, neighbour = 0] = await freePorts(3);
    const address = '127.0.0.88';
    const holder = createServer();
    await once(holder.listen(port, address), 'listening');
    onTestFinished(() => void holder.close());
    const beside = echoManifest(neighbour, endpoint, { name: 'beside' });
    mesh.write('held.yaml', `${echoManifest(port, endpoint, { name: 'held', address })}---\n${beside}`);
    await expect.poll(refusals).toEqual([refused(`${address}_${port}`)]);
    expect(await statusCode()).toBe(FINDINGS);
    const place = { host: await mesh.virtualIp('beside.desk.mesh'), port: neighbour };
    expect(await askOnce(place)).toBe('one:hello');
    mesh.write('held.yaml', `${echoManifest(next, endpoint, { name: 'held', address })}---\n${beside}`);
    await expect.poll(statusCode).toBe(OK);
    expect(await askOnce({ host: address, port: next })).toBe('one:hello');
    expect(await refusals()).toEqual([]);
  });

  it('loses no connection and changes nothing when the control plane is killed and comes back', async () => {
    const configuration = await client.admin.configuration();
    const changes = await client.admin.changes();
    const successes = async () => [
      await client.admin.stat('cluster_manager.cds.update_success'),
      await client.admin.stat('listener_manager.lds.update_success'),
    ];
    const [clusterUpdates = 0, listenerUpdates = 0] = await successes();
    const config = async () => (await mesh.isthmus('proxy-config', 'all', client.node)).output;
    const shown = await config();
    const callers = await underTraffic(echo, 4, async () => {
      await mesh.killControlPlane();
      for (let alone = 0; alone < 50; alone++) expect(await askOnce(echo)).toBe('one:hello');
      await mesh.startControlPlane();
      const synced = /SYNCED +SYNCED +SYNCED/;
      await expect.poll(async () => (await mesh.isthmus('proxy-status')).output).toMatch(synced);
    });
    for (const answers of callers) {
      expect(answers.length).toBeGreaterThan(10);
      expect(new Set(answers)).toEqual(new Set(['one:hello']));
    }
    expect(await config()).toBe(shown);
    expect(await client.admin.configuration()).toEqual(configuration);
    expect(await client.admin.changes()).toEqual(changes);
    const [clustersNow = 0, listenersNow = 0] = await successes();
    expect(clustersNow - clusterUpdates).toBeLessThanOrEqual(1);
    expect(listenersNow - listenerUpdates).toBeLessThanOrEqual(1);
    // It follows again.
    const [later = 0] = await freePorts(1);
    mesh.write('later.yaml', echoManifest(later, endpoint, { name: 'later' }));
    const clusters = async () => Object.keys((await client.admin.configuration()).clusters);
    await expect.poll(clusters).toContain(`outbound|${later}||later.desk.mesh`);
  });
});
