import { describe, expect, it } from 'vitest';
import type { EnvoyBootstrapWish } from '../../cli/actions.ts';
import { makeEnvoyBootstrap } from './envoy-bootstrap-making.ts';

const wish: EnvoyBootstrapWish = {
  workload: {
    name: 'orders-1',
    namespace: 'shop',
    serviceAccount: 'orders',
    addresses: ['10.0.0.7', 'fd00::7'],
    labels: { app: 'orders' },
  },
  trustDomain: 'cluster.local',
  rootNamespace: 'isthmus-system',
  admin: '127.0.0.1:15000',
  strict: false,
};
const plaintext = { ...wish, xds: '127.0.0.1:15010' };

describe('a bootstrap for Envoy', () => {
  it('says who the workload is, in the form that the control plane reads', async () => {
    expect(await makeEnvoyBootstrap(plaintext)).toMatchObject({
      node: {
        id: 'sidecar~10.0.0.7~orders-1.shop~shop.svc.cluster.local',
        metadata: {
          NAMESPACE: 'shop',
          SERVICE_ACCOUNT: 'orders',
          INSTANCE_IPS: '10.0.0.7,fd00::7',
          LABELS: { app: 'orders' },
        },
      },
    });
  });

  it('says how connections come to it, where they are handed over', async () => {
    const handed = { ...plaintext, workload: { ...wish.workload, interception: 'redirect' as const } };
    expect(await makeEnvoyBootstrap(handed)).toMatchObject({ node: { metadata: { INTERCEPTION_MODE: 'REDIRECT' } } });
    expect(JSON.stringify(await makeEnvoyBootstrap(plaintext))).not.toContain('INTERCEPTION_MODE');
  });

  it('tells at a port of its own, to everybody of either family, whether it is ready, and nothing else', async () => {
    const made = Object(await makeEnvoyBootstrap({ ...plaintext, healthPort: 15_021 }));
    const address = { address: '::', ipv4_compat: true, port_value: 15_021 };
    expect(made.static_resources.listeners).toMatchObject([{ address: { socket_address: address } }]);
    expect(JSON.stringify(made.static_resources.listeners)).toContain('"routes":[{"match":{"path":"/ready"}');
    expect(Object(await makeEnvoyBootstrap(plaintext)).static_resources).not.toHaveProperty('listeners');
  });

  it('has what Envoy sends marked, where rules of redirection tell it by that', async () => {
    const bind = { socket_options: [{ level: 1, name: 36, int_value: 1337, state: 'STATE_PREBIND' }] };
    expect(await makeEnvoyBootstrap({ ...plaintext, mark: 1337 })).toMatchObject({
      cluster_manager: { upstream_bind_config: bind },
    });
    expect(await makeEnvoyBootstrap(plaintext)).not.toHaveProperty('cluster_manager');
  });

  it('lets Envoy take every regular expression that validation takes, and is strict when asked to be', async () => {
    const runtimeOf = async (strict: boolean) =>
      JSON.stringify(Object(await makeEnvoyBootstrap({ ...plaintext, strict })).layered_runtime);
    expect(await runtimeOf(false)).toContain('"re2.max_program_size.error_level":4294967295');
    expect(await runtimeOf(false)).not.toContain('fail_on_any_deprecated_feature');
    expect(await runtimeOf(true)).toContain('"envoy.features.fail_on_any_deprecated_feature":true');
  });

  it.each([
    ['plaintext beyond loopback', { xds: '10.0.0.1:15010' }, '--xds-tls'],
    ['no control plane', {}, '--xds-tls ADDRESS'],
    ['two control planes', { xds: '127.0.0.1:1', xdsTls: '127.0.0.1:2' }, 'either'],
    ['TLS without certificates', { xdsTls: '10.0.0.1:15012' }, '--certificates FOLDER'],
    [
      'a token and nothing to know the control plane by',
      { xdsTls: '10.0.0.1:15012', certificates: 'c', tokenFile: 't' },
      '--roots FILE',
    ],
    ['a mark that is no number', { xds: '127.0.0.1:1', mark: Number.NaN }, '--mark takes a number'],
    ['certificates for plaintext', { xds: '127.0.0.1:1', certificates: 'c' }, '--certificates is for --xds-tls'],
    ['an admin address for everybody', { xds: '127.0.0.1:1', admin: '0.0.0.0:15000' }, '--admin'],
    [
      'a namespace that no certificate names',
      { xds: '127.0.0.1:1', workload: { ...wish.workload, namespace: 'a/b' } },
      'a/b',
    ],
    [
      'a name that would break the node id',
      { xds: '127.0.0.1:1', workload: { ...wish.workload, name: 'a~b' } },
      '--name',
    ],
    [
      'an address that is a name',
      { xds: '127.0.0.1:1', workload: { ...wish.workload, addresses: ['db'] } },
      '--address',
    ],
    [
      'a root namespace that is none',
      { xdsTls: '10.0.0.1:1', certificates: 'c', rootNamespace: 'a/b' },
      '--root-namespace',
    ],
  ])('is refused with %s, with what to give instead', async (_what, flags, words) => {
    await expect(makeEnvoyBootstrap({ ...wish, ...flags })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(words),
    });
  });
});
