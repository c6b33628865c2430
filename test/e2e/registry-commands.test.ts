/** `isthmus registry` against a control plane that runs: what operators see of a registry, and of their own mistakes. */
import { rename, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { InProcessPlane } from './in-process-plane.ts';
import { runIsthmus } from './isthmus-process.ts';

let mesh: InProcessPlane;

const instance = (address: string) => ({ id: address, address, ports: [{ number: 8080, protocol: 'grpc' }] });

async function register(services: Readonly<Record<string, readonly string[]>>): Promise<void> {
  const all = Object.entries(services).map(([name, addresses]) => ({
    namespace: 'prod',
    name,
    instances: addresses.map(instance),
  }));
  const file = mesh.at('registry.json');
  await writeFile(`${file}.new`, JSON.stringify({ services: all }));
  await rename(`${file}.new`, file);
}

const four = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];

async function serve() {
  const plane = await mesh.serve(['manifests.yaml']);
  return async (...parameters: readonly string[]) =>
    runIsthmus(['registry', ...parameters, '--admin', plane.adminAddress]);
}

beforeEach(async () => {
  mesh = await InProcessPlane.create();
  await mesh.write(
    'manifests.yaml',
    `apiVersion: isthmus.dev/v1alpha1
kind: ServiceRegistry
metadata: { name: legacy }
spec: { type: Snapshot, addresses: [registry.json], interval: 100ms }
`,
  );
  await register({ orders: [...four, '127.0.0.9'], local: ['127.0.0.1', '127.0.0.2'] });
});

describe('isthmus registry', () => {
  it('counts what was refused of each service, in the table and for programs', async () => {
    const registry = await serve();
    const { stdout } = await registry('services', 'legacy');
    const cells = stdout.split('\n').map((line) => line.trim().split(/ {3,}/));
    expect(cells.map(([service, , , up, refused]) => [service, up, refused]).slice(0, 3)).toEqual([
      ['SERVICE', 'UP', 'REFUSED'],
      ['prod/local', '0/0', '2'],
      ['prod/orders', '4/4', '1'],
    ]);
    expect(JSON.parse((await registry('services', 'legacy', '-o', 'json')).stdout)).toMatchObject([
      { service: 'prod/local', instances: 0, refused: 2 },
      { service: 'prod/orders', instances: 4, refused: 1 },
    ]);
  });

  it('shows with a registry what was found of it, and of nothing else', async () => {
    const registry = await serve();
    const { stdout } = await registry('show', 'legacy');
    expect(stdout).toMatch(
      /Findings: +2\n.*ISTH1006.*prod\/local: all 2 of its instances.*\n.*ISTH1006.*prod\/orders:/,
    );
    const shown: unknown = JSON.parse((await registry('show', 'legacy', '-o', 'json')).stdout);
    expect(shown).toMatchObject({ state: 'live', findings: [{ code: 'ISTH1006' }, { code: 'ISTH1006' }] });
    await register({ orders: four, local: ['10.0.0.9'] });
    await expect.poll(async () => (await registry('show', 'legacy')).stdout).toMatch(/Findings: +none/);
  });

  it('releases what is held by the name that it shows, and says where nothing is held', async () => {
    const registry = await serve();
    await register({ orders: ['10.0.0.1'], local: [] });
    await expect.poll(async () => (await registry('show', 'legacy')).stdout).toMatch(/prod\/orders lost 3 instances/);
    const wrong = await registry('release', 'legacy', 'order');
    expect([wrong.code, wrong.stderr]).toEqual([65, expect.stringContaining('Held are: prod/orders.')]);
    expect(await registry('release', 'legacy', 'prod/orders')).toEqual({
      code: 0,
      stdout: 'prod/orders\n',
      stderr: '1 released.\n',
    });
    expect(await registry('release', 'legacy')).toEqual({ code: 0, stdout: '', stderr: 'Nothing is held.\n' });
  });

  it('names the registries that there are to who asks for another', async () => {
    const registry = await serve();
    for (const command of ['show', 'services', 'release', 'export'])
      expect(await registry(command, 'nobody')).toEqual({
        code: 65,
        stdout: '',
        stderr: 'isthmus: There is no registry "nobody". There are: legacy.\n',
      });
  });

  it('checks a registry for programs in one document, with what was found', async () => {
    const { code, stdout } = await runIsthmus(['registry', 'check', '-f', mesh.at('manifests.yaml'), '-o', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      status: { state: 'live', services: 2 },
      services: [{ service: 'prod/local', refused: 2 }, { service: 'prod/orders' }],
      findings: [{ code: 'ISTH1006' }, { code: 'ISTH1006' }],
    });
  });
});
