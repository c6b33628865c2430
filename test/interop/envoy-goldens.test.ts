/** Whatever a golden says that stock Envoys are told, the installed Envoy takes: all of it known, none of it deprecated. */
import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Authority } from './access-certificates.ts';
import { peerUnderTest } from './peer-under-test.ts';
import { type HeldSecrets, type ProxyResources, staticBootstrap } from './static-bootstrap.ts';

const envoy = peerUnderTest('envoy');
const goldens = path.resolve(import.meta.dirname, '../golden');

/** Envoy says of its generic proxy, the one that reads Dubbo, that it may still change. It takes it as it is. */
function withoutPromises(said: string): string {
  const lines = said.split('\n');
  return lines.filter((line) => !/generic_proxy\.\S+' .* marked as work-in-progress/.test(line)).join('\n');
}

/** What each golden's stock Envoy is told, by the golden's name. */
const told = globSync('*/out.xds.yaml', { cwd: goldens })
  .sort()
  .flatMap((file): (readonly [string, ProxyResources])[] => {
    const xds: Readonly<Record<string, ProxyResources>> = parse(readFileSync(path.join(goldens, file), 'utf8'));
    return xds.envoy === undefined ? [] : [[path.dirname(file), xds.envoy]];
  });

describe.skipIf(envoy === undefined)('a stock Envoy', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-goldens-'));
  let held: HeldSecrets;

  beforeAll(() => {
    const authority = new Authority(folder, 'mesh');
    const certificate = authority.issue('own', { alternatives: ['URI:spiffe://cluster.local/ns/books/sa/bookstore'] });
    held = { certificate, roots: authority.root };
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  /** What Envoy has against it, nothing if it takes it. Before its runtime stands it only warns of what is deprecated. */
  async function objections(name: string, resources: ProxyResources): Promise<string> {
    const file = path.join(folder, `${name.replaceAll(' ', '-')}.json`);
    writeFileSync(file, JSON.stringify(staticBootstrap(resources, held)));
    const strict = ['--mode', 'validate', '--reject-unknown-dynamic-fields', '-l', 'warning'];
    return new Promise((resolve) => {
      execFile(envoy ?? '', ['-c', file, ...strict], (error, _, said) =>
        resolve(withoutPromises(said) || (error?.message ?? '')),
      );
    });
  }

  it('is told something in the goldens', () => {
    expect(told.length).toBeGreaterThan(0);
  });

  it.each(told)('takes all that it is told by the golden %s', async (name, resources) => {
    expect(await objections(name, resources)).toBe('');
  });

  const cluster = (more: object): ProxyResources => ({
    'type.googleapis.com/envoy.config.cluster.v3.Cluster': [{ name: 'one', type: 'STATIC', ...more }],
  });
  const routes = (match: object): ProxyResources => ({
    'type.googleapis.com/envoy.config.route.v3.RouteConfiguration': [
      { name: 'one', virtualHosts: [{ name: 'all', domains: ['*'], routes: [{ match, route: { cluster: 'one' } }] }] },
    ],
  });
  const endpoint = { address: { socketAddress: { address: 'nowhere', portValue: 1 } } };
  it.each<readonly [string, ProxyResources, string]>([
    ['a deprecated field', cluster({ maxRequestsPerConnection: 1 }), 'max_requests_per_connection'],
    [
      'a deprecated field of a route',
      routes({ prefix: '/', headers: [{ name: 'a', exactMatch: 'b' }] }),
      'exact_match',
    ],
    ['an unknown field', cluster({ loadBalancing: 'RANDOM' }), 'loadBalancing'],
    ['an expression that RE2 does not know', routes({ safeRegex: { regex: '(?=a)b' } }), 'invalid perl operator'],
    [
      'an endpoint without an IP address',
      {
        'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment': [
          { clusterName: 'one', endpoints: [{ lbEndpoints: [{ endpoint }] }] },
        ],
      },
      'malformed IP address',
    ],
  ])('would not take %s', async (name, resources, why) => {
    expect(await objections(name, resources)).toContain(why);
  });
});
