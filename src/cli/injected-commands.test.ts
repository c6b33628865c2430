/** What injection has containers run, the command line understands: with every variable as Kubernetes would fill it in. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { expect, it, vi } from 'vitest';
import type { Actions } from './actions.ts';
import { runProgram } from './program.ts';

const goldens = path.resolve(import.meta.dirname, '../../test/golden/injection');
const variables: Readonly<Record<string, string>> = {
  POD_NAME: 'orders-1',
  POD_NAMESPACE: 'shop',
  POD_IPS: '10.0.0.7,fd00::7',
  SERVICE_ACCOUNT: 'orders',
};

function argumentsIn(file: string): readonly (readonly [string, readonly string[]])[] {
  const found: (readonly [string, readonly string[]])[] = [];
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { name, args, command } = Object(value);
    if (String(name).startsWith('isthmus-') && Array.isArray(args) && command === undefined) found.push([name, args]);
    for (const inner of Object.values(value)) look(inner);
  };
  look(loadAll(readFileSync(path.join(goldens, file), 'utf8')));
  return found;
}

async function run(args: readonly string[]): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const note = async (...given: readonly unknown[]) => {
    seen.push(...given);
    return 0 as const;
  };
  const actions: Partial<Actions> = {
    proxy: note,
    intercept: note,
    keepProxyCertificates: note,
    makeEnvoyBootstrap: async (wish) => {
      seen.push(wish);
      return {};
    },
  };
  const print = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const written = args.map((arg) => arg.replace(/\$\(([A-Z_]+)\)/g, (_, name: string) => variables[name] ?? ''));
  // A file of the Pod's own.
  const own = written.map((arg) => (arg === '/var/run/isthmus/envoy.json' ? '/dev/null' : arg));
  expect(await runProgram('1.2.3', actions as Actions, own), String(print.mock.calls)).toBe(0);
  print.mockRestore();
  return seen;
}

it.each(['deployment', 'envoy-job', 'no-interception', 'settings'])('%s', async (name) => {
  const containers = argumentsIn(`${name}.out.yaml`);
  expect(containers.length).toBeGreaterThan(0);
  for (const [, args] of containers) await run(args);
});

it('says who the workload is, and where it stands', async () => {
  const [, bootstrap] = argumentsIn('envoy-job.out.yaml').find(([name]) => name === 'isthmus-bootstrap') ?? [];
  expect(await run(bootstrap ?? [])).toMatchObject([
    {
      workload: {
        name: 'orders-1',
        namespace: 'shop',
        serviceAccount: 'orders',
        addresses: ['10.0.0.7', 'fd00::7'],
        interception: 'redirect',
      },
      healthPort: 15_021,
    },
  ]);
  const [, interception] = argumentsIn('envoy-job.out.yaml').find(([name]) => name === 'isthmus-interception') ?? [];
  expect(await run(interception ?? [])).toMatchObject([
    'redirect',
    expect.arrayContaining(['up', '--proxy-user', '1337']),
  ]);
});
