import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadOffline } from './offline.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isthmus-offline-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function findingsOf(...manifests: readonly string[]) {
  const file = path.join(folder, 'in.yaml');
  await writeFile(file, manifests.join('---\n'));
  return (await loadOffline([file])).findings();
}

const registry = (name: string, spec = '{ type: Nacos, addresses: ["nacos.corp:8848"] }'): string =>
  `apiVersion: isthmus.dev/v1alpha1\nkind: ServiceRegistry\nmetadata: { name: ${name} }\nspec: ${spec}\n`;

describe('a command that only looks at manifests', () => {
  it('says once that registries are not asked, how many and which', async () => {
    const said = async (...names: readonly string[]) =>
      (await findingsOf(...names.map((name) => registry(name)))).map(({ code, message }) => [code, message]);
    const rest = 'not asked for services by a command that only looks at manifests.';
    expect(await said('a')).toEqual([['ISTH1011', `a is ${rest}`]]);
    expect(await said('a', 'b')).toEqual([['ISTH1011', `2 registries (a, b) are ${rest}`]]);
    expect(await said('e', 'd', 'c', 'b', 'a')).toEqual([
      ['ISTH1011', `5 registries (a, b, c and 2 more) are ${rest}`],
    ]);
  });

  it('says what a client would refuse of the options of a registry, whatever its type', async () => {
    const types = ['Polaris', 'Consul', 'Nacos', 'Eureka', 'ZooKeeper', 'Etcd'];
    const wrong = (type: string) =>
      registry(type.toLowerCase(), `{ type: ${type}, addresses: ["r.corp:8848"], options: { nonsense: "1" } }`);
    const few =
      '{ type: Consul, addresses: ["r.corp:8500"], options: { connections: "8" }, select: { namespaces: [a, b, c, d, e] } }';
    const findings = await findingsOf(...types.map(wrong), registry('few', few));
    const refused = findings.filter(({ code }) => code === 'ISTH1021');
    expect(refused.map(({ object }) => object.name).sort()).toEqual(
      [...types.map((type) => type.toLowerCase()), 'few'].sort(),
    );
    expect(refused.every(({ path, place }) => path === 'spec.options' && place !== undefined)).toBe(true);
  });

  it('says of each registry that is a file what is wrong with it', async () => {
    const missing = (name: string) => registry(name, `{ type: Snapshot, addresses: [${name}.json] }`);
    const findings = await findingsOf(missing('a'), registry('b'), missing('c'), registry('d'));
    expect(findings.map(({ code, object }) => `${code} ${object.name}`).sort()).toEqual([
      'ISTH1003 a',
      'ISTH1003 c',
      'ISTH1011 b',
    ]);
  });

  it('answers no question of who may call where the mode of access would be guessed', async () => {
    const file = path.join(folder, 'in.yaml');
    const meshWith = async (spec: string) => {
      const mesh = `apiVersion: isthmus.dev/v1alpha1\nkind: MeshConfig\nmetadata: { name: mesh }\nspec: ${spec}\n`;
      const service = `apiVersion: v1\nkind: Service\nmetadata: { name: api, namespace: shop }\nspec: { ports: [{ port: 80 }] }\n`;
      await writeFile(file, `${mesh}---\n${service}`);
      return loadOffline([file]);
    };
    const refused = await meshWith('{ acces: { mode: Enforced } }');
    expect(() => refused.access('api.shop', undefined)).toThrow(
      /MeshConfig mesh .*in\.yaml line 4 was refused .*Correct it/,
    );
    expect(() => refused.identity('shop/api')).toThrow('was refused');
    const read = await meshWith('{ access: { mode: Enforced } }');
    expect(read.access('api.shop', undefined)).toMatchObject({ access: 'Enforced' });
  });
});
