import { describe, expect, it } from 'vitest';
import { IsthmusError } from '../model/errors.ts';
import { type AdminViews, createAdminApp, startAdmin } from './admin.ts';

const proxyIds = ['sidecar~10.0.0.1~web-1.shop~shop', 'sidecar~10.0.0.2~pay-1.shop~shop'];

const views: AdminViews = {
  unready: () => [],
  metrics: async () => 'isthmus_up 1\n',
  findings: async () => [],
  postCertificate: async (body, authorization) => ({
    status: authorization === 'Bearer good' ? 200 : 401,
    headers: {},
    body: `${body.length}`,
  }),
  services: () => [{ host: 'orders.shop.mesh' }],
  serviceSummaries: () => [{ host: 'orders.shop.mesh' }],
  service: (host) => (host === 'shop/orders.shop.mesh' ? { host } : undefined),
  nearHosts: (host) => (host === 'orders' ? ['orders.shop.mesh', 'orders.other.mesh'] : []),
  access: () => undefined,
  identity: () => undefined,
  trafficOf: () => [],
  now: () => new Date(0),
  virtualIps: () => [],
  proxies: () => [],
  proxy: (id) => (proxyIds.includes(id) ? { id } : undefined),
  calledProxies: (name) => proxyIds.filter((id) => id.includes(name)),
  proxyConfig: () => undefined,
  registries: () => [{ registry: 'polaris' }],
  registryServices: (name: string) => (name === 'polaris' ? [] : undefined),
  registrySnapshot: (name: string) => (name === 'polaris' ? { services: [] } : undefined),
  releaseRegistry: async (name: string, service: string | undefined) =>
    name === 'polaris' ? { released: [service ?? 'all'] } : undefined,
  migrations: () => [],
  migration: (namespace, name, position) => (name === 'orders' ? { namespace, name, position } : undefined),
  certificates: {
    status: () => undefined,
    roots: () => undefined,
    rotate: async (move, force) => ({ kind: 'unsafe', reason: `${move} ${force}` }),
    renew: (withinMs) => withinMs,
  },
  clusterWrites: {
    status: () => undefined,
    writesElsewhere: () => undefined,
    release: async (kind) => [kind ?? 'all'],
  },
  collections: () => [],
  collection: () => undefined,
};

describe('the admin API', () => {
  it('says why it is not ready, and that it is alive all the same', async () => {
    const app = createAdminApp({ ...views, unready: () => [{ part: 'files', reason: 'being read' }] }, undefined);
    const ready = await app.request('/readyz');
    expect([ready.status, await ready.text()]).toEqual([503, 'files: being read\n']);
    expect((await app.request('/healthz')).status).toBe(200);
  });

  it('says what hinders in its own words, and calls nothing a fault of isthmus that is none', async () => {
    const answerTo = async (error: Error) => {
      const rotate = () => Promise.reject(error);
      const app = createAdminApp({ ...views, certificates: { ...views.certificates, rotate } }, undefined);
      const answer = await app.request('/api/v1/certificates/rotation?step=begin', { method: 'POST' });
      return [answer.status, await answer.text()];
    };
    expect(await answerTo(new IsthmusError('STATE', 'the disk is full'))).toEqual([503, 'the disk is full\n']);
    expect(await answerTo(new Error('oops'))).toEqual([500, 'This is a fault of isthmus itself: oops\n']);
  });

  it('answers no web page whose name was pointed at loopback, unless a token guards what is there', async () => {
    const ask = async (host: string, token?: string) => {
      const headers = { host, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
      return (await createAdminApp(views, token).request('/api/v1/findings', { headers })).status;
    };
    for (const host of ['evil.example', 'evil.example:15014', '127.0.0.1.evil.example', 'localhost.evil.example', ''])
      expect(await ask(host), host).toBe(403);
    for (const host of ['127.0.0.1', '127.0.0.1:15014', 'LOCALHOST:15014', '[::1]:15014'])
      expect(await ask(host), host).toBe(200);
    expect(await ask('isthmus.example', 'secret')).toBe(200);
  });

  it('finds a service by a key with a slash in it, encoded or not', async () => {
    const app = createAdminApp(views, undefined);
    for (const host of ['shop/orders.shop.mesh', 'shop%2Forders.shop.mesh']) {
      expect(await (await app.request(`/api/v1/services/${host}`)).json()).toEqual({ host: 'shop/orders.shop.mesh' });
    }
  });

  it('lists services in one line each beside the whole of them, where no host can be meant', async () => {
    const app = createAdminApp({ ...views, serviceSummaries: () => [{ host: 'in one line' }] }, undefined);
    expect(await (await app.request('/api/v1/service-summaries')).json()).toEqual([{ host: 'in one line' }]);
    expect((await createAdminApp(views, 'secret').request('/api/v1/service-summaries')).status).toBe(401);
  });

  it('says what there is not', async () => {
    const response = await createAdminApp(views, undefined).request('/api/v1/proxies/nobody');
    expect([response.status, await response.text()]).toEqual([
      404,
      'There is no connected proxy "nobody". "isthmus proxy-status" lists those there are.\n',
    ]);
  });

  it('takes a short name for a proxy that it fits alone, and says which ones it fits', async () => {
    const ask = async (name: string) => {
      const response = await createAdminApp(views, undefined).request(`/api/v1/proxies/${name}`);
      return response.status === 200 ? await response.json() : await response.text();
    };
    expect(await ask('web-1')).toEqual({ id: proxyIds[0] });
    expect(await ask('1.shop')).toBe(`There is no connected proxy "1.shop". Did you mean ${proxyIds.join(' or ')}?\n`);
  });

  it('says of a service that there is not which ones are near, or where to look', async () => {
    const ask = async (host: string) => {
      const response = await createAdminApp(views, undefined).request(`/api/v1/services/${host}`);
      return [response.status, await response.text()];
    };
    const meant = 'Did you mean orders.shop.mesh or orders.other.mesh?';
    expect(await ask('orders')).toEqual([404, `There is no service "orders". ${meant}\n`]);
    expect(await ask('x')).toEqual([404, 'There is no service "x". "isthmus services" lists what there is.\n']);
  });

  it('asks for its token before it shows anything but its health', async () => {
    const app = createAdminApp(views, 'secret');
    expect((await app.request('/api/v1/services')).status).toBe(401);
    expect((await app.request('/metrics', { headers: { authorization: 'Bearer wrong!' } })).status).toBe(401);
    expect((await app.request('/metrics', { headers: { authorization: 'Bearer secret' } })).status).toBe(200);
    expect((await app.request('/healthz')).status).toBe(200);
  });

  it('stands beyond loopback only with a token', async () => {
    await expect(startAdmin('0.0.0.0:0', views, undefined)).rejects.toThrow('guard it with --admin-token-file');
  });
});

describe('a request for a certificate', () => {
  const app = createAdminApp(views, 'admin-token');
  const post = (body: string, headers: Readonly<Record<string, string>>) =>
    app.request('/api/v1/certificates', { method: 'POST', body, headers });

  it('is answered to who shows a token of his own, and not for the admin token', async () => {
    const headers = { 'content-length': '4', host: '127.0.0.1' };
    expect((await post('body', { ...headers, authorization: 'Bearer good' })).status).toBe(200);
    expect((await post('body', { ...headers, authorization: 'Bearer admin-token' })).status).toBe(401);
  });

  it('is refused before it is read where it is too long, or does not say how long', async () => {
    const headers = { host: '127.0.0.1', authorization: 'Bearer good' };
    expect((await post('body', { ...headers, 'content-length': '70000' })).status).toBe(413);
    expect((await post('body', headers)).status).toBe(413);
  });
});
