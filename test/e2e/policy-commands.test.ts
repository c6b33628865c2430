/** `isthmus policy`, of manifests and of a control plane that has them: the same answers to the same questions. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadOffline } from '../../src/main/offline.ts';
import { InProcessPlane } from './in-process-plane.ts';
import { runIsthmus, temporaryFolder } from './isthmus-process.ts';

const mesh = (mode: string, more = '') => `apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec: { access: { mode: ${mode} } }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bookstore, namespace: books }
spec:
  hosts: [bookstore.books.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 14001, name: http-web, protocol: HTTP }, { number: 3306, name: tcp-db, protocol: TCP }]
  endpoints: [{ address: 10.0.0.1, serviceAccount: bookstore }]
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: routes, namespace: books }
spec:
  matches: [{ name: bought, pathRegex: /books-bought, methods: [GET], headers: [{ client-app: buyer }] }]
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: bookstore, namespace: books }
spec:
  destination: { kind: ServiceAccount, name: bookstore, namespace: books }
  rules: [{ kind: HTTPRouteGroup, name: routes }]
  sources: [{ kind: ServiceAccount, name: bookbuyer, namespace: books }]
${more}`;

/** Policies for requests of a private protocol, and for callers outside the mesh. */
const guarded = `---
apiVersion: policy.openservicemesh.io/v1alpha1
kind: IngressBackend
metadata: { name: gateway, namespace: books }
spec:
  backends: [{ name: desk, port: { number: 8080, protocol: http } }]
  sources: [{ kind: IPRange, name: 203.0.113.0/24 }]
  matches: [{ apiGroup: specs.smi-spec.io/v1alpha4, kind: HTTPRouteGroup, name: routes }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: orders, namespace: books }
spec:
  hosts: [orders.books.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 9090, name: tcp-metaprotocol-dubbo }]
  endpoints: [{ address: 10.0.0.2, serviceAccount: orders }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: desk, namespace: books }
spec:
  hosts: [desk.books.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http-web }, { number: 90, name: tcp-raw }]
  endpoints: [{ address: 10.0.0.3, ports: { http-web: 8080 }, serviceAccount: desk }]
---
apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: ApplicationProtocol
metadata: { name: dubbo, namespace: books }
spec: { protocol: dubbo, codec: aeraki.meta_protocol.codec.dubbo }
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: orders, namespace: books }
spec:
  destination: { kind: ServiceAccount, name: orders, namespace: books }
  rules: [{ kind: TCPRoute, name: any }]
  sources: [{ kind: ServiceAccount, name: bookbuyer, namespace: books }]
---
apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: any, namespace: books }
spec: {}
---
apiVersion: isthmus.dev/v1alpha1
kind: RequestAuthorizationPolicy
metadata: { name: reading, namespace: books }
spec: { serviceAccounts: [orders], rules: [{ to: [{ properties: { method: [get*] } }] }] }
`;

const host = 'bookstore.books.mesh';
const bought = ['--to', `${host}:14001`, '--path', '//books-bought?page=1', '--header', 'client-app=buyer'];

async function offline(text = mesh('Enforced')) {
  const file = path.join(await temporaryFolder(), 'mesh.yaml');
  await writeFile(file, text);
  return async (...parameters: readonly string[]) => runIsthmus(['policy', ...parameters, '-f', file]);
}

async function live(text = mesh('Enforced')) {
  const plane = await InProcessPlane.create();
  await plane.write('mesh.yaml', text);
  const { adminAddress } = await plane.serve(['mesh.yaml']);
  return async (...parameters: readonly string[]) => runIsthmus(['policy', ...parameters, '--admin', adminAddress]);
}

describe.each([
  ['of manifests', offline],
  ['of a control plane', live],
])('isthmus policy, asked %s', (_, start) => {
  it('answers for requests of private protocols as the policies that narrow them are enforced', async () => {
    const policy = await start(mesh('Enforced', guarded));
    const call = ['--from', 'books/bookbuyer', '--to', 'orders.books.mesh:9090'];
    expect(await policy('can-call', ...call, '--property', 'method=dropOrder')).toMatchObject({ code: 79 });
    const allowed = await policy('explain', ...call, '--property', 'method=getOrder');
    expect(allowed.stdout).toMatch(
      /^ +allowed by RequestAuthorizationPolicy books\/reading \(.*mesh\.yaml:\d+:1\): spec\.rules/m,
    );
    const denied = await policy('explain', ...call);
    expect(denied.stdout).toMatch(/Request: +any that is sent on a connection/);
    expect(denied.stdout).toMatch(/not allowed by RequestAuthorizationPolicy books\/reading \(.*mesh\.yaml:\d+:1\)/);
  });

  it('answers for callers outside the mesh by the IngressBackend of the port', async () => {
    const policy = await start(mesh('Enforced', guarded));
    const request = ['--to', 'desk.books:80', '--path', '/books-bought', '--header', 'client-app=buyer'];
    const gateway = ['--from', '203.0.113.7'];
    expect(await policy('can-call', ...gateway, ...request)).toMatchObject({ code: 0, stdout: 'yes\n' });
    expect(await policy('can-call', ...gateway, '--to', 'desk.books:90')).toMatchObject({ code: 79, stdout: 'no\n' });
    const why = await policy('explain', '--from', '198.51.100.7', ...request);
    expect(why.stdout).toMatch(/not by IngressBackend books\/gateway \(.*mesh\.yaml:\d+:1\): address: it is for 203/);
    const who = await policy('who-can-call', 'desk.books.svc.cluster.local');
    expect(who.stdout).toMatch(/outside, 203\.0\.113\.0\/24 .*GET \/books-bought.*IngressBackend books\/gateway/);
  });

  it('answers yes with 0 and no with 79, says why, and who may', async () => {
    const policy = await start();
    const buyer = ['--from', 'books/bookbuyer'];
    const yes = await policy('can-call', ...buyer, ...bought);
    expect(yes).toMatchObject({ code: 0, stdout: 'yes\n', stderr: '' });
    for (const no of [
      [...buyer, ...bought, '--method', 'POST'],
      [...buyer, '--to', `${host}:3306`],
      ['--from', 'books/bookthief', ...bought],
    ])
      expect(await policy('can-call', ...no)).toMatchObject({ code: 79, stdout: 'no\n' });
    const unsaid = await policy('can-call', ...buyer, '--to', `${host}:14001`);
    expect(unsaid).toMatchObject({ code: 79, stderr: expect.stringContaining('Asked about GET /.') });
    const why = await policy('explain', '--from', 'books/bookthief', ...bought);
    expect(why.code).toBe(0);
    expect(why.stdout).toMatch(/Answer: +denied/);
    expect(why.stdout).toMatch(/Path: +\/books-bought, as it is enforced/);
    expect(why.stdout).toMatch(
      /not by TrafficTarget books\/bookstore \(.*mesh\.yaml:22:1\): source: it is for books\/b/,
    );
    const who = await policy('who-can-call', host, '-o', 'json');
    expect(JSON.parse(who.stdout)).toMatchObject({
      access: 'Enforced',
      callers: [{ caller: 'spiffe://cluster.local/ns/books/sa/bookbuyer', ports: [14001] }],
    });
  });

  it('lists whom an identity may call, and who may call it', async () => {
    const policy = await start();
    const buyer = await policy('identity', 'books/bookbuyer');
    expect(buyer.code).toBe(0);
    expect(buyer.stdout).toMatch(/^books\/bookbuyer \(spiffe:\/\/cluster.local\/ns\/books\/sa\/bookbuyer\)$/m);
    expect(buyer.stdout).toMatch(/^May be called by: nobody/m);
    expect(buyer.stdout).toMatch(
      /^bookstore\.books\.mesh +books\/bookstore +14001 +GET \/books-bought client-app=buyer +TrafficTarget books\/bookstore \(.*mesh\.yaml:22:1\)$/m,
    );
    const store = await policy('identity', 'spiffe://cluster.local/ns/books/sa/bookstore', '-o', 'json');
    expect(JSON.parse(store.stdout)).toMatchObject({
      services: ['books/bookstore.books.mesh'],
      callers: [{ callers: ['spiffe://cluster.local/ns/books/sa/bookbuyer'], ports: 'any' }],
      calls: [],
    });
    expect((await policy('identity', 'books/bookthief')).stdout).toMatch(/^May call: nobody/m);
  });

  it('names what comes near where there is no such host, and the ports where there is no such port', async () => {
    const policy = await start();
    expect(await policy('who-can-call', 'bookstor')).toMatchObject({
      code: 65,
      stdout: '',
      stderr: expect.stringContaining(`There is no service "bookstor". Did you mean ${host}?`),
    });
    expect(await policy('who-can-call', `${host}:99`)).toMatchObject({
      code: 65,
      stderr: expect.stringContaining(`${host} has no port 99. It has 3306 (tcp), 14001 (http).`),
    });
  });
});

describe('isthmus policy, asked of manifests', () => {
  it('says plainly that everybody may call where access is not enforced', async () => {
    for (const mode of ['Disabled', 'Permissive']) {
      const policy = await offline(mesh(mode));
      expect(await policy('who-can-call', host)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`Access is ${mode}`),
      });
    }
  });

  it('gives no answer to rely on where a manifest is in error', async () => {
    const policy = await offline(mesh('Enforced', '---\nkind: TrafficTarget\n'));
    expect((await policy('can-call', '--from', 'books/bookbuyer', ...bought)).code).toBe(65);
  });
});

it.each(['books', 'istio-system', 'isthmus-system'])(
  'does not answer where an AuthorizationPolicy of %s may decide as well',
  async (namespace) => {
    const folder = await temporaryFolder();
    const policy = `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: readers, namespace: ${namespace} }
spec: { rules: [{}] }
`;
    await writeFile(path.join(folder, 'mesh.yaml'), mesh('Enforced', policy));
    const loaded = await loadOffline([folder]);
    expect(() => loaded.access('bookstore.books.mesh', undefined)).toThrow(
      `AuthorizationPolicy ${namespace}/readers may decide`,
    );
  },
);
