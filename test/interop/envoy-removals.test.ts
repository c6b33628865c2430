/**
 * What a service is made of changes under load, at one blow: backends, services and endpoints come and go. As long as there is
 * another place to go, no request fails: what is new stands before it is led to, and nothing goes while it is.
 */
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { startEnvoy, type Variant, type Workload } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { peerUnderTest } from './peer-under-test.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const envoy = peerUnderTest('envoy');
const variants: readonly Variant[] = ['GRPC', 'DELTA_GRPC'];
const patience = { timeout: 30_000 };
const callers = 8;

describe.skipIf(envoy === undefined).each(variants)('envoy over %s, under load', (variant) => {
  const base = variant === 'GRPC' ? 80 : 81;
  const backends = ['one', 'two', 'three'] as const;
  type Backend = (typeof backends)[number];
  const buyer: Workload = { address: `127.0.${base}.9`, namespace: 'books', serviceAccount: 'buyer' };
  const addressOf = (name: Backend): string => `127.0.${base}.${backends.indexOf(name) + 1}`;
  let mesh: InteropMesh;
  let [port, target] = [0, 0];
  const applications: Server[] = [];

  const service = (name: string, endpoints: readonly Backend[]): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: books }
spec:
  hosts: [${name}.books.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: http-web, protocol: HTTP, targetPort: ${target} }]
  endpoints: [${endpoints.map((one) => `{ address: ${addressOf(one)}, serviceAccount: ${one} }`).join(', ')}]
---
`;
  const permission = (name: Backend): string => `apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: ${name}, namespace: books }
spec:
  destination: { kind: ServiceAccount, name: ${name}, namespace: books }
  rules: [{ kind: TCPRoute, name: all }]
  sources: [{ kind: ServiceAccount, name: buyer, namespace: books }]
---
`;
  const split = (...to: readonly Backend[]): string => `apiVersion: split.smi-spec.io/v1alpha2
kind: TrafficSplit
metadata: { name: root, namespace: books }
spec:
  service: root.books.mesh
  backends: [${to.map((name) => `{ service: ${name}.books.mesh, weight: 1 }`).join(', ')}]
---
`;
  /** All that the mesh holds of these backends, and nothing of any other. */
  const only = (...names: readonly Backend[]): string =>
    [...names.map((name) => service(name, [name]) + permission(name)), split(...names)].join('');

  beforeAll(async () => {
    [port = 0, target = 0] = await freePorts(2);
    const always = `${service('root', [])}apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: all, namespace: books }
spec: {}
`;
    mesh = await InteropMesh.start(
      { 'always.yaml': always, 'backends.yaml': only('one', 'two') },
      '  access: { mode: Enforced }\n',
    );
    // All behind one address: who was asked is told by who is called.
    const application = createServer((request, response) => {
      const caller = String(request.headers['x-forwarded-client-cert']);
      response.end(/By=[^;,]*\/sa\/([a-z]+)/.exec(caller)?.[1] ?? 'nobody');
    });
    applications.push(application.listen(target, '127.0.0.1'));
    for (const name of backends)
      await startEnvoy(envoy ?? '', mesh, variant, {
        address: addressOf(name),
        namespace: 'books',
        serviceAccount: name,
      });
    await startEnvoy(envoy ?? '', mesh, variant, buyer);
  });

  beforeEach(async () => {
    mesh.write('backends.yaml', only('one', 'two'));
    await expect.poll(() => seen(), patience).toEqual(['one', 'two']);
  });

  afterAll(async () => {
    await mesh?.stop();
    for (const application of applications) application.close();
  });

  async function ask(host: string): Promise<string> {
    const answer = await fetch(`http://${host}:${port}/`).catch((error: unknown) => String(error));
    if (typeof answer === 'string') return answer;
    const text = await answer.text();
    return answer.ok ? text : `${answer.status} ${text}`;
  }

  /** Who answers of a few dozen requests. */
  async function seen(name = 'root'): Promise<readonly string[]> {
    const host = await mesh.virtualIp(`${name}.books.mesh`);
    const answers: string[] = [];
    for (let request = 0; request < 30; request++) answers.push(await ask(host));
    return [...new Set(answers)].sort();
  }

  /** All answers that callers got while it was changed; ends once those who are to answer alone do. */
  async function underLoad(change: () => void, until: readonly Backend[], name = 'root'): Promise<readonly string[]> {
    const host = await mesh.virtualIp(`${name}.books.mesh`);
    let isOver = false;
    const answers = new Set<string>();
    const call = async (): Promise<void> => {
      while (!isOver) answers.add(await ask(host));
    };
    const calls = Promise.all(Array.from({ length: callers }, call));
    change();
    await expect.poll(() => seen(name), patience).toEqual(until);
    isOver = true;
    await calls;
    return [...answers].sort();
  }

  it('loses no request to a backend that goes with its service and its permission', async () => {
    const answers = await underLoad(() => mesh.write('backends.yaml', only('one')), ['one']);
    expect(backends).toEqual(expect.arrayContaining([...answers]));
  });

  it('loses no request when all backends are exchanged for another, and go with their services', async () => {
    mesh.write('backends.yaml', only('one', 'two') + service('three', ['three']) + permission('three'));
    await expect.poll(() => mesh.virtualIp('three.books.mesh').catch(() => ''), patience).not.toBe('');
    await expect.poll(() => seen('three'), patience).toEqual(['three']);
    const answers = await underLoad(() => mesh.write('backends.yaml', only('three')), ['three']);
    expect(backends).toEqual(expect.arrayContaining([...answers]));
  });

  it('loses no request to an endpoint that goes', async () => {
    const both = (...endpoints: readonly Backend[]): string => only('one', 'two') + service('both', endpoints);
    mesh.write('backends.yaml', both('one', 'two'));
    await expect.poll(() => mesh.virtualIp('both.books.mesh').catch(() => ''), patience).not.toBe('');
    await expect.poll(() => seen('both'), patience).toEqual(['one', 'two']);
    const answers = await underLoad(() => mesh.write('backends.yaml', both('one')), ['one'], 'both');
    expect(backends).toEqual(expect.arrayContaining([...answers]));
  });
});
