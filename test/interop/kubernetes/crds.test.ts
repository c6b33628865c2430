/** Our CustomResourceDefinitions as a real API server and kubectl have them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isMap, type PlainMap } from '../../../src/resources/plain-values.ts';
import { createResourceReader } from '../../../src/resources/reader.ts';
import { istioDefinitions } from '../../peers/kubernetes/istio-definitions.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { printedObjects } from './printed-objects.ts';
import { refusedObjects } from './refused-objects.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const definitions = path.join(root, 'crds');
const examples = manifestsOf(['examples', 'codecs']);
const lastTransitionTime = '2026-11-21T00:00:00Z';
let kubernetes: KubernetesServer;

beforeAll(async () => {
  kubernetes = await KubernetesServer.start();
  await kubernetes.apply(istioDefinitions());
});

afterAll(async () => {
  await kubernetes.stop();
});

test('the API server takes every definition without a warning, and again without a change', async () => {
  const apply = ['apply', '--server-side', '-f', definitions];
  const first = await kubernetes.kubectl(apply);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  await kubernetes.applyDefinitions(definitions);
  const before = await versionsOf('crd');
  expect(await kubernetes.kubectl(apply)).toMatchObject({ code: 0, stderr: '' });
  expect(await versionsOf('crd')).toEqual(before);
});

test('every definition is established, and none is called non-structural', async () => {
  await kubernetes.applyDefinitions(definitions);
  const all = await objectsOf('crd');
  expect(all.length).toBeGreaterThan(readdirSync(definitions).length);
  for (const crd of all) {
    const conditions = JSON.stringify(crd.status);
    expect(conditions).toContain('"status":"True","type":"Established"');
    expect(conditions).not.toContain('NonStructuralSchema');
  }
});

describe('with the definitions', () => {
  beforeAll(async () => {
    await kubernetes.applyDefinitions(definitions);
    const all = examples.flatMap(({ objects }) => objects);
    const names = new Set(all.flatMap(({ metadata }) => (isMap(metadata) ? [metadata.namespace] : [])));
    const namespaces = [...names].filter((name) => typeof name === 'string');
    const manifests = namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
    await kubernetes.apply(manifests.map((one) => JSON.stringify(one)).join('\n---\n'));
  });

  test.each(refusedObjects)('an object with $fault is refused in the words of validate', async ({ object, says }) => {
    const { code, stderr } = await kubernetes.kubectl(['create', '-f', '-'], JSON.stringify(object));
    expect(stderr).toContain(says);
    expect(code).toBe(1);
    const messages = createResourceReader()
      .read(object)
      .findings.map(({ message }) => message);
    expect(messages.filter((message) => message.includes(says))).toHaveLength(1);
  });

  test.each(examples)('$file of the repository is taken', async ({ objects }) => {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    const dryRun = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'];
    expect(await kubernetes.kubectl(dryRun, list)).toMatchObject({ code: 0, stderr: '' });
  });

  test('kubectl lists all that a person writes by one word, and leases of addresses by another', async () => {
    const namesIn = async (category: string): Promise<readonly string[]> => {
      const { stdout } = await kubernetes.kubectl(['api-resources', `--categories=${category}`, '-o', 'name']);
      return stdout.trim().split('\n');
    };
    const leases = 'addressleases.isthmus.dev';
    const written = await namesIn('isthmus');
    expect(written).toHaveLength(readdirSync(definitions).length - 1);
    expect(written).not.toContain(leases);
    expect(await namesIn('isthmus-leases')).toEqual([leases]);
    expect(await kubernetes.kubectl(['get', 'isthmus', '-A'])).toMatchObject({ code: 0 });
  });

  test.each(printedObjects)(
    'kubectl prints $name: what a person asks for first, and the rest when asked for wide',
    async (one) => {
      const { apiVersion, kind, name, spec, first, wide } = one;
      await kubernetes.apply(JSON.stringify({ apiVersion, kind, metadata: { name, namespace: 'default' }, spec }));
      const condition = (type: string, status: string, reason: string) => ({
        type,
        status,
        reason,
        message: '',
        lastTransitionTime,
      });
      const conditions = [
        condition('Accepted', 'True', 'Accepted'),
        condition('Programmed', 'False', 'NothingToProgram'),
        condition('ResolvedRefs', 'False', 'RefNotFound'),
        condition('Enforced', 'False', 'NotEnforced'),
      ];
      const patch = [
        'patch',
        kind,
        name,
        '--subresource=status',
        '--type=merge',
        '-p',
        JSON.stringify({ status: { conditions } }),
      ];
      expect(await kubernetes.kubectl(patch)).toMatchObject({ code: 0 });
      const told = { ...first, ACCEPTED: 'True', PROGRAMMED: 'False', AGE: expect.stringMatching(/^[\dms]+$/) };
      expect(await printed(kind, name)).toEqual(Object.entries({ NAME: name, ...told }));
      const more = { ...wide, REASON: 'NothingToProgram', 'RESOLVED REFS': 'False', ENFORCED: 'False' };
      expect(await printed(kind, name, '-o', 'wide')).toEqual(Object.entries({ NAME: name, ...told, ...more }));
    },
  );

  test('kubectl explains a field of a field', async () => {
    const { stdout } = await kubernetes.kubectl(['explain', 'metarouter.spec.routes.match.attributes']);
    expect(stdout).toContain('Properties that the codec reads');
  });

  test('kubectl waits until a MetaRouter is programmed, and prints that it is', async () => {
    const spec = { hosts: ['a.example.com'], routes: [{ route: [{ destination: { host: 'b.example.com' } }] }] };
    const metadata = { name: 'waited-for', namespace: 'default' };
    const apiVersion = 'metaprotocol.aeraki.io/v1alpha1';
    await kubernetes.apply(JSON.stringify({ apiVersion, kind: 'MetaRouter', metadata, spec }));
    const waiting = kubernetes.kubectl(['wait', '--for=condition=Programmed', '--timeout=60s', 'mrt/waited-for']);
    const condition = {
      type: 'Programmed',
      status: 'True',
      reason: 'Programmed',
      message: '',
      observedGeneration: 1,
      lastTransitionTime,
    };
    const patch = JSON.stringify({ status: { conditions: [condition] } });
    await kubernetes.kubectl(['patch', 'mrt/waited-for', '--subresource=status', '--type=merge', '-p', patch]);
    expect(await waiting).toMatchObject({ code: 0 });
    const { stdout } = await kubernetes.kubectl(['get', 'mrt', 'waited-for']);
    expect(stdout).toMatch(/NAME +HOST +ACCEPTED +PROGRAMMED +AGE\nwaited-for +a.example.com +True/);
  });
});

/** Everything that Aeraki's own definitions let a user store is kept: whoever replaces them loses nothing. */
test('an object with every field that Aeraki publishes loses none', async () => {
  await kubernetes.applyDefinitions(definitions);
  const everything = readFileSync(path.join(import.meta.dirname, 'aeraki-everything.yaml'), 'utf8');
  await kubernetes.apply(everything);
  for (const written of loadAll(everything)) {
    const { kind, metadata } = written as { readonly kind: string; readonly metadata: { readonly name: string } };
    const { stdout } = await kubernetes.kubectl(['get', kind, metadata.name, '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject(written as object);
  }
});

interface Manifests {
  readonly file: string;
  readonly objects: readonly PlainMap[];
}

function manifestsOf(folders: readonly string[]): readonly Manifests[] {
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        path.join(folder, file),
      ),
    )
    .filter((file) => file.endsWith('.yaml') && !file.includes('node_modules'))
    .map((file) => ({
      file,
      objects: loadAll(readFileSync(path.join(root, file), 'utf8'))
        .filter(isMap)
        .filter(isObject),
    }))
    .filter(({ objects }) => objects.length > 0);
}

/** What only a cluster writes stands in examples with addresses of loopback, which no API server takes. */
function isObject({ apiVersion, kind }: PlainMap): boolean {
  const isOfCluster = kind === 'Service' || kind === 'EndpointSlice';
  return typeof apiVersion === 'string' && typeof kind === 'string' && !isOfCluster;
}

/** The cells of the one row that kubectl prints, each with its heading. */
async function printed(kind: string, name: string, ...how: readonly string[]): Promise<readonly [string, string][]> {
  const { stdout } = await kubernetes.kubectl(['get', kind, name, ...how]);
  const [head = '', row = ''] = stdout.split('\n');
  const headings = [...head.matchAll(/\S+(?: \S+)*/g)];
  return headings.map(({ 0: heading, index }, at) => [heading, row.slice(index, headings[at + 1]?.index).trim()]);
}

async function objectsOf(resource: string): Promise<readonly PlainMap[]> {
  const { stdout } = await kubernetes.kubectl(['get', resource, '-o', 'json']);
  const list: unknown = JSON.parse(stdout);
  return isMap(list) && Array.isArray(list.items) ? list.items.filter(isMap) : [];
}

/** Name and resource version of each. */
async function versionsOf(resource: string): Promise<unknown> {
  const all = await objectsOf(resource);
  return all.map(({ metadata }) => (isMap(metadata) ? [metadata.name, metadata.resourceVersion] : []));
}
