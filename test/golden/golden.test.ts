/**
 * Golden pairs: what a folder of manifests becomes. Each folder beside this file has an `in.yaml`, whose first comments
 * may name the proxies to translate for and the node that they are; what comes out stands in `out.*.yaml`.
 *
 *   # proxies: metaproxy, envoy-meta
 *   # node: sidecar~10.0.0.1~orders.shop~cluster.local
 *   # service account: orders
 *   # interception: redirect
 *
 * UPDATE_GOLDEN=1 rewrites what has changed; a difference fails otherwise.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadOffline } from '../../src/main/offline.ts';
import { knownInterceptions } from '../../src/model/proxy.ts';

const here = import.meta.dirname;
const cases = globSync('*/in.yaml', { cwd: here })
  .map((file) => path.dirname(file))
  .sort();

/** File name -> content. */
async function outputsOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const input = path.join(here, folder, 'in.yaml');
  const text = readFileSync(input, 'utf8');
  const setting = (name: string): string | undefined => new RegExp(`^# ${name}: *(.+)$`, 'm').exec(text)?.[1];
  const kinds = (setting('proxies') ?? 'metaproxy').split(/, */);
  const id = setting('node') ?? 'sidecar~192.0.2.1~client.default~cluster.local';
  const serviceAccount = setting('service account') ?? '';
  const interception = knownInterceptions.find((mode) => mode === setting('interception'));
  const handed = interception === undefined ? {} : { interception };
  // Relative, so that findings name the same file wherever the repository lies.
  const mesh = await loadOffline([path.relative(process.cwd(), input)]);
  const xds = Object.fromEntries(kinds.map((kind) => [kind, mesh.xds({ id, kind, serviceAccount, ...handed })]));
  return {
    'out.model.yaml': print(mesh.model()),
    'out.xds.yaml': print(xds),
    'out.istio.yaml': print(mesh.istio()),
    'out.findings.yaml': print(await mesh.findings()),
  };
}

/** By way of JSON, which leaves out what is undefined and repeats what YAML would alias. */
function print(value: unknown): string {
  return stringify(JSON.parse(JSON.stringify(value)), { lineWidth: 0, aliasDuplicateObjects: false });
}

describe('golden pairs', () => {
  it('are there', () => {
    expect(cases.length).toBeGreaterThanOrEqual(8);
  });

  it.each(cases)('%s', async (folder) => {
    for (const [name, content] of Object.entries(await outputsOf(folder))) {
      const file = path.join(here, folder, name);
      if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, content);
      expect(existsSync(file) ? readFileSync(file, 'utf8') : '', `${folder}/${name}`).toBe(content);
    }
  });
});
