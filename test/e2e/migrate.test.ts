/** `isthmus migrate` as its users meet it: what it looks at, what it writes, what the names and the mesh say then. */
import { Resolver } from 'node:dns/promises';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import {
  freePorts,
  type Outcome,
  type RunningIsthmus,
  runIsthmus,
  startIsthmus,
  temporaryFolder,
} from './isthmus-process.ts';

const example = path.resolve(import.meta.dirname, '../../examples/vm-migration');

interface Stage {
  readonly isthmus: RunningIsthmus;
  readonly manifests: string;
  migrate(...parameters: readonly string[]): Promise<Outcome>;
  plan(): Promise<string>;
  write(file: string, from: string | RegExp, to: string): Promise<void>;
  resolve(name: string): Promise<readonly string[]>;
}

/** The control plane of the example, on a copy of its manifests. */
async function stage(): Promise<Stage> {
  const folder = await temporaryFolder();
  const manifests = path.join(folder, 'manifests');
  await cp(path.join(example, 'manifests'), manifests, { recursive: true });
  await cp(path.join(example, 'registry.json'), path.join(folder, 'registry.json'));
  const places = ['-f', manifests, '--state', path.join(folder, 'state'), ...freePorts, '--dns', '127.0.0.1:0'];
  const isthmus = await startIsthmus(places);
  const resolver = new Resolver({ timeout: 20_000, tries: 2 });
  resolver.setServers([isthmus.dns]);
  const write = async (file: string, from: string | RegExp, to: string): Promise<void> => {
    const whole = path.join(manifests, file);
    await writeFile(whole, (await readFile(whole, 'utf8')).replace(from, to));
  };
  return {
    isthmus,
    manifests,
    migrate: async (...parameters) => runIsthmus(['migrate', ...parameters, '--admin', isthmus.admin]),
    plan: async () => readFile(path.join(manifests, 'migration.yaml'), 'utf8'),
    write,
    resolve: async (name) => resolver.resolve4(name),
  };
}

it('prints a plan for a service by the name that its registry gives it, which validates', async () => {
  const { migrate } = await stage();
  const { code, stdout, stderr } = await migrate('plan', 'order-rpc', '--to', 'orders.shop.svc.cluster.local');
  expect([code, stderr]).toEqual([0, expect.stringContaining('isthmus migrate step order-rpc -f FILE --dry-run')]);
  expect(stdout).toContain('host: order-rpc.legacy.mesh');
  expect(await runIsthmus(['validate', '-f', '-'], { input: stdout })).toMatchObject({ code: 0 });
  const nobody = await migrate('plan', 'nobody', '--to', 'orders.shop.svc.cluster.local');
  expect([nobody.code, nobody.stderr]).toEqual([65, expect.stringContaining('no host or registered service "nobody"')]);
});

it('says what a step would change, and changes nothing in a dry run', async () => {
  const { migrate, plan } = await stage();
  const before = await plan();
  const { code, stdout } = await migrate(
    'step',
    'order-rpc',
    '-f',
    example,
    '--stage',
    'Shift',
    '--share',
    '50',
    '--dry-run',
  );
  expect(code).toBe(0);
  expect(stdout).toContain('order-rpc: Discover -> Shift 50 %');
  for (const line of [
    'port 19031: 127.0.30.1:19031 takes 25 % of requests (was 50 %)',
    'port 19031: 127.0.20.1:19041 takes 25 % of requests (was 0 %)',
    'orders.corp -> order-rpc.legacy.mesh (was no such name)',
  ])
    expect(stdout).toContain(line);
  expect(stdout).not.toContain('MISSING');
  expect(await plan()).toBe(before);
});

it('takes steps and goes back, editing two fields and nothing else, at one address', async () => {
  const { migrate, plan, manifests, resolve } = await stage();
  const before = await plan();
  const address = await resolve('order-rpc.legacy.mesh');
  expect(await migrate('step', 'order-rpc', '-f', manifests)).toMatchObject({ code: 0 });
  const alias = await migrate('step', 'order-rpc', '-f', manifests);
  expect(alias.stdout).toContain('orders.corp -> order-rpc.legacy.mesh');
  expect(await plan()).toBe(before.replace('stage: Discover', 'stage: Alias'));
  expect(await resolve('orders.corp')).toEqual(address);
  await migrate('step', 'order-rpc', '-f', manifests);
  const shift = await migrate('step', 'order-rpc', '-f', manifests);
  expect(shift.stdout).toContain('In force: 10 % of the requests at port 19031 of order-rpc.legacy.mesh');
  expect(await plan()).toBe(before.replace('  stage: Discover', '  stage: Shift\n  share: 10'));
  const over = await migrate('step', 'order-rpc', '-f', manifests, '--stage', 'CutOver');
  expect(over.stdout).toContain('In force: 100 %');
  expect(await resolve('orders.corp')).toEqual(await resolve('orders.shop.svc.cluster.local'));
  expect(await resolve('order-rpc.legacy.mesh')).toEqual(address);
  const back = await migrate('rollback', 'order-rpc', '-f', manifests, '--stage', 'Mirror');
  expect(back.stdout).toContain('In force: 0 %');
  expect(await plan()).toBe(before.replace('stage: Discover', 'stage: Mirror'));
});

it('takes no step whose needs are not met, and says which; --force insists', async () => {
  const { migrate, plan, manifests, write } = await stage();
  await write('pods.yaml', /ready: true/g, 'ready: false');
  await expect.poll(async () => (await migrate('status', 'order-rpc', '-o', 'json')).stdout).toContain('"healthy": 0');
  const before = await plan();
  const { code, stdout, stderr } = await migrate('step', 'order-rpc', '-f', manifests, '--stage', 'Join');
  expect([code, stderr]).toEqual([79, expect.stringContaining('--force')]);
  expect(stdout).toContain('MISSING port 19040 of orders.shop.svc.cluster.local has endpoints that are healthy');
  expect(await plan()).toBe(before);
  const forced = await migrate('step', 'order-rpc', '-f', manifests, '--stage', 'Join', '--force');
  expect([forced.code, forced.stdout]).toEqual([0, expect.stringContaining('In force: 0 %')]);
});

/** Each look is a process of its own, on a machine that may be busy. */

it('retires a host when it has been quiet, and brings it back with its address', async () => {
  const { migrate, manifests, write, resolve } = await stage();
  const address = await resolve('order-rpc.legacy.mesh');
  await write('migration.yaml', 'stage: Discover', 'stage: CutOver\n  quiet: 500ms');
  await expect.poll(async () => (await migrate('status', 'order-rpc')).stdout).toMatch(/ok +all requests have gone/);
  expect(await migrate('step', 'order-rpc', '-f', manifests)).toMatchObject({ code: 0 });
  await expect.poll(async () => resolve('order-rpc.legacy.mesh').catch(() => 'gone')).toBe('gone');
  expect(await resolve('orders.corp')).toEqual(await resolve('orders.shop.svc.cluster.local'));
  expect((await migrate('status')).stdout).toMatch(/order-rpc +order-rpc.legacy.mesh +Retired/);
  expect(await migrate('rollback', 'order-rpc', '-f', manifests)).toMatchObject({ code: 0 });
  await expect.poll(async () => resolve('order-rpc.legacy.mesh').catch(() => 'gone')).toEqual(address);
});

it('refuses what is no plan, no share and no file', async () => {
  const { migrate, manifests } = await stage();
  expect(await migrate('status', 'nobody')).toMatchObject({ code: 65, stderr: expect.stringContaining('"nobody"') });
  expect(await migrate('step', 'order-rpc', '-f', manifests, '--share', '0')).toMatchObject({ code: 64 });
  expect(await migrate('step', 'order-rpc', '-f', manifests, '--stage', 'Join', '--share', '5')).toMatchObject({
    code: 64,
  });
  expect(await migrate('step', 'order-rpc', '-f', `${manifests}/pods.yaml`)).toMatchObject({
    code: 65,
    stderr: expect.stringContaining('There is no MigrationPlan shop/order-rpc in'),
  });
  expect(await migrate('step', 'order-rpc', '-f', '/not-there')).toMatchObject({ code: 64 });
});

it('writes nothing where a flag is wrong, whichever it is', async () => {
  const { migrate, plan, manifests } = await stage();
  const before = await plan();
  for (const timeout of ['soon', '0', '-1', '1e9'])
    expect(await migrate('step', 'order-rpc', '-f', manifests, '--timeout', timeout)).toMatchObject({
      code: 64,
      stdout: '',
      stderr: expect.stringContaining('no number of seconds'),
    });
  expect(await migrate('step', 'order-rpc', '-f', manifests, '/not-there')).toMatchObject({ code: 64, stdout: '' });
  expect(await plan()).toBe(before);
});

it('rolls back to nothing that lies ahead, however much is insisted', async () => {
  const { migrate, plan, manifests } = await stage();
  const before = await plan();
  for (const ahead of [
    ['--stage', 'CutOver'],
    ['--stage', 'Discover'],
    ['--share', '10'],
  ])
    expect(await migrate('rollback', 'order-rpc', '-f', manifests, ...ahead, '--force')).toMatchObject({
      code: 64,
      stdout: '',
      stderr: expect.stringContaining('is not before it: "isthmus migrate step" goes there'),
    });
  expect(await plan()).toBe(before);
});

it('plans a move under the name of the service, to another host that can be one', async () => {
  const { migrate } = await stage();
  const to = 'orders.shop.svc.cluster.local';
  const planned = await migrate('plan', 'Production/order-rpc', '--to', 'nowhere.mesh');
  expect(planned.stderr).toContain('nowhere.mesh is no host of the mesh');
  for (const written of ['order-rpc', 'Production/order-rpc', 'order-rpc.legacy.mesh'])
    expect((await migrate('plan', written, '--to', to)).stdout).toContain('name: order-rpc\n');
  for (const [wrong, why] of [
    [['--to', 'order-rpc.legacy.mesh'], 'is the host that is to be moved'],
    [['--to', 'not/a/host'], '--to "not/a/host" is no host name'],
    [['--to', to, '--alias', 'bad_host!'], '--alias "bad_host!" is no host name'],
  ] as const)
    expect(await migrate('plan', 'order-rpc', ...wrong)).toMatchObject({
      code: 64,
      stdout: '',
      stderr: expect.stringContaining(why),
    });
});

it('says in which namespace a plan is, to who looks in another', async () => {
  const { migrate } = await stage();
  expect(await migrate('status', 'order-rpc', '-n', 'elsewhere')).toMatchObject({
    code: 65,
    stderr: expect.stringContaining('in namespace elsewhere, but in shop'),
  });
});
