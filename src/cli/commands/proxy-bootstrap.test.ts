import { afterEach, describe, expect, it, vi } from 'vitest';
import { IsthmusError } from '../../model/errors.ts';
import type { Actions, EnvoyBootstrapWish, ProxyRunOptions } from '../actions.ts';
import { runProgram } from '../program.ts';

afterEach(() => vi.restoreAllMocks());

/** What a command line asks for, and what it prints. */
async function asked(...argv: readonly string[]) {
  let printed = '';
  const seen: (EnvoyBootstrapWish | ProxyRunOptions)[] = [];
  const out = (chunk: string | Uint8Array): boolean => {
    printed += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(out);
  vi.spyOn(process.stderr, 'write').mockImplementation(out);
  const no = (): never => {
    throw new IsthmusError('INTERNAL', 'this command asks for something else');
  };
  const actions: Actions = {
    run: no,
    proxy: async (options) => {
      seen.push(options);
      return 0;
    },
    makeEnvoyBootstrap: async (wish) => {
      seen.push(wish);
      return { node: { id: 'orders-1' } };
    },
    keepProxyCertificates: no,
    loadOffline: no,
    createToken: no,
    readRoots: no,
    checkRegistry: no,
    intercept: no,
    changeNamespaces: no,
    listNamespaces: no,
    adopt: no,
    installation: no,
  };
  const code = await runProgram('1.2.3', actions, argv);
  return { code, printed, seen };
}

const whose = ['--name', 'orders-1', '-n', 'shop', '--address', '10.0.0.7', '10.0.0.8', '--label', 'app=orders'];

describe('isthmus proxy bootstrap', () => {
  it('takes options of its own, also where metaproxy has some of the same name', async () => {
    const { seen } = await asked('proxy', 'bootstrap', '--xds', '127.0.0.1:1', ...whose, '--admin', '127.0.0.1:2');
    expect(seen).toMatchObject([
      {
        xds: '127.0.0.1:1',
        admin: '127.0.0.1:2',
        strict: false,
        workload: {
          name: 'orders-1',
          namespace: 'shop',
          addresses: ['10.0.0.7', '10.0.0.8'],
          labels: { app: 'orders' },
        },
      },
    ]);
  });

  it('leaves isthmus proxy what it was', async () => {
    const { code, seen } = await asked('proxy', '--xds', '127.0.0.1:1', '--node', 'n', '--label', 'a=b');
    expect([code, seen]).toMatchObject([0, [{ xds: '127.0.0.1:1', node: 'n', labels: { a: 'b' } }]]);
  });

  it('prints YAML, or JSON when asked to', async () => {
    expect((await asked('proxy', 'bootstrap', ...whose)).printed).toBe('node:\n  id: orders-1\n');
    expect(JSON.parse((await asked('proxy', 'bootstrap', ...whose, '-o', 'json')).printed)).toEqual({
      node: { id: 'orders-1' },
    });
  });

  it('knows Envoy, and says so to who asks for another', async () => {
    const { code, printed } = await asked('proxy', 'bootstrap', ...whose, '--kind', 'nginx');
    expect([code, printed]).toEqual([64, expect.stringContaining('Allowed choices are envoy')]);
  });
});
