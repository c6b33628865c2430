/**
 * What Istio is told to put into its proxies, the installed Envoy takes where it knows the filter: each golden's filters as
 * listeners of a static bootstrap, beside the clusters that they name. It unwraps them itself, as sidecars do.
 */
import { execFile } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ConfigPatch, EnvoyFilter } from '../../src/translate/istio/envoy-filters.ts';
import { peerUnderTest } from './peer-under-test.ts';

const envoy = peerUnderTest('envoy');
const goldens = path.resolve(import.meta.dirname, '../golden');
const unknown = ['envoy.filters.network.meta_protocol_proxy', 'envoy.filters.network.kafka_broker'];
const TCP_PROXY = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy';

interface Told {
  readonly golden: string;
  readonly patches: readonly ConfigPatch[];
}

const told = globSync('istio-*/out.istio.yaml', { cwd: goldens })
  .sort()
  .map((file): Told => {
    const objects: readonly (EnvoyFilter | { readonly kind: string })[] = parse(
      readFileSync(path.join(goldens, file), 'utf8'),
    );
    const filters = objects.filter((one): one is EnvoyFilter => one.kind === 'EnvoyFilter');
    return { golden: path.dirname(file), patches: filters.flatMap(({ spec }) => spec.configPatches) };
  })
  .filter(({ patches }) => patches.some(isKnown));

function isKnown({ applyTo, patch }: ConfigPatch): boolean {
  return applyTo === 'CLUSTER' || !unknown.some((name) => JSON.stringify(patch.value).includes(`"${name}"`));
}

describe.skipIf(envoy === undefined)('a stock Envoy', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-istio-filters-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const objections = (name: string, bootstrap: object): Promise<string> => {
    const file = path.join(folder, `${name}.json`);
    writeFileSync(file, withSecrets(JSON.stringify(bootstrap)));
    const strict = ['--mode', 'validate', '--reject-unknown-dynamic-fields', '-l', 'error'];
    return new Promise((resolve) => {
      execFile(envoy ?? '', ['-c', file, ...strict], (error, _, said) => resolve(said || (error?.message ?? '')));
    });
  };

  /** Secrets as files that are there. */
  const withSecrets = (text: string): string =>
    text.replaceAll(/"filename":"\/etc\/isthmus\/secrets\/([^"/]+)\/([^"/]+)"/g, (_, secret: string, key: string) => {
      mkdirSync(path.join(folder, secret), { recursive: true });
      const file = path.join(folder, secret, key);
      writeFileSync(file, 'password');
      return `"filename":${JSON.stringify(file)}`;
    });

  it('is told something in the goldens', () => {
    expect(told.map(({ golden }) => golden)).toEqual(['istio-native', 'istio-redis', 'istio-virtual-services']);
  });

  it.each(told)('takes all filters of golden $golden', async ({ golden, patches }) => {
    expect(await objections(golden, bootstrapOf(patches.filter(isKnown)))).toBe('');
  });

  it('would not take a filter with a field that is unknown', async () => {
    const [patch] = told.flatMap(({ patches }) => patches).filter(isKnown);
    const text = JSON.stringify(patch).replace('statPrefix', 'statsPrefix');
    expect(await objections('spoilt', bootstrapOf([JSON.parse(text)]))).toContain('statsPrefix');
  });
});

/** Each filter in a listener of its own, and each cluster that a filter names as Istio has it, with what is changed in it. */
function bootstrapOf(patches: readonly ConfigPatch[]): object {
  const names = new Set(JSON.stringify(patches).match(/(?:outbound|inbound)\|\d+\|[^|"]*\|[^"]*/g));
  const removed = patches.flatMap(({ match, patch }) => (patch.operation === 'REMOVE' ? [match.cluster?.name] : []));
  const changes = (name: string): object =>
    Object.assign(
      {},
      ...patches.flatMap(({ match, patch }) =>
        patch.operation === 'MERGE' && match.cluster?.name === name ? [patch.value] : [],
      ),
    );
  const kept = [...names].filter((name) => !removed.includes(name)).map((name) => istioCluster(name, changes(name)));
  const added = patches.flatMap(({ patch }) =>
    patch.operation === 'ADD' && patch.value !== undefined ? patch.value : [],
  );
  return {
    node: { id: 'golden', cluster: 'golden' },
    staticResources: { clusters: [...kept, ...added], listeners: patches.flatMap(listenerOf) },
  };
}

/** Its own choice of an endpoint has settings, which another may not stumble over. */
function istioCluster(name: string, changes: object): object {
  return { name, type: 'STATIC', lbPolicy: 'LEAST_REQUEST', leastRequestLbConfig: { choiceCount: 2 }, ...changes };
}

function listenerOf({ applyTo, patch }: ConfigPatch, at: number): readonly object[] {
  if (applyTo !== 'NETWORK_FILTER') return [];
  const tcp = { '@type': TCP_PROXY, statPrefix: 'tcp', cluster: 'none' };
  const after = patch.operation === 'REPLACE' ? [] : [{ name: 'envoy.filters.network.tcp_proxy', typedConfig: tcp }];
  const address = { socketAddress: { address: '127.0.0.1', portValue: 10_000 + at } };
  return [{ name: `listener-${at}`, address, filterChains: [{ filters: [patch.value, ...after] }] }];
}
