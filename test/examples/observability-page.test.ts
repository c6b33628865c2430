/** What docs/observability.md says, held against a control plane and a proxy that run. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts as choosePorts } from '../../examples/quickstart/free-ports.ts';
import { createClusterWriteMetrics } from '../../src/operations/cluster-write-metrics.ts';
import { createLeadershipMetrics } from '../../src/operations/leadership-metrics.ts';
import { createReflectorMetrics } from '../../src/operations/reflector-metrics.ts';
import { createStatusMetrics } from '../../src/operations/status-metrics.ts';
import { createWebhookMetrics } from '../../src/operations/webhook-metrics.ts';
import { startIsthmus, startUntil, temporaryFolder } from '../e2e/isthmus-process.ts';
import { metricsIn, namedMetrics, page } from './observability-page.ts';
import { consoleSteps, runCommand, startCommand } from './readme.ts';

const root = path.resolve(import.meta.dirname, '../..');
const example = path.join(root, 'examples/private-protocol');

/** The block of this name. */
function block(name: string): string {
  const found = new RegExp(`^\`\`\`\\w+ ${name}\\n(.*?)^\`\`\`$`, 'ms').exec(page);
  return found?.[1] ?? '';
}

async function metricsAt(address: string): Promise<readonly string[]> {
  return metricsIn(await (await fetch(`http://${address}/metrics`)).text());
}

/** Those that a control plane has in a cluster alone; test/interop/kubernetes/shared-refusals.test.ts asks one that is in one. */
async function metricsInClusters(): Promise<readonly string[]> {
  const registry = new Registry();
  createLeadershipMetrics(registry, 'isthmus', () => false);
  createReflectorMetrics(registry, () => []);
  createClusterWriteMetrics(registry, () => ({
    isWriter: false,
    isComplete: true,
    queued: 0,
    isHalted: false,
    kinds: [],
  }));
  createStatusMetrics(registry, () => 0);
  createWebhookMetrics(registry);
  return metricsIn(await registry.metrics());
}

/** The example of the page's run, on ports of its own. */
type AccessLog = Readonly<Record<string, string>>;

async function startMesh(accessLog: AccessLog) {
  const folder = await temporaryFolder();
  const [service = 0, v1 = 0, v2 = 0, admin = 0] = await choosePorts(4);
  const manifests = path.join(folder, 'manifests');
  cpSync(path.join(example, 'manifests'), manifests, { recursive: true });
  const adapt = (text: string): string =>
    text.replaceAll('7200', `${service}`).replaceAll('7201', `${v1}`).replaceAll('7202', `${v2}`);
  for (const file of readdirSync(manifests)) {
    const text = readFileSync(path.join(manifests, file), 'utf8');
    writeFileSync(path.join(manifests, file), adapt(text));
  }
  const log = path.join(folder, 'access.log');
  const head = { apiVersion: 'isthmus.dev/v1alpha1', kind: 'MeshConfig', metadata: { name: 'mesh' } };
  const configure = (accessLog: AccessLog): void => {
    const spec = { virtualIps: { ipv4: ['127.241.0.0/16'], ipv6: [] }, accessLog: { path: log, ...accessLog } };
    writeFileSync(path.join(manifests, 'mesh.yaml'), JSON.stringify({ ...head, spec }));
  };
  configure(accessLog);
  const server = startCommand(`npx node ${example}/service.ts ${v1} ${v2}`);
  onTestFinished(() => server.stop());
  const anyPort = '127.0.0.1:0';
  const state = path.join(folder, 'state');
  const where = ['--state', state, '--xds', anyPort, '--admin', anyPort, '--dns', anyPort];
  const plane = await startIsthmus(['-f', manifests, ...where]);
  const proxyAdmin = `127.0.0.1:${admin}`;
  const proxy = ['proxy', '--xds', plane.xds, '--node', 'caller', '--namespace', 'parcels', '--admin', proxyAdmin];
  await startUntil('ready', proxy);
  const calling = `npx node ${example}/call.ts 127.241.0.10:${service} ${example}/capture.hex 2`;
  const call = (): Promise<string> => runCommand(calling);
  await expect.poll(() => call().catch(() => 'not yet')).not.toBe('not yet');
  const lines = (): readonly string[] => readFileSync(log, 'utf8').trim().split('\n');
  return { plane, proxyAdmin, adapt, call, configure, lines };
}

test('names every metric that there is, and none else; shows fields, endpoints and paths as they are', async () => {
  const { plane, proxyAdmin, adapt, lines } = await startMesh({ encoding: 'JSON' });
  const ofPlane = await metricsAt(plane.admin);
  const ofProxy = await metricsAt(proxyAdmin);
  expect(ofProxy.length).toBeGreaterThan(40);
  expect([...namedMetrics].toSorted()).toEqual([...ofPlane, ...(await metricsInClusters()), ...ofProxy].toSorted());

  const [step] = consoleSteps(/^```console\n(.*?)^```$/ms.exec(page)?.[1] ?? '');
  expect(await runCommand(step?.command.replace('127.0.0.1:15000', proxyAdmin) ?? '')).toBe(adapt(step?.output ?? ''));
  for (const [, paths = ''] of page.matchAll(/^\| `GET ([^|]*)` \|/gm))
    for (const at of paths.split('`, `'))
      expect([at, (await fetch(`http://${proxyAdmin}${at}`)).status]).toEqual([at, 200]);

  const shown: Readonly<Record<string, unknown>> = JSON.parse(adapt(block('access-log')));
  const fixed = ['application_protocol', 'bytes_sent', 'bytes_received', 'response_code', 'response_code_details'];
  const placed = ['route_name', 'upstream_cluster', 'downstream_local_address'];
  await expect.poll(() => lines().length).toBeGreaterThanOrEqual(3);
  const written = lines().map((line): Readonly<Record<string, unknown>> => JSON.parse(line));
  for (const one of written) expect(Object.keys(one)).toEqual(Object.keys(shown));
  const same = Object.fromEntries([...fixed, ...placed].map((field) => [field, shown[field]]));
  expect(written).toContainEqual(expect.objectContaining(same));
  expect((await fetch(`http://${proxyAdmin}/drain`, { method: 'POST' })).status).toBe(200);
});

test('writes the line that the page shows once a running proxy is given the format that it shows', async () => {
  const format = /format: (".*")$/m.exec(page)?.[1] ?? '""';
  const { adapt, call, configure, lines } = await startMesh({ encoding: 'JSON' });
  configure({ format: JSON.parse(format) });
  const line = adapt(block('access-line')).trim().split(' ').slice(1, -1).join(' ');
  expect(line).toContain('Track by alice');
  await expect
    .poll(async () => {
      await call();
      return lines().map((one) => one.split(' ').slice(1, -1).join(' '));
    })
    .toContain(line);
});
