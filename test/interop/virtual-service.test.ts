/** VirtualServices as a stock Envoy beside callers carries them out: by what callers and workloads see. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { type EnvoyProcess, startEnvoy } from './envoy-process.ts';
import { InteropMesh } from './interop-mesh.ts';
import { ask } from './limited-services.ts';
import { peerUnderTest } from './peer-under-test.ts';
import { webService } from './split-services.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const envoy = peerUnderTest('envoy');

/** Each route of the VirtualService in a line of its own. */
const virtualService = (...routes: readonly string[]): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: shop }
spec:
  hosts: [web.shop.mesh]
  http:
${routes.map((route) => `    - { ${route} }`).join('\n')}
`;
const toWeb = 'route: [{ destination: { host: web.shop.mesh } }]';

/** Of the answer, over a connection of its own; none while there is no answer. */
async function headersOf(url: string, method: string, headers: Record<string, string>): Promise<IncomingHttpHeaders> {
  const { promise, resolve } = Promise.withResolvers<IncomingHttpHeaders>();
  const asking = request(url, { method, headers, agent: false }, (answer) => {
    answer.resume();
    answer.once('end', () => resolve(answer.headers));
  });
  asking.once('error', () => resolve({}));
  asking.end();
  return promise;
}

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

describe.skipIf(envoy === undefined)('a VirtualService that a stock Envoy carries out', () => {
  let mesh: InteropMesh;
  let client: EnvoyProcess;
  let url = '';
  /** What the workloads of both services were asked, in order. */
  let seen: { readonly by: 'web' | 'copy'; readonly request: Seen }[] = [];
  let refused = 0;

  beforeAll(async () => {
    const [port = 0, web = 0, copy = 0] = await freePorts(3);
    const at = (endpoint: number): string => `{ address: 127.0.0.1, ports: { http-web: ${endpoint} } }`;
    mesh = await InteropMesh.start({
      'web.yaml': webService('web', port, at(web)),
      'copy.yaml': webService('copy', port, at(copy)),
      'routes.yaml': virtualService(toWeb),
    });
    for (const [by, own] of [
      ['web', web],
      ['copy', copy],
    ] as const) {
      const server = createServer(({ url: path = '', headers }, response) => {
        seen.push({ by, request: { url: path, headers } });
        if (path.startsWith('/never')) return;
        if (path.startsWith('/flaky') && refused-- > 0) response.statusCode = 503;
        response.setHeader('x-secret', 'yes');
        response.end(by);
      });
      await once(server.listen(own, '127.0.0.1'), 'listening');
      mesh.cleanup.own(
        () => server,
        () => {
          server.close();
          server.closeAllConnections();
        },
      );
    }
    client = await startEnvoy(envoy ?? '', mesh, 'DELTA_GRPC');
    url = `http://${await mesh.virtualIp('web.shop.mesh')}:${port}`;
  });

  afterAll(async () => mesh?.stop());

  beforeEach(() => {
    seen = [];
  });

  let version = 0;
  /** In force once the proxy answers by the last of the routes, which is new each time. */
  const put = async (...routes: readonly string[]): Promise<void> => {
    version++;
    const mark = `match: [{ uri: { exact: /version } }], directResponse: { status: 200, body: { string: v${version} } }`;
    mesh.write('routes.yaml', virtualService(mark, ...routes));
    await expect.poll(async () => (await ask(`${url}/version`)).text).toBe(`v${version}`);
    seen = [];
  };
  const requests = (by: 'web' | 'copy'): readonly Seen[] =>
    seen.filter((one) => one.by === by).map((one) => one.request);

  it('answers by itself, and sends callers elsewhere', async () => {
    await put(
      'match: [{ uri: { exact: /tea } }], directResponse: { status: 418, body: { bytes: dGVh } }, headers: { response: { set: { x-by: proxy } } }',
      'match: [{ uri: { prefix: /old/ } }], redirect: { prefixRewrite: /new/, authority: www.example.com, redirectCode: 307 }',
      toWeb,
    );
    const tea = await ask(`${url}/tea`);
    expect([tea.status, tea.text, tea.headers.get('x-by')]).toEqual([418, 'tea', 'proxy']);
    const moved = await fetch(`${url}/old/a?b=c`, { redirect: 'manual' });
    expect([moved.status, moved.headers.get('location')]).toEqual([307, 'http://www.example.com/new/a?b=c']);
    expect((await ask(url)).text).toBe('web');
    expect(requests('web')).toHaveLength(1);
  });

  it('chooses by query, by headers that are missing, in any case, and by the namespace of callers', async () => {
    const answer = (text: string): string => `directResponse: { status: 200, body: { string: ${text} } }`;
    await put(
      `match: [{ queryParams: { a: { exact: "1" }, b: {} } }], ${answer('query')}`,
      `match: [{ uri: { prefix: /Any }, ignoreUriCase: true }], ${answer('case')}`,
      `match: [{ uri: { prefix: /bots }, withoutHeaders: { x-agent: { prefix: bot } } }], ${answer('people')}`,
      `match: [{ uri: { exact: /from }, sourceNamespace: nowhere }], ${answer('nowhere')}`,
      `match: [{ uri: { exact: /from }, sourceNamespace: default }], ${answer('default')}`,
      `match: [{ uri: { exact: /from }, sourceNamespace: desk }], ${answer('desk')}`,
      toWeb,
    );
    const paths = ['/?b&a=1', '/?a=1', '/aNY/b', '/bots'];
    expect(await Promise.all(paths.map(async (path) => (await ask(`${url}${path}`)).text))).toEqual([
      'query',
      'web',
      'case',
      'people',
    ]);
    expect((await ask(`${url}/bots`, { 'x-agent': 'bot 1' })).text).toBe('web');
    expect((await ask(`${url}/from`)).text).toBe('desk');
  });

  it('changes what workloads and callers see, and copies requests', async () => {
    const headers =
      'headers: { request: { set: { x-set: "%PROTOCOL%", Host: new.mesh }, add: { x-add: b }, remove: [x-out] }, response: { remove: [x-secret] } }';
    const mirror = 'mirror: { host: copy.shop.mesh }';
    await put(`match: [{ uri: { prefix: /a/ } }], rewrite: { uri: /b/ }, ${headers}, ${mirror}, ${toWeb}`);
    const answer = await ask(`${url}/a/c?d`, { 'x-set': 'no', 'x-add': 'a', 'x-out': 'a' });
    expect([answer.text, answer.headers.get('x-secret')]).toEqual(['web', null]);
    const [own] = requests('web');
    expect([own?.url, own?.headers.host, own?.headers['x-set'], own?.headers['x-add'], own?.headers['x-out']]).toEqual([
      '/b/c?d',
      'new.mesh',
      'HTTP/1.1',
      'a, b',
      undefined,
    ]);
    await expect.poll(() => requests('copy').map((one) => one.url)).toEqual(['/b/c?d']);
  });

  it('ends what takes too long, and tries again what fails', async () => {
    const retries = 'retries: { attempts: 2, retryOn: "503", backoff: 1ms }';
    await put(
      `match: [{ uri: { prefix: /never } }], timeout: 300ms, ${toWeb}`,
      `match: [{ uri: { prefix: /flaky/not } }], retries: { attempts: 0 }, ${toWeb}`,
      `match: [{ uri: { prefix: /flaky } }], ${retries}, ${toWeb}`,
    );
    expect((await ask(`${url}/never`)).status).toBe(504);
    refused = 2;
    expect((await ask(`${url}/flaky`)).text).toBe('web');
    expect(requests('web').filter((one) => one.url === '/flaky')).toHaveLength(3);
    refused = 1;
    expect((await ask(`${url}/flaky/not`)).status).toBe(503);
  });

  it('injects faults', async () => {
    const [all, none] = ['percentage: { value: 100 }', 'percentage: { value: 0 }'];
    await put(
      `match: [{ uri: { exact: /aborted } }], fault: { abort: { ${all}, httpStatus: 451 } }, ${toWeb}`,
      `match: [{ uri: { exact: /spared } }], fault: { abort: { ${none}, httpStatus: 451 } }, ${toWeb}`,
      `match: [{ uri: { exact: /delayed } }], fault: { delay: { ${all}, fixedDelay: 1s } }, ${toWeb}`,
      toWeb,
    );
    // The listener has the filter from now on; a connection that stands before it would not.
    await expect.poll(async () => (await ask(`${url}/aborted`)).status).toBe(451);
    expect((await ask(`${url}/spared`)).status).toBe(200);
    const begun = performance.now();
    expect((await ask(`${url}/delayed`)).status).toBe(200);
    expect(performance.now() - begun).toBeGreaterThan(990);
  });

  it('tells browsers whose pages may see an answer, and asks no workload for their leave', async () => {
    const origins = 'allowOrigins: [{ exact: "https://a.example" }, { regex: "https://[a-z]+[.]b[.]example" }]';
    const granted = 'allowMethods: [PUT], allowHeaders: [x-page, x-row], exposeHeaders: [x-secret], maxAge: 90s';
    const cors = `corsPolicy: { ${origins}, ${granted}, allowCredentials: true, unmatchedPreflights: IGNORE }`;
    await put(`match: [{ uri: { prefix: /cors } }], ${cors}, ${toWeb}`, toWeb);
    const leave = (origin: string) =>
      headersOf(`${url}/cors`, 'OPTIONS', { origin, 'access-control-request-method': 'PUT' });
    const allowed = 'access-control-allow-origin';
    // The listener has the filter from now on.
    await expect.poll(async () => (await leave('https://a.example'))[allowed]).toBe('https://a.example');
    seen = [];
    expect(await leave('https://shop.b.example')).toMatchObject({
      [allowed]: 'https://shop.b.example',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-page,x-row',
      'access-control-allow-credentials': 'true',
      'access-control-max-age': '90',
    });
    expect(await leave('https://shop.b.example.org')).not.toHaveProperty(allowed);
    expect(requests('web')).toEqual([]);
    expect(await headersOf(`${url}/cors`, 'GET', { origin: 'https://a.example' })).toMatchObject({
      [allowed]: 'https://a.example',
      'access-control-expose-headers': 'x-secret',
    });
    expect(await headersOf(`${url}/cors`, 'GET', { origin: 'https://c.example' })).not.toHaveProperty(allowed);
    expect(await headersOf(`${url}/`, 'GET', { origin: 'https://a.example' })).not.toHaveProperty(allowed);
    expect(requests('web')).toHaveLength(3);
  });

  it('has Envoy refuse nothing, and warn of nothing', async () => {
    expect((await mesh.isthmus('analyze')).output).not.toContain('ISTH0801');
    expect(client.log()).toBe('');
  });
});
